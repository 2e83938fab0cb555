package plugins_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

func TestP31_A_secret_is_nowhere_but_at_its_host(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var seen []string
	base := l.serve(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Header.Get("X-Key")
		seen = append(seen, key, string(body))
		w.Header().Set("X-Echo", key)
		w.Header().Set("X-Basic", "Basic "+base64.StdEncoding.EncodeToString([]byte("user:"+key)))
		fmt.Fprintf(w, `{"you_sent":%q,"body":%q}`, key, body)
	})
	var log strings.Builder
	for _, then := range []string{"", "fail"} {
		in := object{"log": true}
		if then != "" {
			in["then"] = then
		}
		post := abi.Request{HTTP: &abi.HTTPRequest{
			Method: "POST", URL: base, Header: map[string]string{"X-Key": "{{secret:api_key}}"}, Body: abi.Body{Text: `{"key":"{{secret:api_key}}"}`},
		}}
		out, r, err := l.run(l.call(in, post, httpGet(base, "X-Key", "{{secret:api_key}}")))
		fmt.Fprint(&log, out, string(r.Output), r.Log, err)
		require.Contains(t, r.Log, "{{secret:api_key}}")
	}
	require.Equal(t, []string{canary, `{"key":"` + canary + `"}`, canary, "", canary, `{"key":"` + canary + `"}`, canary, ""}, seen, "the backend got it")
	require.Len(t, l.recorder.all, 2)
	for _, one := range l.recorder.all {
		b, err := json.Marshal(one)
		require.NoError(t, err)
		require.Contains(t, string(b), "{{secret:api_key}}")
		fmt.Fprintf(&log, "%s", b)
		for _, x := range one.Exchanges { // in JSON they may be in base64
			fmt.Fprintf(&log, "%s%s", x.Request, x.Response)
		}
	}
	for _, form := range []string{canary, "canary", base64.StdEncoding.EncodeToString([]byte("user:" + canary))[8:]} {
		require.NotContains(t, log.String(), form)
	}
}

func TestP31_A_guest_cannot_use_what_it_was_not_granted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	base := l.serve(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("a request went out: %v", r.Header) })
	l.grant.Secrets = nil
	r := l.ask(httpGet(base, "X-Key", "{{secret:api_key}}"))
	require.Equal(t, abi.CodeDenied, r[0].Error.Code)
	require.Contains(t, r[0].Error.Message, `The plugin capable may not use the secret "api_key" in workspace demo. Add {"name": "api_key", "host": "127.0.0.1:`)
}

func TestP32_A_guest_cannot_name_whose_call_it_is(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	require.NoError(t, l.kv.Put(t.Context(), "other", "capable", "a", json.RawMessage(`"theirs"`)))
	for _, q := range []string{
		`{"ledger":{"amount":1,"reason":"x","customer":"c_2"}}`,
		`{"ledger":{"amount":1,"reason":"x","customer_id":"c_2"}}`,
		`{"ledger":{"amount":1,"reason":"x","account":"customer:c_2"}}`,
		`{"ledger":{"amount":1,"reason":"x"},"workspace":"other"}`,
		`{"ledger":{"amount":1,"reason":"x","idempotency_key":"mine"}}`,
		`{"kv":{"op":"get","key":"a","workspace":"other"}}`,
		`{"kv":{"op":"get","key":"a","tenant_id":"other"}}`,
		`{"kv":{"op":"get","key":"a","plugin":"bank"}}`,
		`{"http":{"method":"GET","url":"https://a.example","idempotency_key":"x"}}`,
		`{"kv":{"op":"get","key":"a","key":"b"}}`,
		`{"KV":{"op":"get","key":"a"},"kv":{"op":"delete","key":"a"}}`,
	} {
		r := l.ask(q)
		require.NotNil(t, r[0].Error, q)
		require.Equal(t, abi.CodeBadRequest, r[0].Error.Code, r[0].Error.Message)
	}
	require.Empty(t, l.ledger.postings)
	require.False(t, l.ask(kv("get", "a", ""))[0].KV.Found, "the other workspace's value")
	c := l.call(object{}, kv("get", "a", ""))
	c.Workspace = "other"
	out, _, err := l.run(c)
	require.NoError(t, err)
	require.Equal(t, `"theirs"`, string(out.Responses[0].KV.Value), "the call says whose it is")
	c.Plugin = "bank" // a wrong label of the caller
	out, _, err = l.run(c)
	require.NoError(t, err)
	require.True(t, out.Responses[0].KV.Found, "values are kept under the name in the manifest")
}

