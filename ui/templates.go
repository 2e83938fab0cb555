package ui

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) templateRoutes() routes {
	return routes{
		"GET /templates":                u.getTemplates,
		"GET /templates/new":            u.getNewTemplate,
		"POST /templates":               u.postTemplate,
		"POST /templates/preview":       u.postTemplatePreview,
		"GET /templates/{name}":         u.getTemplate,
		"POST /templates/{name}/delete": u.postTemplateDelete,
		"GET /media":                    u.getPictures,
		"POST /media":                   u.postPicture,
		"POST /media/{digest}/delete":   u.postPictureDelete,
	}
}

func templatePath(name string) string { return "/templates/" + url.PathEscape(name) }

// getTemplates lists the templates, each with what it looks like.
func (u *UI) getTemplates(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	list, err := u.service.Templates(ctx, a)
	if err != nil {
		return err
	}
	var rows []view.TemplateRow
	for _, t := range list {
		row := view.TemplateRow{
			Name: t.Name, URL: templatePath(t.Name), Title: journeyTitle(ctx, t.Title, t.Name), Category: i18n.T(ctx, "category."+t.Message.Category),
			Form: i18n.T(ctx, "form."+form(&t.Message)), Updated: i18n.Time(ctx, t.UpdatedAt.Local(), u.now()), By: t.UpdatedBy,
			Languages: writtenIn(&t.Message), Lang: i18n.Lang(ctx),
		}
		if len(row.Languages) > 0 && smsText(row.Lang, &t.Message) == "" {
			row.Lang = row.Languages[0]
		}
		row.Bubble = preview(row.Lang, &t.Message)
		rows = append(rows, row)
	}
	u.allowMedia(w)
	return render(w, r, http.StatusOK, view.Templates(rows))
}

func (u *UI) getNewTemplate(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.showTemplate(w, r, a, http.StatusOK, orchestrator.Template{Message: journey.Send{Category: "service", Card: &journey.Card{}}}, nil)
}

func (u *UI) getTemplate(w http.ResponseWriter, r *http.Request, a actor) error {
	t, err := u.service.Template(r.Context(), a, r.PathValue("name"))
	if err != nil {
		return err
	}
	return u.showTemplate(w, r, a, http.StatusOK, t, nil)
}

func (u *UI) showTemplate(w http.ResponseWriter, r *http.Request, a actor, status int, t orchestrator.Template, bad []view.Problem) error {
	ctx := r.Context()
	page := templateForm(ctx, t)
	page.Problems = bad
	pictures, err := u.service.Pictures(ctx, a)
	if err != nil {
		return err
	}
	for _, p := range pictures {
		page.Pictures = append(page.Pictures, view.Option{Value: u.pictureURL(p), Text: p.Name})
	}
	u.allowMedia(w)
	return render(w, r, status, view.TemplatePage(page))
}

// postTemplate saves what the form holds. What is refused comes back with why,
// and nothing typed is lost.
func (u *UI) postTemplate(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	t := readTemplate(r.PostForm)
	_, err := u.service.PutTemplate(ctx, a, t, t.Revision)
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		return u.showTemplate(w, r, a, http.StatusUnprocessableEntity, t, problems(ctx, invalid))
	case errors.Is(err, orchestrator.ErrConflict):
		why := "template.conflict"
		if t.Revision == 0 {
			why = "template.taken"
		}
		return u.showTemplate(w, r, a, http.StatusConflict, t, []view.Problem{{What: i18n.T(ctx, why)}})
	case err != nil:
		return err
	}
	u.said(r, i18n.T(ctx, "template.saved"))
	return redirect(w, r, templatePath(t.Name))
}

// postTemplatePreview shows what the form holds now; nothing is stored.
func (u *UI) postTemplatePreview(w http.ResponseWriter, r *http.Request, _ actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	t := readTemplate(r.PostForm)
	return render(w, r, http.StatusOK, view.MessagePreviews(messagePreviews(r.Context(), &t.Message)))
}

func (u *UI) postTemplateDelete(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := u.service.DeleteTemplate(r.Context(), a, r.PathValue("name")); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "template.deleted"))
	return redirect(w, r, "/templates")
}

// messagePreviews are what a message looks like in each language and channel.
func messagePreviews(ctx context.Context, s *journey.Send) view.Channels {
	var out view.Channels
	mine := i18n.Lang(ctx)
	others := slices.DeleteFunc(slices.Clone(i18n.Languages), func(l string) bool { return l == mine })
	for _, lang := range append([]string{mine}, others...) {
		c := view.Channel{Lang: lang, Bubble: preview(lang, s), SMS: smsText(lang, s)}
		segments, units, wide := smsSize(c.SMS)
		c.Empty = segments == 0
		coding := "GSM-7"
		if wide {
			coding = "UCS-2"
		}
		c.Size = i18n.Count(ctx, "template.sms", segments) + " · " + i18n.T(ctx, "template.sms.units", "n", strconv.Itoa(units), "coding", coding)
		out.List = append(out.List, c)
	}
	return out
}

// The most templates that a panel offers, and their bytes together: they come
// whole, so that taking one is one edit.
const (
	maxOffered      = 50
	maxOfferedBytes = 64 << 10
)

// getTemplateOffers is the templates that a step's message may be taken from, as
// edits that put one into it.
func (u *UI) getTemplateOffers(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	list, err := u.service.Templates(ctx, a)
	if err != nil {
		return err
	}
	field := "steps." + bounded(r.URL.Query().Get("step"), maxQuery) + ".send"
	var out []view.TemplateOffer
	room := maxOfferedBytes
	for _, t := range list {
		message, err := json.Marshal(t.Message)
		if err != nil {
			return err
		}
		if room -= len(message); room < 0 || len(out) == maxOffered {
			break
		}
		out = append(out, view.TemplateOffer{
			Take: view.StepAdd{Text: journeyTitle(ctx, t.Title, t.Name), Field: field, Value: string(message)},
			Look: messagePreviews(ctx, &t.Message).List[0],
		})
	}
	return render(w, r, http.StatusOK, view.TemplateOffers(out))
}
