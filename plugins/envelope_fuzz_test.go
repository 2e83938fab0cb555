package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// The envelopes come from guests, byte by byte as they like. For each: the
// host never panics; what it accepts, package encoding/json accepts; and what
// it understood, written down and read again, is the same.

func FuzzResultEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"output":{"seats":["A1","A2"],"price":1e2}}`,
		`{"error":{"code":"sold_out","message":"No seats left.","retry":"after","after":90}}`,
		`{"error":{"code":"FUEL_EXHAUSTED","message":"forged"}}`,
		`{"output":{},"error":{"code":"x"}}`, `{"OUTPUT":{}}`, `{"output":null}`, `{"output":{"a":"\ud800"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r abi.Result
		if !roundTrips(t, b, &r) || r.Error == nil {
			return
		}
		w := &capabilities{issued: map[string]bool{abi.CodeDenied: true}}
		var declared *abi.Error
		if !errors.As(w.declared(r.Error), &declared) {
			return
		}
		require.True(t, errorCode.MatchString(declared.Code) || declared.Code == abi.CodeDenied, "a guest made up %q", declared.Code)
		require.LessOrEqual(t, len(declared.Message), abi.MaxMessage+len("…"))
		require.Contains(t, []abi.Retry{abi.RetryNever, abi.RetryLater, abi.RetryAfter}, declared.Retry)
		require.Equal(t, declared.Retry == abi.RetryAfter, declared.After > 0)
	})
}

func FuzzRequestEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"http":{"method":"POST","url":"https://a.example/x","header":{"A":"b"},"body":"{}"}}`,
		`{"http":{"method":"GET","url":"https://a.example","body_base64":"AAEC/w=="}}`,
		`{"ledger":{"amount":9007199254740991,"reason":"x"}}`,
		`{"http":{},"ledger":{}}`, `{}`, `{"ledger":{"amount":1.5}}`, `{"http":{"URL":"u"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var q abi.Request
		if roundTrips(t, b, &q) && q.HTTP != nil {
			_, _ = q.HTTP.Bytes() // never panics
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"abi":1,"name":"a","version":"1.0.0","partner":"P","title":{"en":"T"},"actions":[
		{"name":"act","effect":"write","undo":"act","input":{"type":"object"},"output":{"type":"object","properties":{"a":{"format":"uri"}}},
		"examples":[{"input":{},"output":{"a":"x"},"http":[{"method":"GET","path":"/","status":200,"answer":[1]}]}]}]}`))
	f.Add([]byte(`{"abi":1,"config":{"type":"object","properties":{"u":{}}},"needs":{"http":[{"host":"config.u","reason":{"en":"r"}}],"ledger":{"en":"r"}},"actions":[]}`))
	f.Add([]byte(`{"abi":1,"actions":[{"name":"a","input":{"type":"object","$ref":"#"},"output":{"type":"object","pattern":"("}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readManifest(b)
		if err != nil {
			var refused *ModuleError
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Problems)
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := json.Marshal(c.manifest)
		require.NoError(t, err)
		second, err := readManifest(again)
		require.NoError(t, err, "%s", again)
		requireSame(t, c.manifest, second.manifest)
	})
}

// roundTrips decodes b into v and checks what holds for every envelope; false
// when b is refused.
func roundTrips(t *testing.T, b []byte, v any) bool {
	t.Helper()
	requireDepth(t, b)
	if f := decode(b, "BAD", v); f != nil {
		require.Contains(t, []string{"BAD", abi.CodeJSONTooDeep}, f.code)
		require.NotEmpty(t, f.message)
		return false
	}
	require.NoError(t, json.Unmarshal(b, newOf(v)))
	again, err := json.Marshal(v)
	require.NoError(t, err)
	second := newOf(v)
	if f := decode(again, "BAD", second); f != nil {
		t.Fatalf("%s is accepted, but not its own text %s: %s", b, again, f.message)
	}
	requireSame(t, v, second)
	return true
}

func newOf(v any) any { return reflect.New(reflect.TypeOf(v).Elem()).Interface() }

// requireSame compares as JSON: spaces in raw parts do not count.
func requireSame(t *testing.T, want, got any) {
	t.Helper()
	a, err := json.Marshal(want)
	require.NoError(t, err)
	b, err := json.Marshal(got)
	require.NoError(t, err)
	require.Equal(t, string(a), string(b))
}

// requireDepth compares depth with what the tokens of valid JSON say.
func requireDepth(t *testing.T, b []byte) {
	t.Helper()
	if !json.Valid(b) {
		_ = depth(b) // never panics
		return
	}
	d := json.NewDecoder(bytes.NewReader(b))
	now, deepest := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return // a number or a nesting that the decoder itself refuses
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			now++
			deepest = max(deepest, now)
		case json.Delim(']'), json.Delim('}'):
			now--
		}
	}
	require.Equal(t, deepest, depth(b))
}
