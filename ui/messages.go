package ui

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// conversation shows the messages of one customer.
type conversation struct {
	ctx    context.Context
	who    orchestrator.Customer
	path   string // of the page, below which its calendar files are
	now    time.Time
	closed func(orchestrator.Message) bool // whether answers come too late
	phone  bool                            // a telephone: it knows receipts, and where it is
	words  []ownWords                      // what the customer wrote, oldest first
}

// bubbles are messages and answers in order of time.
func (c conversation) bubbles(list []orchestrator.Message) []view.Bubble {
	type item struct {
		at time.Time
		b  view.Bubble
	}
	var items []item
	answered := map[string]bool{}
	for _, m := range list {
		answered[m.ID] = m.Answer != ""
		items = append(items, item{m.SentAt, c.bubble(m)})
		if m.Answer != "" {
			b := view.Bubble{Key: key("a", m.ID), Mine: true, Text: m.Replies[m.Answer].Text}
			items = append(items, item{m.AnsweredAt, b})
		}
	}
	for _, w := range c.words {
		if !answered[w.answers] { // the answer is shown already
			items = append(items, item{w.at, view.Bubble{Key: key("w", w.id), Mine: true, Text: w.text, State: w.state}})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return a.at.Compare(b.at) })
	out, day := []view.Bubble{}, ""
	for _, i := range items {
		at := i.at.In(zone(c.who))
		i.b.Time = at.Format("15:04")
		if d := at.Format(i18n.T(c.ctx, "date.day")); d != day {
			i.b.Day, day = d, d
		}
		out = append(out, i.b)
	}
	return out
}

// bubble is one message.
func (c conversation) bubble(m orchestrator.Message) view.Bubble {
	b := view.Bubble{Key: key("m", m.ID), ID: m.ID, Step: m.Step, Done: m.Answer != ""}
	b.Closed = c.closed != nil && c.closed(m)
	if c.phone {
		state, at := reached(m)
		b.State, b.When = state, at.In(zone(c.who)).Format("15:04:05")
	}
	n := 0 // counts the suggestions of the message, which names its calendar files
	for i, p := range m.Parts {
		if i == maxParts {
			break
		}
		if p.ContentType == journey.ContentText {
			var s string
			if json.Unmarshal(p.Body, &s) == nil && s != "" {
				b.Texts = append(b.Texts, s)
			}
			continue
		}
		body := readPart(p.Body)
		var cards []gsmaCard
		if one := body.Message.Card; one != nil {
			cards = []gsmaCard{one.Content}
		} else if many := body.Message.Carousel; many != nil {
			cards = many.Content
		}
		for _, card := range cards[:min(len(cards), maxCards)] {
			b.Cards = append(b.Cards, c.card(m, card, &n))
		}
		for _, s := range body.Suggestions[:min(len(body.Suggestions), maxChips)] {
			b.Chips = append(b.Chips, c.action(m, s, &n))
		}
	}
	return b
}

func (c conversation) card(m orchestrator.Message, g gsmaCard, n *int) view.Card {
	card := view.Card{Title: g.Title, Text: g.Description}
	if g.Media != nil {
		card.Media = media(m, g.Media.URL)
		card.Media.Alt = g.Media.Alt
		card.Media.Height = strings.ToLower(strings.TrimSuffix(g.Media.Height, "_HEIGHT"))
		if !slices.Contains([]string{"short", "medium", "tall"}, card.Media.Height) {
			card.Media.Height = "medium"
		}
	}
	for _, s := range g.Suggestions[:min(len(g.Suggestions), maxActs)] {
		card.Actions = append(card.Actions, c.action(m, s, n))
	}
	return card
}

// media is a picture of a card. Our own QR codes are served from here, whatever
// address the phone was told.
func media(m orchestrator.Message, address string) *view.Media {
	index, ours := strings.CutPrefix(address, "qidong:qr:")
	if u, err := url.Parse(address); err == nil && !ours {
		index, ours = strings.CutPrefix(u.Path, "/m/"+m.MediaToken+"/")
		index = strings.TrimSuffix(index, ".png")
	}
	i, err := strconv.Atoi(index)
	if ours && err == nil && i >= 0 && i < len(m.QR) {
		return &view.Media{URL: "/m/" + url.PathEscape(m.MediaToken) + "/" + strconv.Itoa(i) + ".png", QR: true, Scan: webURL(m.QR[i])}
	}
	return &view.Media{URL: webURL(address)}
}

func (c conversation) action(m orchestrator.Message, s gsmaSuggestion, n *int) view.Action {
	*n++
	switch {
	case s.Reply != nil:
		data := s.Reply.Postback.Data
		return view.Action{Kind: "reply", Text: s.Reply.Text, Data: data, Name: m.Replies[data].Reply, Chosen: data != "" && data == m.Answer}
	case s.Action == nil:
		return view.Action{}
	}
	a := view.Action{Text: s.Action.Text}
	switch {
	case s.Action.URL != nil:
		a.Kind, a.URL = "open", webURL(s.Action.URL.Open.URL)
	case s.Action.Map != nil && s.Action.Map.Show != nil:
		a.Kind, a.URL = "map", s.Action.Map.Show.mapURL(i18n.Lang(c.ctx))
	case s.Action.Map != nil && s.Action.Map.Push != nil:
		if a.Kind = "location"; c.phone {
			return a
		}
	case s.Action.Dialer != nil:
		a.Kind, a.URL = "dial", telURL(s.Action.Dialer.number())
	case s.Action.Compose != nil && s.Action.Compose.Text != nil:
		a.Kind, a.URL = "compose", s.Action.Compose.Text.smsURL()
	case s.Action.Calendar != nil && s.Action.Calendar.Create != nil:
		a.Kind, a.URL = "calendar", c.path+"/calendar.ics?"+url.Values{"message": {m.ID}, "n": {strconv.Itoa(*n)}}.Encode()
	}
	if a.URL == "" {
		a.Kind = "refused"
	}
	return a
}

// key is an element id for a message.
func key(prefix, id string) string {
	return prefix + "-" + strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, bounded(id, 200))
}

// asks says whether a message still waits for an answer.
func asks(b view.Bubble) bool {
	if b.Done || b.Closed {
		return false
	}
	reply := func(a view.Action) bool { return a.Kind == "reply" }
	return slices.ContainsFunc(b.Chips, reply) ||
		slices.ContainsFunc(b.Cards, func(c view.Card) bool { return slices.ContainsFunc(c.Actions, reply) })
}

// ticket says whether a message shows a QR code.
func ticket(b view.Bubble) bool {
	return slices.ContainsFunc(b.Cards, func(c view.Card) bool { return c.Media != nil && c.Media.QR })
}

// useful says whether a message leads somewhere.
func useful(b view.Bubble) bool {
	act := func(a view.Action) bool { return a.Kind != "reply" && a.URL != "" }
	return slices.ContainsFunc(b.Chips, act) ||
		slices.ContainsFunc(b.Cards, func(c view.Card) bool { return slices.ContainsFunc(c.Actions, act) })
}
