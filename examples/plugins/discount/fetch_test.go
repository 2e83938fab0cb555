package discount_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// catalog is a backend, and the change that configures it and grants it.
func catalog(t *testing.T, handle http.HandlerFunc) func(*plugins.Call) {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return func(c *plugins.Call) {
		c.Config = fmt.Appendf(nil, `{"base_url":%q}`, server.URL+"/catalog//")
		c.Grant = plugins.Grant{HTTP: []string{strings.TrimPrefix(server.URL, "http://")}, Loopback: true}
	}
}

func TestFetchIsTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		path   string // as a JSON text
		status int
		body   string
		want   string // as a JSON text
	}{
		"a page":                     {`"/items?tag=sale&page=2"`, 200, "Tea\n", `"Tea\n"`},
		"a status that is no 200":    {`"/gone"`, 404, `{"error":"gone"}`, `"{\"error\":\"gone\"}"`},
		"a page without text":        {`"/empty"`, 204, "", `""`},
		"Chinese, and beyond U+FFFF": {`"/%E5%8F%AF"`, 200, "可乐 🎬", `"可乐 🎬"`},
		"a path with escapes":        {`"\/a\u0062"`, 500, `\"`, `"\\\""`},
		"a long page":                {`"/long"`, 200, strings.Repeat(`"\深`, 8000), `"` + strings.Repeat(`\"\\深`, 8000) + `"`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			inEveryLanguage(t, func(t *testing.T, language string) {
				backend := catalog(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Path", r.RequestURI)
					w.WriteHeader(tt.status)
					_, _ = io.WriteString(w, tt.body)
				})
				r, err := call(t, language, "fetch", `{"path":`+tt.path+`}`, backend)
				require.NoError(t, err)
				require.JSONEq(t, `{"status":`+strconv.Itoa(tt.status)+`,"body":`+tt.want+`}`, string(r.Output))
				require.Equal(t, 1, r.HostCalls)
			})
		})
	}
}

func TestFetchAsksForThePathBehindTheAddress(t *testing.T) {
	t.Parallel()
	inEveryLanguage(t, func(t *testing.T, language string) {
		backend := catalog(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.Method+" "+r.RequestURI)
		})
		r, err := call(t, language, "fetch", `{"path":"/items?q=%22\u0026x=1"}`, backend)
		require.NoError(t, err)
		require.JSONEq(t, `{"status":200,"body":"GET /catalog/items?q=%22&x=1"}`, string(r.Output))
	})
}

func TestFetchPassesOnTheErrorsOfTheHost(t *testing.T) {
	t.Parallel()
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	bytes := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0xfe}) }
	for title, tt := range map[string]struct {
		handle http.HandlerFunc
		change func(*plugins.Call)
		code   string
		says   string
		retry  abi.Retry
	}{
		"a backend that was not granted": {bytes, func(c *plugins.Call) { c.Grant = plugins.Grant{} }, abi.CodeDenied, "grant", abi.RetryNever},
		"a backend that hangs up":        {hangUp, func(*plugins.Call) {}, abi.CodeUnreachable, "", abi.RetryLater},
		"a page that is no text":         {bytes, func(*plugins.Call) {}, "not_text", "The page is no text.", abi.RetryNever},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			inEveryLanguage(t, func(t *testing.T, language string) {
				_, err := call(t, language, "fetch", `{"path":"/"}`, catalog(t, tt.handle), tt.change)
				e := requireCode(t, err, tt.code)
				require.Contains(t, e.Message, tt.says)
				require.Equal(t, string(tt.retry), e.Retry)
			})
		})
	}
}
