package plugins

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// Package encoding/json takes names in any case, and null for anything: two
// readers could see two things in one envelope.
func TestDecodeTakesOnlyWhatTheContractSays(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		in   string
		into any
		says string // "" accepts
	}{
		"a result":                           {`{"output":{"A":null,"a":1}}`, &abi.Result{}, ""},
		"a name in another case":             {`{"Output":{}}`, &abi.Result{}, `the field "Output"`},
		"a name in two cases":                {`{"output":{},"OUTPUT":{}}`, &abi.Result{}, `the field "OUTPUT"`},
		"a name with a letter like another":  {`{"error":{"code":"a","me\u017f\u017fage":"b"}}`, &abi.Result{}, `the field "meſſage"`},
		"null for an object":                 {`{"error":null}`, &abi.Result{}, "null"},
		"null for a text":                    {`{"error":{"code":"a","message":null}}`, &abi.Result{}, "null"},
		"null for the whole":                 {`null`, &abi.Result{}, "null"},
		"an embedded body":                   {`{"http":{"method":"GET","url":"u","body":"x"}}`, &abi.Request{}, ""},
		"a struct by the name of its type":   {`{"http":{"Body":{"body":"x"}}}`, &abi.Request{}, `the field "Body"`},
		"headers with names of their own":    {`{"http":{"method":"GET","url":"u","header":{"X-Any":"x"}}}`, &abi.Request{}, ""},
		"null for a header":                  {`{"http":{"method":"GET","url":"u","header":{"X-Any":null}}}`, &abi.Request{}, "null"},
		"languages":                          {`{"abi":1,"title":{"en":"T","zh-CN":"题"}}`, &abi.Manifest{}, ""},
		"null in a list":                     {`{"abi":1,"actions":[null]}`, &abi.Manifest{}, "null"},
		"an unknown field deep inside":       {`{"actions":[{"examples":[{"inputs":{}}]}]}`, &abi.Manifest{}, `the field "inputs"`},
		"a schema, which is anybody's":       {`{"actions":[{"input":{"Type":null}}]}`, &abi.Manifest{}, ""},
		"a time":                             {`{"now":"2026-01-01T00:00:00Z"}`, &abi.Call{}, ""},
		"null for a time":                    {`{"now":null}`, &abi.Call{}, "null"},
		"a number where a text is expected":  {`{"error":{"code":1.` + strings.Repeat("1", 500) + `}}`, &abi.Result{}, "form"},
		"a list where an object is expected": {`{"error":[{"anything":1}]}`, &abi.Result{}, "form"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			f := decode([]byte(tt.in), "BAD", tt.into)
			if tt.says == "" {
				require.Nil(t, f)
				return
			}
			require.NotNil(t, f)
			require.Equal(t, "BAD", f.code)
			require.Contains(t, f.message, tt.says)
			require.Less(t, len(f.message), 200)
		})
	}
}

func TestWhatTheHostWritesIsWhatItReads(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		&abi.Request{HTTP: &abi.HTTPRequest{Method: "POST", URL: "u", Header: map[string]string{"A": "b"}, Body: abi.Body{Base64: "AA=="}}},
		&abi.Request{Ledger: &abi.LedgerRequest{Amount: 1, Reason: "r"}},
		&abi.Result{Error: &abi.Error{Code: "a", Message: "m", Retry: abi.RetryAfter, After: 3}},
	} {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		require.Nil(t, decode(b, "BAD", newOf(v)), "%s", b)
	}
}
