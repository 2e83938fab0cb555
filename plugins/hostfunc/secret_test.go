package hostfunc

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// canary is a secret with characters that every encoding changes.
const canary = `Sk-live/"7f+ä&<9\x1?`

type secretMap map[string]string

func (m secretMap) Secret(_ context.Context, workspace, name string) (string, error) {
	if workspace != caller.Workspace {
		return "", errors.New("asked for the secret of another workspace")
	}
	value, ok := m[name]
	if !ok {
		return "", fmt.Errorf("looking up %s: %w", name, ErrNoSecret)
	}
	return value, nil
}

// withSecrets is a backend that the secrets are bound to.
func withSecrets(t *testing.T, values secretMap, handler http.HandlerFunc) (*HTTP, string) {
	t.Helper()
	h, base := backend(t, handler)
	h.Secrets = values
	for name := range values {
		h.Bindings = append(h.Bindings, Binding{name, h.Allow[0]})
	}
	return h, base
}

func post(url, contentType, body string) abi.HTTPRequest {
	return abi.HTTPRequest{
		Method: "POST", URL: url, Body: abi.Body{Text: body},
		Header: map[string]string{"Content-Type": contentType, "X-Plain": "{{other}}"},
	}
}

func TestSecretsAreFilledInOnTheWayOut(t *testing.T) {
	t.Parallel()
	form := url.Values{"key": {canary}}.Encode()
	quoted, err := json.Marshal(map[string]string{"key": canary})
	require.NoError(t, err)
	for title, tt := range map[string]struct{ contentType, body, sent string }{
		"a text holds them as they are":         {"text/plain", "key={{secret:api_key}};", "key=" + canary + ";"},
		"JSON holds them escaped":               {"application/json", `{"key":"{{secret:api_key}}"}`, string(quoted)},
		"a form holds them escaped":             {"application/x-www-form-urlencoded", "key={{secret:api_key}}", form},
		"a form's reference may be escaped":     {"application/x-www-form-urlencoded; charset=utf-8", "key=%7B%7bsecret%3Aapi_key%7D%7D", form},
		"two of them":                           {"text/plain", "{{secret:api_key}}{{secret:other}}", canary + "2nd"},
		"what only looks like one stays":        {"text/plain", "{{ secret:api_key }} {{secret}}", "{{ secret:api_key }} {{secret}}"},
		"a value that is a reference stays one": {"text/plain", "{{secret:nested}}", "{{secret:api_key}}"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := withSecrets(t, secretMap{"api_key": canary, "other": "2nd", "nested": "{{secret:api_key}}"}, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got := []string{r.Header.Get("Authorization"), r.Header.Get("X-Plain")}
				if want := []string{"Bearer " + canary, "{{other}}"}; got[0] != want[0] || got[1] != want[1] {
					t.Errorf("the backend got the headers %q, want %q", got, want)
				}
				if string(body) != tt.sent && (!json.Valid(body) || !jsonEqual(t, string(body), tt.sent)) {
					t.Errorf("the backend got %s, want %s", body, tt.sent)
				}
			})
			q := post(base, tt.contentType, tt.body)
			q.Header["Authorization"] = "Bearer {{secret:api_key}}"
			r, refusal := h.Do(t.Context(), q)
			require.Nil(t, refusal)
			require.Equal(t, 200, r.Status)
		})
	}
}

func jsonEqual(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y map[string]string
	require.NoError(t, json.Unmarshal([]byte(a), &x))
	require.NoError(t, json.Unmarshal([]byte(b), &y))
	return x["key"] == y["key"]
}

