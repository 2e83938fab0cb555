package ui

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/a-h/templ"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// The bounds of what a browser may send.
const (
	maxForm   = 256 << 10 // bytes of a form, for a supplied result
	maxQuery  = 200       // characters of a search
	maxField  = 2048      // characters of a posted id, postback or link
	pageLimit = 50        // rows of a list
)

// policy is the content security policy; media adds where pictures may come
// from. Inline styles are the one exception: cards are placed by them.
func policy(media string) string {
	return "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; " +
		"img-src 'self' data:" + media + "; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// allowMedia lets a page show the pictures of messages, which partners host:
// over https, and over http where the pages themselves are http.
func (u *UI) allowMedia(w http.ResponseWriter) {
	media := " https:"
	if u.base.Scheme == "http" {
		media += " http:"
	}
	w.Header().Set("Content-Security-Policy", policy(media))
}

// frame sets what every answer has: headers, language, theme.
func (u *UI) frame(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy(""))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if u.base.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody(r))

		ctx := i18n.With(r.Context(), wanted(r))
		theme := ""
		if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
			theme = c.Value
		}
		ctx = view.WithFrame(ctx, view.Frame{Theme: theme, Path: r.URL.RequestURI(), Asset: u.assets.path, Version: u.version})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// wanted is the language that a reader has chosen, or else their browser's.
func wanted(r *http.Request) string {
	lang := r.Header.Get("Accept-Language")
	if c, err := r.Cookie("lang"); err == nil {
		lang = c.Value
	}
	return bounded(lang, 100)
}

// maxBody is how much a request may send: a picture and a journey's source more
// than any other form. A form writes each byte of a source as up to three.
func maxBody(r *http.Request) int64 {
	switch {
	case r.URL.Path == "/plugins":
		return maxModule + maxForm
	case r.URL.Path == "/media":
		return orchestrator.MaxPicture + maxForm
	case r.URL.Path == "/journeys/new" || strings.HasSuffix(r.URL.Path, "/source"):
		return 3*journey.MaxSource + maxForm
	}
	return maxForm
}

// page turns a handler that may fail into one that shows its failure.
func (u *UI) page(h func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			u.fail(w, r, err, true)
		}
	})
}

// render writes a component. It renders first, so that a failure can still
// become an error page.
func render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Vary", "Accept-Encoding")
	if b.Len() < worthZipping || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes()) // the reader may have gone
		return nil
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := zippers.Get().(*gzip.Writer) //nolint:forcetypeassert,errcheck // the pool makes nothing else
	defer zippers.Put(z)
	z.Reset(w)
	_, _ = z.Write(b.Bytes())
	_ = z.Close()
	return nil
}

// worthZipping is from how many bytes on a page is compressed. No page holds a
// secret beside words of a stranger: requests are told from foreign ones by
// their origin, and sessions live in cookies; so its length gives nothing away.
const worthZipping = 2048

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, 6) // the level is a known one
	return z
}}

// partial says whether htmx asks for a part of the page.
func partial(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") == ""
}

// redirect goes on to a page after a form.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	if partial(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // callers pass paths of this site, made here or by localPath
	return nil
}

// getPreferences remembers a choice of language or theme and returns.
func (u *UI) getPreferences(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if l := q.Get("lang"); l != "" {
		u.remember(w, "lang", i18n.Match(bounded(l, 100)))
	}
	if t := q.Get("theme"); t == "light" || t == "dark" {
		u.remember(w, "theme", t)
	}
	return redirect(w, r, localPath(q.Get("back")))
}

// remember keeps a choice for a year. Scripts may read and write it: the theme
// switch does.
func (u *UI) remember(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // no secret: the theme switch reads and writes it
		Name: name, Value: value, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		SameSite: http.SameSiteLaxMode, Secure: u.base.Scheme == "https",
	})
}

// localPath is path when it stays on this site, else the first page.
func localPath(path string) string {
	p, err := url.Parse(path)
	if err != nil || len(path) > maxField || p.IsAbs() || p.Host != "" || p.User != nil ||
		!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// bounded is s cut to n bytes, without a broken character at the end.
func bounded(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
