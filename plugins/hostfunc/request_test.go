package hostfunc

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

func TestP29_Headers_that_are_the_hosts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"host", "Content-Length", "content_length", "Transfer-Encoding", "TRANSFER_ENCODING", "Connection", "Keep-Alive", "TE",
		"Trailer", "Upgrade", "Expect", "HTTP2-Settings", "Accept-Encoding", "Idempotency-Key", "idempotency_key", "X-Idempotency-Key",
		"Proxy-Authorization", "Proxy-Connection", "proxy-anything", "Forwarded", "X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Anything",
		"X-Real-IP", "Via", "Cookie2", "traceparent", "tracestate", "baggage",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusal := setHeader(http.Header{}, map[string]string{name: "x"})
			require.NotNil(t, refusal)
			require.Contains(t, refusal.Message, "is the host's to set")
		})
	}
	refusal := setHeader(http.Header{}, map[string]string{"x-a": "1", "X-A": "2"})
	require.NotNil(t, refusal)
	require.Contains(t, refusal.Message, "given twice")
}

func TestP29_Hosts_and_ports_in_disguise(t *testing.T) {
	t.Parallel()
	h := newHTTP(t, true, "a.example", "127.0.0.1:8080", "xn--bcher-kva.example", "2001:db8::1")
	for title, tt := range map[string]struct {
		url  string
		code string // "" is allowed
	}{
		"a name in capitals":                {"HTTPS://A.EXAMPLE/", ""},
		"an empty port":                     {"https://a.example:/", ""},
		"punycode that is granted":          {"https://XN--BCHER-KVA.example/", ""},
		"an address of version 6":           {"https://[2001:db8::1]/", ""},
		"a name with a dot at the end":      {"https://a.example./", abi.CodeDenied},
		"a name in another script":          {"https://bücher.example/", abi.CodeDenied},
		"letters that look alike":           {"https://ａ.example/", abi.CodeDenied},
		"digits that look alike":            {"http://１２７.0.0.1:8080/", abi.CodeDenied},
		"a dot that looks alike":            {"https://a。example/", abi.CodeDenied},
		"punycode that is not granted":      {"https://xn--a.example/", abi.CodeDenied},
		"an address as a number":            {"http://2130706433:8080/", abi.CodeDenied},
		"an address with a leading zero":    {"http://127.0.0.01:8080/", abi.CodeDenied},
		"an address within another":         {"http://[::ffff:127.0.0.1]:8080/", abi.CodeDenied},
		"an address with a zone":            {"http://[fe80::1%25eth0]/", abi.CodeDenied},
		"a port with a leading zero":        {"https://a.example:0443/", abi.CodeDenied},
		"a port beyond all ports":           {"https://a.example:65979/", abi.CodeDenied}, // 443 + 65536
		"port 22":                           {"https://a.example:22/", abi.CodeDenied},
		"port 25":                           {"https://a.example:25/", abi.CodeDenied},
		"port 6379":                         {"https://a.example:6379/", abi.CodeDenied},
		"another host after a backslash":    {"https://a.example\\@b.example/", abi.CodeBadRequest},
		"another host after a fragment":     {"https://b.example#@a.example/", abi.CodeDenied},
		"another host after a query":        {"https://b.example?@a.example/", abi.CodeDenied},
		"another host after user info":      {"https://a.example:443@b.example/", abi.CodeBadRequest},
		"an escaped host":                   {"https://%61.example/", abi.CodeBadRequest},
		"a path for a host":                 {"http://%2Fvar%2Frun%2Fdocker.sock/", abi.CodeBadRequest},
		"a unix socket":                     {"unix:///var/run/docker.sock", abi.CodeBadRequest},
		"a unix socket of HTTP":             {"http+unix://a.example/", abi.CodeBadRequest},
		"a space in the host":               {"https://a.example /", abi.CodeBadRequest},
		"a tab before the scheme":           {"\thttps://a.example/", abi.CodeBadRequest},
		"a URL without slashes":             {"https:a.example", abi.CodeBadRequest},
		"a URL without a scheme":            {"//a.example/", abi.CodeBadRequest},
		"three slashes":                     {"https:///a.example/", abi.CodeBadRequest},
		"websockets":                        {"wss://a.example/", abi.CodeBadRequest},
		"data":                              {"data:text/plain,x", abi.CodeBadRequest},
		"a script":                          {"javascript://a.example/%0Aalert(1)", abi.CodeBadRequest},
		"NUL":                               {"https://a.example/\x00", abi.CodeBadRequest},
		"an escaped line end stays escaped": {"https://a.example/%0d%0aX:%20y", ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			u, refusal := h.target(tt.url)
			if tt.code == "" {
				require.Nil(t, refusal)
				require.NotContains(t, u.String(), "\n")
				return
			}
			require.NotNil(t, refusal)
			require.Equal(t, tt.code, refusal.Code, refusal.Message)
		})
	}
}