func TestP31_What_a_guest_may_not_do_with_a_secret(t *testing.T) {
	t.Parallel()
	values := secretMap{"api_key": canary, "lines": "a\nb", "elsewhere": canary}
	h, base := withSecrets(t, values, func(http.ResponseWriter, *http.Request) { t.Error("a request went out") })
	for i, b := range h.Bindings {
		if b.Name == "elsewhere" {
			h.Bindings[i].Host = "bank.example"
		}
	}
	h.Bindings = append(h.Bindings, Binding{"unset", h.Allow[0]})
	h.Allow = append(h.Allow, "shop.example", "bank.example")
	header := func(url, value string) abi.HTTPRequest {
		return abi.HTTPRequest{Method: "GET", URL: url, Header: map[string]string{"X-Key": value}}
	}
	for title, tt := range map[string]struct {
		q    abi.HTTPRequest
		code string
		says string
	}{
		"in the URL":                        {get(base + "/?k={{secret:api_key}}"), abi.CodeBadRequest, "The URL refers to a secret"},
		"in the URL, escaped":               {get(base + "/?k=%7b%7Bsecret%3aapi_key%7D%7D"), abi.CodeBadRequest, "The URL refers to a secret"},
		"in the name of a header":           {abi.HTTPRequest{Method: "GET", URL: base, Header: map[string]string{"{{secret:api_key}}": "x"}}, abi.CodeBadRequest, "header"},
		"one that is not granted":           {header(base, "{{secret:root}}"), abi.CodeDenied, `Add {"name": "root", "host": "127.0.0.1:`},
		"one that is not granted, in text":  {post(base, "text/plain", "{{secret:root}}"), abi.CodeDenied, `"root"`},
		"one that is not granted, in JSON":  {post(base, "application/json", `["{{secret:root}}"]`), abi.CodeDenied, `"root"`},
		"one that is not granted, in bytes": {abi.HTTPRequest{Method: "POST", URL: base, Body: abi.Body{Base64: base64.StdEncoding.EncodeToString([]byte("\xff{{secret:root}}"))}}, abi.CodeDenied, `"root"`},
		"one that is bound elsewhere":       {header(base, "{{secret:elsewhere}}"), abi.CodeDenied, "binds the secret to bank.example"},
		"at a host that it is not bound to": {header("https://shop.example", "{{secret:api_key}}"), abi.CodeDenied, `send the secret "api_key" to "shop.example"`},
		"without encryption":                {header("http://bank.example", "{{secret:elsewhere}}"), abi.CodeDenied, "Use https."},
		"one that is not set":               {header(base, "{{secret:unset}}"), abi.CodeDenied, `"unset", which is not set,`},
		"one of lines in a header":          {header(base, "{{secret:lines}}"), abi.CodeBadRequest, "one line"},
		"a name in capitals":                {header(base, "{{secret:API_KEY}}"), abi.CodeDenied, "API_KEY"},
		"a reference without an end":        {header(base, "{{secret:api_key"), abi.CodeBadRequest, "cannot be read"},
		"a reference within a reference":    {header(base, "{{secret:{{secret:api_key}}}}"), abi.CodeBadRequest, "cannot be read"},
		"a host in capitals without a port": {header("https://BANK.example.", "{{secret:elsewhere}}"), abi.CodeDenied, "plain IP address"},
		"more than sixteen":                 {post(base, "text/plain", strings.Repeat("{{secret:api_key}}", 17)), abi.CodeBadRequest, "more than 16 times"},
		"a host that is not granted":        {header("https://evil.example", "{{secret:api_key}}"), abi.CodeDenied, `add "evil.example" to "http"`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			one := &HTTP{Caller: caller, Allow: h.Allow, Transport: h.Transport, Secrets: values, Bindings: h.Bindings}
			_, refusal := one.Do(t.Context(), tt.q)
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code, refusal.Message)
			require.Contains(t, refusal.Message, tt.says)
			require.NotContains(t, refusal.Message, canary)
		})
	}
}

func TestP31_A_store_of_secrets_that_fails_says_no_more_than_that(t *testing.T) {
	t.Parallel()
	h, base := backend(t, func(http.ResponseWriter, *http.Request) { t.Error("a request went out") })
	h.Caller.Workspace = "another"
	h.Secrets, h.Bindings = secretMap{}, []Binding{{"api_key", h.Allow[0]}}
	_, refusal := h.Do(t.Context(), get(base))
	require.Equal(t, `The secret "api_key" could not be read just now.`, refusal.Message)
	require.Equal(t, abi.RetryLater, refusal.Retry)
}

// echoes are the ways in which backends repeat what they got.
var echoes = map[string]func(string) string{
	"as it is":              func(s string) string { return s },
	"in small letters":      strings.ToLower,
	"in capitals":           strings.ToUpper,
	"in JSON":               func(s string) string { b, _ := json.Marshal(map[string]string{"a": s}); return string(b) },
	"in base64":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"in base64 of URLs":     func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"in base64 without end": func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"in base64 after 1":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u" + s + "v")) },
	"in base64 after 2":     func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("us" + s + "vw")) },
	"in base64 after 3":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("use" + s + "vwx")) },
	"in a query":            url.QueryEscape,
	"in a path":             url.PathEscape,
	"in hex":                func(s string) string { return hex.EncodeToString([]byte(s)) },
	"in HEX":                func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"twice":                 func(s string) string { return s + s },
	"between bytes":         func(s string) string { return "\xff\x00" + s + "\xfe" },
}

