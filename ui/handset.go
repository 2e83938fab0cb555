package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// The bounds of a conversation on a page.
const (
	maxThread   = 200 // the newest messages
	maxPages    = 20  // of the store, walked to reach them
	maxRuns     = 3   // enrollments beside the phone
	threadEvery = 700 * time.Millisecond
)

// getHandset shows a customer's conversation.
func (u *UI) getHandset(w http.ResponseWriter, r *http.Request, a actor) error {
	p, _, err := u.handset(r.Context(), a, r.PathValue("customer"))
	if err != nil {
		return err
	}
	u.allowMedia(w)
	return render(w, r, http.StatusOK, view.HandsetPage(p))
}

// handset is the page, and a text that changes when it does.
func (u *UI) handset(ctx context.Context, a actor, id string) (view.Handset, string, error) {
	c, err := u.service.Customer(ctx, a, id)
	if err != nil {
		return view.Handset{}, "", err
	}
	messages, err := u.messages(ctx, a, id)
	if err != nil {
		return view.Handset{}, "", err
	}
	list, _, err := u.service.Enrollments(ctx, a, orchestrator.EnrollmentFilter{Workspace: a.Workspace, Customer: id}, orchestrator.Page{Limit: maxRuns})
	if err != nil {
		return view.Handset{}, "", err
	}
	name := displayName(c)
	p := view.Handset{
		ID: c.ID, Name: name, Initials: view.Initials(name), Locale: i18n.Match(c.Locale), Companion: companionPath(c),
		Clock: u.now().In(zone(c)).Format("15:04"), Thread: u.thread(ctx, c, messages),
	}
	n := u.names(ctx, a)
	state := &strings.Builder{}
	for _, e := range list {
		p.Runs = append(p.Runs, u.run(ctx, n, e))
		p.Thread.Waiting = p.Thread.Waiting || busy(e)
		fmt.Fprint(state, e.ID, e.Status, e.Step, e.LogSeq, e.WaitUntil.Unix(), "|")
	}
	for _, m := range messages {
		fmt.Fprint(state, m.ID, m.Answer, "|")
	}
	return p, state.String(), nil
}

// messages are the newest of a customer, oldest first.
func (u *UI) messages(ctx context.Context, a actor, customer string) ([]orchestrator.Message, error) {
	var all []orchestrator.Message
	after := ""
	for range maxPages {
		list, next, err := u.service.Messages(ctx, a, customer, orchestrator.Page{Limit: 500, After: after})
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(all) > maxThread {
			all = all[len(all)-maxThread:]
		}
		if after = next; after == "" {
			break
		}
	}
	return all, nil
}

func (u *UI) thread(ctx context.Context, c orchestrator.Customer, list []orchestrator.Message) view.Thread {
	id := url.PathEscape(c.ID)
	talk := conversation{ctx: i18n.With(ctx, c.Locale), who: c, path: "/handset/" + id, now: u.now()}
	return view.Thread{Customer: id, Bubbles: talk.bubbles(list)}
}

// run tells where a customer is in one journey.
func (u *UI) run(ctx context.Context, n *names, e orchestrator.Enrollment) view.Run {
	r := view.Run{
		Journey: view.Link{Text: n.journey(e.Journey), URL: "/journeys/" + url.PathEscape(e.Journey)},
		URL:     "/enrollments/" + url.PathEscape(e.ID), Step: n.step(e.Journey, e.Step),
		Status: enrollmentStatus(ctx, e.Status), Test: pace(ctx, e), Held: e.Status == orchestrator.EnrollmentHeld,
	}
	switch {
	case e.Status == orchestrator.EnrollmentEnded:
		r.Step = outcome(ctx, e.Outcome)
	case e.Status == orchestrator.EnrollmentOpen && !e.WaitUntil.IsZero():
		r.Until = u.until(ctx, e)
	}
	return r
}

// busy says whether a message may come any moment: the journey is working, not
// waiting.
func busy(e orchestrator.Enrollment) bool {
	switch e.Status {
	case orchestrator.EnrollmentStarting:
		return true
	case orchestrator.EnrollmentOpen:
		return e.WaitUntil.IsZero()
	default:
		return false
	}
}

// streamHandset sends the conversation and the side when they change.
func (u *UI) streamHandset(w http.ResponseWriter, r *http.Request, a actor) error {
	id := r.PathValue("customer")
	if _, err := u.service.Customer(r.Context(), a, id); err != nil {
		return err
	}
	told := ""
	return u.stream(w, r, threadEvery, func(ctx context.Context, s *stream) error {
		p, state, err := u.handset(ctx, a, id)
		if err != nil || state == told {
			return err
		}
		told = state
		return s.html(ctx, view.HandsetChanged(p))
	})
}

// postHandsetReply answers a message as the customer would.
func (u *UI) postHandsetReply(w http.ResponseWriter, r *http.Request, a actor) error {
	message, postback, err := readReply(r)
	if err != nil {
		return err
	}
	ctx, id := r.Context(), r.PathValue("customer")
	if err := u.service.Reply(ctx, a, id, message, postback); err != nil {
		return err
	}
	if !partial(r) {
		return redirect(w, r, "/handset/"+url.PathEscape(id))
	}
	p, _, err := u.handset(ctx, a, id)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.InLanguage(p.Locale, view.ThreadView(p.Thread)))
}

// readReply reads a posted answer.
func readReply(r *http.Request) (message, postback string, err error) {
	if err := parseForm(r); err != nil {
		return "", "", err
	}
	message, postback = r.PostFormValue("message"), r.PostFormValue("postback")
	if message == "" || postback == "" || len(message) > maxField || len(postback) > maxField {
		return "", "", fmt.Errorf("answering a message: message and postback are needed, each of at most %d bytes: %w", maxField, orchestrator.ErrInvalid)
	}
	return message, postback, nil
}

// getHandsetCalendar is an appointment that a message offers, as a file.
func (u *UI) getHandsetCalendar(w http.ResponseWriter, r *http.Request, a actor) error {
	list, err := u.messages(r.Context(), a, r.PathValue("customer"))
	if err != nil {
		return err
	}
	return u.sendCalendar(w, r, list)
}
