package ui

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// picturePath is where everybody finds a picture: its name is what it is.
func picturePath(p orchestrator.Picture) string { return "/p/" + p.Digest + "." + p.Extension() }

// pictureURL is its address for messages, as phones fetch it.
func (u *UI) pictureURL(p orchestrator.Picture) string {
	return u.base.Scheme + "://" + u.base.Host + picturePath(p)
}

// getPicture is a picture's bytes, for everybody. A browser never makes more of
// them than a picture: type and name are ours, and it may not guess another.
func (u *UI) getPicture(w http.ResponseWriter, r *http.Request) error {
	digest, _, _ := strings.Cut(r.PathValue("file"), ".")
	p, content, err := u.service.Picture(r.Context(), digest)
	if err != nil {
		return err
	}
	if "/p/"+r.PathValue("file") != picturePath(p) {
		return orchestrator.ErrNotFound
	}
	h := w.Header()
	h.Set("Content-Type", p.Type)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", `inline; filename="`+p.Digest[:12]+"."+p.Extension()+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content) //nolint:gosec // a picture by type, and the headers keep it one
	return nil
}

// getPictures is the gallery.
func (u *UI) getPictures(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.showPictures(w, r, a, http.StatusOK, nil)
}

func (u *UI) showPictures(w http.ResponseWriter, r *http.Request, a actor, status int, bad []view.Problem) error {
	ctx := r.Context()
	list, err := u.service.Pictures(ctx, a)
	if err != nil {
		return err
	}
	page := view.Gallery{Problems: bad, Most: i18n.T(ctx, "media.most", "n", strconv.Itoa(orchestrator.MaxPicture>>20))}
	uses, err := u.pictureUses(ctx, a)
	if err != nil {
		return err
	}
	for _, p := range list {
		tile := view.PictureTile{
			Path: picturePath(p), URL: u.pictureURL(p), Delete: "/media/" + p.Digest + "/delete", Name: p.Name,
			Facts: strings.ToUpper(p.Extension()) + " · " + strconv.Itoa(p.Width) + " × " + strconv.Itoa(p.Height) + " · " + strconv.FormatInt((p.Size+1023)/1024, 10) + " KB",
			Added: joined(p.AddedBy, i18n.Time(ctx, p.AddedAt.Local(), u.now())),
		}
		for _, use := range uses {
			if strings.Contains(use.address, p.Digest) && len(tile.Uses) < 10 {
				tile.Uses = append(tile.Uses, use.link)
			}
		}
		page.Pictures = append(page.Pictures, tile)
	}
	return render(w, r, status, view.GalleryPage(page))
}

// pictureUse is a message that shows the picture at an address.
type pictureUse struct {
	address string
	link    view.Link
}

// pictureUses are the pictures of templates and of the newest versions of the
// journeys.
func (u *UI) pictureUses(ctx context.Context, a actor) ([]pictureUse, error) {
	var out []pictureUse
	add := func(s *journey.Send, link view.Link) {
		for _, c := range cardsOf(s) {
			if c.Media != nil && c.Media.URL != "" {
				out = append(out, pictureUse{address: c.Media.URL, link: link})
			}
		}
	}
	templates, err := u.service.Templates(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, t := range templates {
		add(&t.Message, view.Link{Text: journeyTitle(ctx, t.Title, t.Name), URL: templatePath(t.Name)})
	}
	journeys, err := u.service.Journeys(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, j := range journeys {
		_, v, err := u.service.Journey(ctx, a, j.Name)
		if err != nil {
			return nil, err
		}
		for _, s := range steps(v.Definition) {
			if s.Send != nil {
				add(s.Send, view.Link{
					Text: journeyTitle(ctx, j.Title, j.Name) + " · " + stepTitle(ctx, s), URL: view.TabURL(j.Name, "design") + "?" + url.Values{"step": {s.ID}}.Encode(),
				})
			}
		}
	}
	return out, nil
}

// postPicture takes an upload.
func (u *UI) postPicture(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	if err := r.ParseMultipartForm(orchestrator.MaxPicture + maxForm); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return u.showPictures(w, r, a, http.StatusRequestEntityTooLarge, []view.Problem{{What: i18n.T(ctx, "media.most", "n", strconv.Itoa(orchestrator.MaxPicture>>20))}})
		}
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	file, header, err := r.FormFile("file")
	if err != nil {
		return u.showPictures(w, r, a, http.StatusUnprocessableEntity, []view.Problem{{What: i18n.T(ctx, "media.choose")}})
	}
	defer file.Close() //nolint:errcheck // it was read
	content, err := io.ReadAll(io.LimitReader(file, orchestrator.MaxPicture+1))
	if err != nil {
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	_, err = u.service.AddPicture(ctx, a, bounded(filepath.Base(header.Filename), 100), content)
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		return u.showPictures(w, r, a, http.StatusUnprocessableEntity, problems(ctx, invalid))
	case err != nil:
		return err
	}
	u.said(r, i18n.T(ctx, "media.added"))
	return redirect(w, r, "/media")
}

func (u *UI) postPictureDelete(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := u.service.DeletePicture(r.Context(), a, r.PathValue("digest")); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "media.deleted"))
	return redirect(w, r, "/media")
}