func TestP31_An_echo_of_a_secret_is_taken_out_of_the_answer(t *testing.T) {
	t.Parallel()
	for title, echo := range echoes {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h, base := withSecrets(t, secretMap{"api_key": canary, "unused": "another-secret-value"}, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/header" {
					w.Header()["X-Echo"] = []string{"a", "b " + strings.ReplaceAll(echo(r.Header.Get("X-Key")), "\x00", "") + " c"}
					return
				}
				fmt.Fprint(w, "before ", echo(r.Header.Get("X-Key")), " after")
			})
			for _, path := range []string{"/header", "/body"} {
				q := get(base + path)
				q.Header = map[string]string{"X-Key": "{{secret:api_key}}"}
				r, refusal := h.Do(t.Context(), q)
				require.Nil(t, refusal)
				body, err := r.Bytes()
				require.NoError(t, err)
				requireClean(t, fmt.Sprint(r.Header, string(body)), canary)
			}
		})
	}
}

// requireClean fails when the text gives a large part of the secret away, or
// does not show its name instead.
func requireClean(t *testing.T, text, secret string) {
	t.Helper()
	require.Contains(t, text, "{{secret:api_key}}")
	for _, piece := range []string{secret[:9], secret[9:]} {
		for title, echo := range echoes {
			if strings.Contains(title, "base64") || title == "twice" || title == "between bytes" || title == "in JSON" {
				continue
			}
			require.NotContains(t, text, echo(piece), title)
		}
	}
	for shift := range 3 {
		core := base64Core(secret, shift)
		require.NotContains(t, text, core[:8])
		require.NotContains(t, text, core[len(core)-8:])
	}
}

func TestP31_Echoes_in_other_places(t *testing.T) {
	t.Parallel()
	const key = "sk-live-0123456789"
	h, base := withSecrets(t, secretMap{"api_key": key}, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/name":
			w.Header().Set("X-"+key, "yes")
		case "/location":
			http.Redirect(w, r, "http://"+key+".example/", http.StatusFound)
		case "/later":
			fmt.Fprint(w, key)
		}
	})
	q := func(method, path string) abi.HTTPRequest {
		return abi.HTTPRequest{Method: method, URL: base + path, Header: map[string]string{"X-Key": "{{secret:api_key}}"}}
	}
	r, refusal := h.Do(t.Context(), q("GET", "/name"))
	require.Nil(t, refusal)
	require.NotContains(t, strings.ToLower(fmt.Sprint(r.Header)), key, "in the name of a header")
	_, refusal = h.Do(t.Context(), q("GET", "/location"))
	require.Equal(t, abi.CodeDenied, refusal.Code)
	require.NotContains(t, refusal.Message, key, "in a refusal of a redirect")
	r, refusal = h.Do(t.Context(), q("POST", "/location"))
	require.Nil(t, refusal)
	require.Equal(t, "http://{{secret:api_key}}.example/", r.Header["Location"], "in a redirect that is the answer")
	r, refusal = h.Do(t.Context(), get(base+"/later"))
	require.Nil(t, refusal)
	require.Equal(t, "{{secret:api_key}}", r.Text, "in the answer to a request that does not name it")
}

func TestP31_A_secret_does_not_follow_a_redirect(t *testing.T) {
	t.Parallel()
	var got []string
	other, otherURL := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization")+r.Header.Get("X-Key")+r.Header.Get("Referer"))
	})
	h, base := withSecrets(t, secretMap{"api_key": canary}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			fmt.Fprint(w, r.Header.Get("X-Key"))
			return
		}
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	})
	h.Allow = append(h.Allow, other.Allow...)
	q := get(base + "/?to=" + url.QueryEscape(otherURL))
	q.Header = map[string]string{"X-Key": "{{secret:api_key}}"}
	_, refusal := h.Do(t.Context(), q)
	require.Equal(t, abi.CodeDenied, refusal.Code)
	require.Contains(t, refusal.Message, `send the secret "api_key" to "127.0.0.1:`)
	require.Empty(t, got, "what the other host got")

	q.URL = base + "/?to=" + url.QueryEscape("/end")
	r, refusal := h.Do(t.Context(), q)
	require.Nil(t, refusal)
	require.Equal(t, "{{secret:api_key}}", r.Text, "within the host it is filled in again")
}

func FuzzRedact(f *testing.F) {
	f.Add("sk-live-0123456789", "before", "after")
	f.Add(canary, "", "\xff")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < 12 || len(secret) > 100 || strings.Contains("{{secret:x}}"+before+after, secret[:4]) {
			t.Skip()
		}
		v := &vault{out: redactor(map[string]string{"x": secret})}
		for title, echo := range echoes {
			text := v.redact(before + echo(secret) + after)
			for form := range strings.SplitSeq(secret, "\x00") {
				if len(form) > 11 && strings.Contains(text, form) {
					t.Fatalf("%s: %q still holds %q", title, text, form)
				}
			}
		}
	})
}
