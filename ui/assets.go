package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var static embed.FS

// assets are the static files under names that contain their content's hash,
// so that a browser may keep them for good.
type assets struct {
	paths map[string]string // name → address
	files map[string]asset  // address → file
}

type asset struct {
	body, zipped []byte
	kind         string
}

func loadAssets() (*assets, error) {
	a := &assets{paths: map[string]string{}, files: map[string]asset{}}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		return a.add(strings.TrimPrefix(name, "static/"), body)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the static files: %w", err)
	}
	return a, nil
}

func (a *assets) add(name string, body []byte) error {
	ext := path.Ext(name)
	kind := mime.TypeByExtension(ext)
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	address := "/static/" + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.paths[name] = address
	a.files[address] = asset{body: body, zipped: z.Bytes(), kind: kind}
	return nil
}

// path is the address of a file; an unknown name is a mistake of ours that
// shows as a missing file.
func (a *assets) path(name string) string {
	if p, ok := a.paths[name]; ok {
		return p
	}
	return "/static/" + name
}

// ServeHTTP serves a file that may be kept for good.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	body := f.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