func TestP29_A_port_that_does_not_speak_HTTP_is_denied_even_when_it_is_granted(t *testing.T) {
	t.Parallel()
	h := newHTTP(t, false, "a.example:6379", "a.example:22")
	for _, port := range []string{"6379", "22"} {
		_, refusal := h.target("http://a.example:" + port)
		require.NotNil(t, refusal)
		require.Contains(t, refusal.Message, "does not speak HTTP")
	}
}

func TestCheckHost(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a.example", "A.example", "localhost", "a.example:8443", "127.0.0.1:80", "[::1]:8080", "::1", "[::1]", "2001:db8::1", "xn--bcher-kva.example"} {
		require.NoError(t, CheckHost(good), good)
	}
	for _, bad := range []string{
		"", "*", "*.example", "https://a.example", "a.example/", "a.example/path", "a.example:", "a.example:0", "a.example:080", "a.example:65536",
		"a.example:x", "a.example:22", "a.example.", "u@a.example", "bücher.example", "a b", "a\nb", "fe80::1%eth0", "[fe80::1%25eth0]", "2130706433", "0x7f.1", "a.example?x", "a.example#x",
	} {
		require.Error(t, CheckHost(bad), bad)
	}
}

// FuzzTarget looks for URLs that pass for a host which is granted, and would
// be sent to another.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"https://a.example/x", "https://a.example:443", "https://a.example@b.example", "https://b.example\\@a.example", "https://[::1]/", "http://a.example:80\t"} {
		f.Add(s)
	}
	h := &HTTP{Caller: caller, Allow: []string{"a.example"}}
	f.Fuzz(func(t *testing.T, raw string) {
		u, refusal := h.target(raw)
		if refusal != nil {
			return
		}
		req, err := http.NewRequest(http.MethodGet, u.String(), nil)
		if err != nil {
			return
		}
		if !strings.EqualFold(req.URL.Hostname(), "a.example") || req.URL.User != nil || strings.ContainsAny(req.URL.RequestURI(), "\r\n\x00 ") {
			t.Fatalf("%q goes to %q", raw, req.URL)
		}
	})
}

func TestTraceHeader(t *testing.T) {
	t.Parallel()
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	send := func(id string) []string {
		var got []string
		h, base := backend(t, func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Traceparent")) })
		h.Caller.Trace = id
		for range 2 {
			_, refusal := h.Do(t.Context(), get(base))
			require.Nil(t, refusal)
		}
		return got
	}
	first, again := send(trace), send(trace)
	require.Equal(t, first, again, "it follows from the call")
	require.NotEqual(t, first[0], first[1], "each request is a span of its own")
	require.Regexp(t, "^00-"+trace+"-[0-9a-f]{16}-01$", first[0])
	for _, id := range []string{"", "00000000000000000000000000000000", strings.ToUpper(trace), trace[1:], trace + "0", "x\r\ny"} {
		require.Equal(t, []string{"", ""}, send(id), "%q is no trace", id)
	}
}

func TestRedirectsOfHTTPS(t *testing.T) {
	t.Parallel()
	plain, plainURL := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request of http went out: %v", r.Header)
	})
	var referer, authorization string
	other := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		referer, authorization = r.Header.Get("Referer"), r.Header.Get("Authorization")
	}))
	t.Cleanup(other.Close)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
	}))
	t.Cleanup(s.Close)
	n := NewNetwork()
	t.Cleanup(n.Close)
	n.loopback.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	_, port, _ := strings.Cut(strings.TrimPrefix(other.URL, "https://"), ":")
	elsewhere := "localhost:" + port // another name, so that it is another host
	n.loopback.TLSClientConfig.InsecureSkipVerify = true
	h := &HTTP{
		Caller: caller, Transport: n.Loopback(), Secrets: secretMap{"api_key": canary},
		Allow: append(plain.Allow, strings.TrimPrefix(s.URL, "https://"), elsewhere),
	}
	h.Bindings = []Binding{{"api_key", h.Allow[1]}}
	q := get(s.URL + "/?to=" + url.QueryEscape(plainURL+"/"))
	q.Header = map[string]string{"Authorization": "Bearer {{secret:api_key}}"}
	_, refusal := h.Do(t.Context(), q)
	require.NotNil(t, refusal)
	require.Contains(t, refusal.Message, "from https to http")

	q.URL = s.URL + "/?to=" + url.QueryEscape("https://"+elsewhere+"/")
	r, refusal := h.Do(t.Context(), q)
	require.Nil(t, refusal)
	require.Equal(t, 200, r.Status)
	require.Empty(t, authorization, "credentials stay with the first host")
	require.Empty(t, referer, "the URL before is nobody else's business")
}
