package plugins_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

func TestReadGrant(t *testing.T) {
	t.Parallel()
	full := `{"http":["a.example","127.0.0.1:8080"],"loopback":true,"ledger":true,"kv":true,"secrets":[{"name":"api_key","host":"a.example"}],
		"customer_fields":["name","traits.tier"],"limits":{"fuel":250000000,"json_depth":80},"record":0.01}`
	g, err := plugins.ReadGrant(json.RawMessage(full))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(plugins.Grant{
		HTTP: []string{"a.example", "127.0.0.1:8080"}, Loopback: true, Ledger: true, KV: true,
		Secrets:        []plugins.Secret{{Name: "api_key", Host: "a.example"}},
		CustomerFields: []string{"name", "traits.tier"},
		Limits:         plugins.Limits{Fuel: 250_000_000, JSONDepth: 80}, Record: 0.01,
	}, g))
	again, err := json.Marshal(g)
	require.NoError(t, err)
	require.JSONEq(t, full, string(again))
	for _, none := range []string{"", "{}"} {
		g, err = plugins.ReadGrant(json.RawMessage(none))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(plugins.Grant{}, g))
	}
	for title, tt := range map[string]struct{ grant, says string }{
		"a field that there is not":    {`{"htpp":["a.example"]}`, `the field "htpp"`},
		"a limit that there is not":    {`{"limits":{"gas":1}}`, `the field "gas"`},
		"a field twice":                {`{"ledger":false,"ledger":true}`, "twice"},
		"another type":                 {`{"ledger":"yes"}`, "ledger"},
		"no object":                    {`[]`, "form"},
		"no JSON":                      {`{`, "cannot be read"},
		"a star":                       {`{"http":["*"]}`, `"http" of the grant: "*" is no host`},
		"a URL":                        {`{"http":["https://a.example"]}`, "is no host"},
		"the port of a database":       {`{"http":["a.example:6379"]}`, "the port of Redis"},
		"too many hosts":               {`{"http":[` + strings.Repeat(`"a.example",`, 64) + `"a.example"]}`, "at most 64"},
		"a secret without a host":      {`{"secrets":[{"name":"a"}]}`, `"secrets" of the grant, "a"`},
		"a secret with a strange name": {`{"secrets":[{"name":"A b","host":"a.example"}]}`, `"A b" cannot be the name of a secret`},
		"a secret with a value":        {`{"secrets":[{"name":"a","host":"a.example","value":"x"}]}`, `the field "value"`},
		"a field without a name":       {`{"customer_fields":["a..b"]}`, `"a..b" is no field`},
		"all fields of the customer":   {`{"customer_fields":["*"]}`, `"*" is no field`},
		"a share above one":            {`{"record":1.5}`, "0 to 1"},
		"a negative share":             {`{"record":-0.5}`, "0 to 1"},
		"more fuel than the host has":  {`{"limits":{"fuel":10000000001}}`, `the limit "fuel" is 10000000001; it may be 1 to 10000000000, or 0 for the default of 100000000`},
		"less than nothing":            {`{"limits":{"memory_bytes":-1}}`, `the limit "memory_bytes" is -1`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			g, err := plugins.ReadGrant(json.RawMessage(tt.grant))
			require.ErrorContains(t, err, tt.says)
			require.Empty(t, cmp.Diff(plugins.Grant{}, g), "what cannot be read grants nothing")
		})
	}
}

func FuzzReadGrant(f *testing.F) {
	f.Add([]byte(`{"http":["a.example"],"secrets":[{"name":"a","host":"[::1]:80"}],"limits":{"fuel":1},"record":0.5}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		g, err := plugins.ReadGrant(raw)
		if err != nil {
			return
		}
		b, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plugins.ReadGrant(b); err != nil {
			t.Fatalf("%s was read, and written as %s, which is refused: %v", raw, b, err)
		}
	})
}

func TestAskedIsAllThatTheManifestAsksFor(t *testing.T) {
	t.Parallel()
	why := abi.Text{"en": "to be tested"}
	m := &abi.Manifest{Name: "bank", Needs: abi.Needs{
		HTTP:   []abi.HTTPNeed{{Host: "config.base_url", Reason: why}, {Host: "rates.example:8443", Reason: why}},
		Ledger: why, KV: why,
		Secrets:  []abi.SecretNeed{{Name: "api_key", Host: "config.base_url", Reason: why}, {Name: "rates_key", Host: "rates.example:8443", Reason: why}},
		Customer: []abi.FieldNeed{{Field: "name", Reason: why}, {Field: "traits.tier", Reason: why}},
	}}
	g, err := plugins.Asked(m, json.RawMessage(`{"base_url":"https://bank.example/v1"}`))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(plugins.Grant{
		HTTP: []string{"bank.example", "rates.example:8443"}, Ledger: true, KV: true,
		Secrets:        []plugins.Secret{{Name: "api_key", Host: "bank.example"}, {Name: "rates_key", Host: "rates.example:8443"}},
		CustomerFields: []string{"name", "traits.tier"},
	}, g))
	for title, tt := range map[string]struct{ config, says string }{
		"no configuration":     {``, `needs a URL in "base_url", this is ""`},
		"no URL":               {`{"base_url":"bank"}`, `needs a URL in "base_url", this is "bank"`},
		"a number":             {`{"base_url":7}`, `needs a URL in "base_url"`},
		"no object":            {`7`, "reading the configuration of plugin bank"},
		"a host in disguise":   {`{"base_url":"http://2130706433/"}`, `"2130706433" is no host`},
		"the port of a server": {`{"base_url":"https://bank.example:22/"}`, "does not speak HTTP"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := plugins.Asked(m, json.RawMessage(tt.config))
			require.ErrorContains(t, err, tt.says)
		})
	}
	for url, loopback := range map[string]bool{
		"http://localhost:1": true, "http://LOCALHOST": true, "http://[::1]:8080/x": true, "http://127.9.9.9": true, "http://10.0.0.1": false, "https://a.example:443": false,
	} {
		g, err := plugins.Asked(m, json.RawMessage(`{"base_url":"`+url+`"}`))
		require.NoError(t, err)
		require.Equal(t, loopback, g.Loopback, url)
	}
}
