package browsertest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

const form = `<!doctype html><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width"><title>form</title>
<form method="post" action="/greet"><input name="who" value="nobody"><button>Greet</button></form>
<p id="later" hidden>later</p><script src="/later.js"></script>`

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	html := func(pattern, body string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
			_, _ = io.WriteString(w, body)
		})
	}
	page := func(body string) string { return `<!doctype html><link rel="icon" href="data:,">` + body }
	html("GET /{$}", form)
	mux.HandleFunc("GET /later.js", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `setTimeout(() => { document.getElementById("later").hidden = false }, 100)`)
	})
	mux.HandleFunc("POST /greet", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, page(`<h1>Hello, %s!</h1><p>%s</p>`), r.FormValue("who"), r.Header.Get("Accept-Language"))
	})
	html("GET /logs-an-error", page(`<script src="/error.js"></script>`))
	mux.HandleFunc("GET /error.js", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `console.warn("only a warning"); console.error("no stock left")`)
	})
	html("GET /throws", page(`<script src="/throw.js"></script>`))
	mux.HandleFunc("GET /throw.js", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `throw new Error("never caught")`)
	})
	html("GET /breaks-the-policy", page(`<script>document.title = "inline"</script>`))
	html("GET /misses-a-picture", page(`<img src="/none.png">`))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	url := serve(t)

	t.Run("fills a form, clicks, and waits for the next page", func(t *testing.T) {
		t.Parallel()
		p := b.Tab(t, browsertest.Language("zh-CN"))
		p.Open(url)
		p.Fill("input", "李娜")
		p.Click("button")
		p.WaitText("h1", "Hello, 李娜!")
		require.Equal(t, url+"/greet", p.URL())
		require.Equal(t, "zh-CN", p.Text("p"))
		require.Equal(t, 1, p.Count("h1"))
	})
	t.Run("waits for what appears and vanishes", func(t *testing.T) {
		t.Parallel()
		p := b.Tab(t, browsertest.Phone())
		p.Open(url)
		p.WaitVisible("#later")
		browsertest.Eval[bool](p, `document.getElementById("later").hidden = true`)
		p.WaitGone("#later")
		require.Equal(t, 390, browsertest.Eval[int](p, "innerWidth"))
	})
	t.Run("runs no script of a page when it is told so", func(t *testing.T) {
		t.Parallel()
		p := b.Tab(t, browsertest.NoScript())
		p.Open(url + "/logs-an-error")
		p.Open(url + "/throws")
	})
	t.Run("keeps the cookies of a tab to itself", func(t *testing.T) {
		t.Parallel()
		one, two := b.Tab(t), b.Tab(t)
		one.Open(url)
		browsertest.Eval[string](one, `document.cookie = "who=one"`)
		two.Open(url)
		require.Empty(t, browsertest.Eval[string](two, "document.cookie"))
	})
}

func TestPage_FailsForWhatThePageComplainsAbout(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	url := serve(t)
	tests := map[string]string{ // path → what the failure says
		"/logs-an-error":     "no stock left",
		"/throws":            "never caught",
		"/breaks-the-policy": "Content Security Policy",
		"/misses-a-picture":  "404",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			r := &recorder{TB: t}
			b.Tab(r).Open(url + path)
			r.end()
			require.Len(t, r.failures, 1)
			require.Contains(t, r.failures[0], want)

			allowed := &recorder{TB: t}
			p := b.Tab(allowed)
			p.Allow(want)
			p.Open(url + path)
			allowed.end()
			require.Empty(t, allowed.failures)
		})
	}
}

func TestPage_SavesAPictureWhereTheEnvironmentSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shots")
	t.Setenv("QIDONG_SHOTS", dir)
	p := browsertest.Start(t).Tab(t)
	p.Open(serve(t))
	p.Shot("form")
	png, err := os.ReadFile(filepath.Join(dir, "form.png"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(png), "\x89PNG"))
}

func TestPage_TellsWhereItWasWhenAnActionFails(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	r := &recorder{TB: t}
	p := b.Tab(r)
	p.Open(serve(t))
	require.PanicsWithError(t, "fatal", func() { browsertest.Eval[string](p, "document.querySelector('h1').innerText") })
	r.end()
	require.Contains(t, r.failures[0], "evaluating")
	require.Contains(t, r.failures[0], "Greet")
}

// recorder is a test that may fail without failing the real one.
type recorder struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(errors.New("fatal"))
}

func (r *recorder) end() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}
