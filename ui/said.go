package ui

import (
	"net/http"
	"net/url"

	"github.com/qidong/qidong/ui/view"
)

// maxUndo bounds the form of an undo that a session keeps.
const maxUndo = 8 << 10

// said is shown once, as a toast on the next page.
func (u *UI) said(r *http.Request, text string) {
	u.sessions.Put(r.Context(), keySaid, bounded(text, 500))
}

// saidUndo is said with a button that takes it back: it sends form to path, one of
// the pages' own. An undo that is too long is not offered.
func (u *UI) saidUndo(r *http.Request, text, path string, form url.Values) {
	u.said(r, text)
	if undo := path + "?" + form.Encode(); len(undo) <= maxUndo {
		u.sessions.Put(r.Context(), keyUndo, undo)
	}
}

// whatWasSaid is what the form before did, and how it is taken back. It is told
// once.
func (u *UI) whatWasSaid(r *http.Request) (string, *view.Undo) {
	text, undo := u.sessions.PopString(r.Context(), keySaid), u.sessions.PopString(r.Context(), keyUndo)
	to, err := url.Parse(undo)
	if text == "" || undo == "" || err != nil {
		return text, nil
	}
	v := &view.Undo{Path: to.EscapedPath()}
	for name, values := range to.Query() {
		for _, value := range values {
			v.Fields = append(v.Fields, view.Field{Label: name, Value: value})
		}
	}
	return text, v
}
