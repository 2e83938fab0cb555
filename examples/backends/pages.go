package backends

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed pages
var pageFiles embed.FS

// pages are the templates by file name. tr picks one of two texts by language.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"tr": func(lang, en, zh string) string { return text{en, zh}.in(lang) },
}).ParseFS(pageFiles, "pages/*.html"))

// page renders a template with Lang besides data.
func (d *desk) page(w http.ResponseWriter, r *http.Request, name string, data map[string]any) {
	d.pageStatus(w, r, http.StatusOK, name, data)
}

func (d *desk) pageStatus(w http.ResponseWriter, r *http.Request, status int, name string, data map[string]any) {
	data["Lang"] = pageLocale(r)
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		d.fail(w, r, fmt.Errorf("rendering %s: %w", name, err))
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", pageLocale(r))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that left cannot be told
}

// failPage answers a browser with a page and everyone else with JSON.
func (d *desk) failPage(w http.ResponseWriter, r *http.Request, err error) {
	var no *refusal
	if !wantsHTML(r) || !errors.As(err, &no) {
		d.fail(w, r, err)
		return
	}
	d.pageStatus(w, r, no.status, "refusal.html", map[string]any{"Unknown": no.status == http.StatusNotFound})
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeFileFS(w, r, pageFiles, "pages/style.css")
}
