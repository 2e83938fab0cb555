package ui

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// maxWritten is how many messages are shown at once.
const maxWritten = 60

// getWritten shows what the published journeys say, in every language it is
// written in; ?journey= shows the messages of one.
func (u *UI) getWritten(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, wanted := r.Context(), bounded(r.URL.Query().Get("journey"), maxQuery)
	list, err := u.service.Journeys(ctx, a)
	if err != nil {
		return err
	}
	var p view.WrittenPage
	for _, j := range list {
		title := journeyTitle(ctx, j.Title, j.Name)
		p.Journeys = append(p.Journeys, view.Option{Value: j.Name, Text: title, Selected: j.Name == wanted})
		if wanted != "" && j.Name != wanted || p.More {
			continue
		}
		_, v, err := u.service.Journey(ctx, a, j.Name)
		if err != nil {
			return err
		}
		for _, s := range steps(v.Definition) {
			if s.Send == nil {
				continue
			}
			if len(p.Messages) == maxWritten {
				p.More = true
				break
			}
			m := writtenStep(ctx, s)
			m.Journey, m.URL = title, view.TabURL(j.Name, "design")+"?"+url.Values{"step": {s.ID}}.Encode()
			m.Key = key("w", j.Name+"/"+s.ID)
			p.Messages = append(p.Messages, m)
		}
	}
	u.allowMedia(w)
	return render(w, r, http.StatusOK, view.WrittenMessages(p))
}

// writtenStep is a message as a phone would show it, before its expressions are
// filled in.
func writtenStep(ctx context.Context, s *journey.Step) view.Written {
	m := view.Written{
		Title: stepTitle(ctx, s), Category: i18n.T(ctx, "category."+s.Send.Category), Form: i18n.T(ctx, "form."+form(s.Send)),
		Channels: strings.Join(s.Send.Channels, ", "),
	}
	if m.Channels == "" {
		m.Channels = i18n.T(ctx, "written.channels")
	}
	for _, lang := range writtenIn(s.Send) {
		m.Previews = append(m.Previews, view.Preview{Lang: lang, Bubble: preview(lang, s.Send)})
	}
	return m
}

// writtenIn are the languages of a message's own words.
func writtenIn(s *journey.Send) []string {
	found := map[string]bool{}
	add := func(t journey.Text) {
		for lang := range t {
			found[lang] = true
		}
	}
	add(s.Text)
	for _, c := range cardsOf(s) {
		add(c.Title)
		add(c.Description)
	}
	return slices.Sorted(maps.Keys(found))
}

func cardsOf(s *journey.Send) []journey.Card {
	switch {
	case s.Carousel != nil:
		return []journey.Card{s.Carousel.Card}
	case s.Card != nil:
		return []journey.Card{*s.Card}
	}
	return nil
}

func preview(lang string, s *journey.Send) view.Bubble {
	b := view.Bubble{Closed: true}
	if t := s.Text[lang]; t != "" {
		b.Texts = []string{t}
	}
	for _, c := range cardsOf(s) {
		card := view.Card{Title: c.Title[lang], Text: c.Description[lang], Actions: offered(lang, c.Suggestions)}
		if m := c.Media; m != nil {
			card.Media = &view.Media{Alt: m.Alt[lang], Height: strings.ToLower(strings.TrimSuffix(m.Height, "_HEIGHT"))}
			if card.Media.Height == "" {
				card.Media.Height = "medium"
			}
			address := m.URL + m.QR
			if !strings.Contains(address, "${") && m.QR == "" {
				card.Media.URL = webURL(address)
			}
			if card.Media.URL == "" { // it is known only when the message is sent
				card.Media.Alt = strings.TrimSpace(card.Media.Alt + "\n" + bounded(address, 120))
			}
		}
		b.Cards = append(b.Cards, card)
	}
	b.Chips = offered(lang, s.Suggestions)
	return b
}

// offered are suggestions that nobody can take here.
func offered(lang string, list []journey.Suggestion) []view.Action {
	var out []view.Action
	for _, s := range list {
		out = append(out, view.Action{Kind: "reply", Text: s.Text[lang], Name: s.Reply})
	}
	return out
}
