package ui

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/qidong/qidong/docs"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/guide"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) docsRoutes() routes {
	return routes{"GET /docs": u.getDocs, "GET /docs/{name}": u.getGuide, "GET /docs/img/{file}": u.getDocsPicture}
}

// renderGuide is a guide in the reader's language. False means that there is none.
func renderGuide(name, lang string) (view.Guide, bool, error) {
	markdown, in, ok := docs.Guide(name, lang)
	if !ok {
		return view.Guide{}, false, nil
	}
	page, err := guide.Render(markdown, guideURL, "/docs/img/")
	return view.Guide{Name: name, Lang: in, Page: page}, true, err
}

// guideURL is where a guide is shown, "" for one that does not exist.
func guideURL(name string) string {
	if _, _, ok := docs.Guide(name, "en"); !ok {
		return ""
	}
	return "/docs/" + name
}

// guides are all guides, in order.
func guides(lang string) ([]view.Guide, error) {
	var all []view.Guide
	for _, name := range docs.Guides() {
		g, _, err := renderGuide(name, lang)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

// getDocs lists the guides.
func (u *UI) getDocs(w http.ResponseWriter, r *http.Request, _ actor) error {
	all, err := guides(i18n.Lang(r.Context()))
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.DocsPage(all))
}

// getGuide shows a guide beside the list of all.
func (u *UI) getGuide(w http.ResponseWriter, r *http.Request, _ actor) error {
	name, lang := r.PathValue("name"), i18n.Lang(r.Context())
	shown, ok, err := renderGuide(name, lang)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("guide %q: %w", name, orchestrator.ErrNotFound)
	}
	all, err := guides(lang)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.GuidePage(all, shown))
}

// getDocsPicture is a picture of a guide.
func (u *UI) getDocsPicture(w http.ResponseWriter, r *http.Request, _ actor) error {
	file := r.PathValue("file")
	content, ok := docs.Picture(file)
	if !ok {
		return fmt.Errorf("picture %q: %w", file, orchestrator.ErrNotFound)
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(w, r, file, time.Time{}, bytes.NewReader(content))
	return nil
}
