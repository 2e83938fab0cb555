package ui

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// historyLimit is how much of a customer's history is on one page.
const historyLimit = 30

// addHistory is everything that happened with a customer, newest first, or what
// is of one kind.
func (u *UI) addHistory(ctx context.Context, a actor, n *names, c orchestrator.Customer, at *url.URL, page *view.Customer) error {
	chosen := orchestrator.HistoryKind(bounded(at.Query().Get("kind"), 20))
	page.Kinds = []view.Option{{Value: "", Text: i18n.T(ctx, "history.kind.all"), Selected: chosen == ""}}
	for _, k := range orchestrator.HistoryKinds() {
		page.Kinds = append(page.Kinds, view.Option{Value: string(k), Text: i18n.T(ctx, "history.kind."+string(k)), Selected: k == chosen})
	}
	var kinds []orchestrator.HistoryKind
	if slices.Contains(orchestrator.HistoryKinds(), chosen) {
		kinds = append(kinds, chosen)
	}
	list, next, err := u.service.History(ctx, a, c.ID, kinds, orchestrator.Page{Limit: historyLimit, After: bounded(at.Query().Get("after"), maxField)})
	if err != nil {
		return err
	}
	if page.Next = nextPage(at, next); page.Next != "" {
		page.Next += "#history"
	}
	day := ""
	for _, h := range list {
		e := historyEntry(ctx, n, h)
		local := h.At.In(zone(c))
		e.Kind, e.Time = string(h.Kind), local.Format("15:04:05")
		if d := local.Format(i18n.T(ctx, "date.full")); d != day {
			e.Date, day = d, d
		}
		page.History = append(page.History, e)
	}
	return nil
}

// historyEntry tells one thing that happened as a line.
func historyEntry(ctx context.Context, n *names, h orchestrator.HistoryItem) view.HistoryEntry {
	switch h.Kind {
	case orchestrator.HistoryEvent:
		return view.HistoryEntry{Icon: "entry", Title: h.Event.Type, Note: joined(h.Event.Source, eventState(ctx, h.Event)), Detail: indented(h.Event.Data)}
	case orchestrator.HistoryMessage:
		return messageEntry(ctx, n, h.Message)
	case orchestrator.HistoryEnrollment:
		e := h.Enrollment
		state := i18n.T(ctx, "status."+string(e.Status))
		if e.Status == orchestrator.EnrollmentEnded {
			state = outcome(ctx, e.Outcome)
		}
		return view.HistoryEntry{
			Icon: "journeys", Title: i18n.T(ctx, "history.entered", "journey", n.journey(e.Journey)), URL: "/enrollments/" + url.PathEscape(e.ID),
			Note: joined(state, n.step(e.Journey, e.Step)),
		}
	case orchestrator.HistoryConsent:
		c := h.Consent
		channel := c.Channel
		if channel == "" {
			channel = i18n.T(ctx, "consent.channel.all")
		}
		return view.HistoryEntry{
			Icon: "consent", Title: i18n.T(ctx, "history.consent", "category", i18n.T(ctx, "category."+c.Category), "state", i18n.T(ctx, "consent.state."+string(c.State))),
			Note: joined(channel, i18n.T(ctx, "consent.how."+c.How), c.By, c.Note),
		}
	case orchestrator.HistoryTask:
		t := h.Task
		return view.HistoryEntry{
			Icon: "task", Title: taskTitle(ctx, n, *t), URL: taskPath(t.ID), Note: joined(t.Assignee, i18n.T(ctx, "task.state."+string(t.State))),
		}
	case orchestrator.HistoryAnswer:
		s := h.Answer
		score := ""
		if s.Answered && s.Score >= 0 {
			score = strconv.Itoa(s.Score)
		}
		return view.HistoryEntry{Icon: "survey", Title: i18n.T(ctx, "history.answer", "step", n.step(s.Journey, s.Step)), Note: joined(strings.ToUpper(s.Kind), score), Answer: s.Text}
	}
	return view.HistoryEntry{Title: string(h.Kind)}
}

func eventState(ctx context.Context, e *orchestrator.Event) string {
	if e.Status == orchestrator.EventDone {
		return ""
	}
	return joined(i18n.T(ctx, "event.state."+string(e.Status)), e.Reason)
}

func messageEntry(ctx context.Context, n *names, m *orchestrator.Message) view.HistoryEntry {
	e := view.HistoryEntry{
		Icon: "send", Title: messageText(ctx, *m), Note: joined(m.Channel, i18n.T(ctx, "category."+m.Category), n.journey(m.Journey), n.step(m.Journey, m.Step)),
	}
	if m.Enrollment != "" {
		e.URL = "/enrollments/" + url.PathEscape(m.Enrollment)
	}
	if m.Answer != "" {
		reply := m.Answer
		if meaning, ok := m.Replies[m.Answer]; ok && meaning.Text != "" {
			reply = meaning.Text
		}
		e.Answer = i18n.T(ctx, "history.replied", "text", bounded(reply, 200))
	}
	return e
}

// messageText is what a message says, in a line.
func messageText(ctx context.Context, m orchestrator.Message) string {
	for _, p := range m.Parts {
		var body any
		if json.Unmarshal(p.Body, &body) != nil {
			continue
		}
		if text := firstText(body, 0); text != "" {
			return bounded(strings.Join(strings.Fields(text), " "), 160)
		}
	}
	return i18n.T(ctx, "history.message")
}

// firstText is the first title or text in a body; a text body is itself one.
func firstText(v any, depth int) string {
	if depth > 6 {
		return ""
	}
	switch v := v.(type) {
	case string:
		if depth == 0 {
			return v
		}
	case []any:
		for _, one := range v {
			if text := firstText(one, depth+1); text != "" {
				return text
			}
		}
	case map[string]any:
		for _, key := range []string{"title", "text", "description"} {
			if text, ok := v[key].(string); ok && text != "" {
				return text
			}
		}
		for _, key := range []string{"message", "generalPurposeCard", "generalPurposeCardCarousel", "content"} {
			if text := firstText(v[key], depth+1); text != "" {
				return text
			}
		}
	}
	return ""
}

// joined puts parts that are not empty behind each other.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// indented writes JSON for people, bounded.
func indented(data json.RawMessage) string {
	var v any
	if len(data) == 0 || json.Unmarshal(data, &v) != nil || v == nil {
		return ""
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ""
	}
	return bounded(string(b), 4000)
}