func TestP35_An_effect_before_a_trap_happens_once_when_the_call_is_made_again(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	keys := map[string]int{}
	base := l.serve(func(_ http.ResponseWriter, r *http.Request) { keys[r.Header.Get("Idempotency-Key")]++ })
	effects := []any{
		abi.Request{Ledger: &abi.LedgerRequest{Amount: 10, Reason: "for a test"}},
		abi.Request{HTTP: &abi.HTTPRequest{Method: "POST", URL: base}},
		kv("put", "held", `"h1"`),
	}
	_, _, err := l.run(l.call(object{"then": "trap"}, effects...))
	requireCode(t, err, abi.CodeTrap)
	require.Len(t, l.ledger.postings, 1)
	for range 2 { // the first retry, and one of a result that was lost
		out, _, err := l.run(l.call(object{}, effects...))
		require.NoError(t, err)
		require.EqualValues(t, 10, out.Responses[0].Ledger.Balance)
	}
	require.Len(t, l.ledger.postings, 1, "points were booked once")
	require.Equal(t, map[string]int{"e_1/ask/1": 3}, keys, "the backend can tell that it is the same request")
	require.Equal(t, `"h1"`, string(l.ask(kv("get", "held", ""))[0].KV.Value))
}

func TestP34_Effects_of_one_call_have_keys_of_their_own(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	post := abi.Request{Ledger: &abi.LedgerRequest{Amount: 10, Reason: "for a test"}}
	for range 2 {
		r := l.ask(post, post)
		require.EqualValues(t, 20, r[1].Ledger.Balance, "two postings of the call, however often it is made")
	}
	require.Len(t, l.ledger.postings, 2)
}

func TestP37_A_backend_that_never_answers_leaves_time_for_what_the_plugin_does_then(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	base := l.serve(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := l.call(object{}, httpGet(base), kv("put", "slow", "true"))
	c.Timeout = 2 * time.Second
	out, r, err := l.run(c)
	require.NoError(t, err)
	require.Equal(t, abi.CodeHTTPTimeout, out.Responses[0].Error.Code)
	require.Equal(t, abi.RetryLater, out.Responses[0].Error.Retry)
	require.True(t, out.Responses[1].KV.Found)
	require.Less(t, r.Duration, c.Timeout)
}

func TestValuesAreKeptFromCallToCall(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	require.True(t, l.ask(kv("put", "a", `{"n":1}`))[0].KV.Found)
	r := l.ask(kv("get", "a", ""), kv("delete", "a", ""), kv("get", "a", ""))
	require.JSONEq(t, `{"n":1}`, string(r[0].KV.Value))
	require.False(t, r[1].KV.Found)
	require.False(t, r[2].KV.Found)
	l.grant.KV = false
	require.Contains(t, l.ask(kv("get", "a", ""))[0].Error.Message, `Set "kv": true in its grant.`)
}

func TestCustomerFieldsReachTheGuestByGrant(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := l.call(object{})
	c.Profile = object{"name": "张三", "phone": "1", "traits": object{"tier": "gold", "city": "上海"}}
	out, _, err := l.run(c)
	require.NoError(t, err)
	require.Equal(t, object{"name": "张三", "traits": object{"tier": "gold"}}, out.Customer, "not the phone, which was not asked for")
	require.NotContains(t, l.recorder.all[0].Envelope, "上海", "nor is it recorded")
	c.Grant.CustomerFields = []string{"phone", "traits.tier"}
	out, _, err = l.run(c)
	require.NoError(t, err)
	require.Equal(t, object{"traits": object{"tier": "gold"}}, out.Customer, "not the name, which was not granted")
}

func TestAWorldThatIsScriptedIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	base := l.serve(func(http.ResponseWriter, *http.Request) { t.Error("a request went out") })
	var sent string
	c := l.call(object{}, kv("put", "a", "1"), httpGet(base, "X-Key", "{{secret:api_key}}"))
	c.World = &plugins.World{HTTP: roundTrip(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("X-Key")
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("got " + sent)), Header: http.Header{}}, nil
	})}
	out, _, err := l.run(c)
	require.NoError(t, err)
	require.Equal(t, "example-api_key", sent)
	require.Equal(t, "got {{secret:api_key}}", out.Responses[1].HTTP.Text)
	require.False(t, l.ask(kv("get", "a", ""))[0].KV.Found, "the real store was not touched")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
