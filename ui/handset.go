package ui

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// The bounds of a conversation on a page.
const (
	maxThread   = 200 // the newest messages
	maxWords    = 200 // the customer's newest events, among which their own words are
	maxRuns     = 3   // enrollments beside the phone
	maxPhones   = 4   // side by side
	maxFound    = 6   // customers to add
	threadEvery = 700 * time.Millisecond
)

// getHandset shows a customer's conversation.
func (u *UI) getHandset(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.showDesk(w, r, a, []string{r.PathValue("customer")})
}

// getDesk shows several, ?customer=a&customer=b; none teaches how to begin.
func (u *UI) getDesk(w http.ResponseWriter, r *http.Request, a actor) error {
	ids, err := deskOf(r.URL.Query()["customer"])
	if err != nil {
		return err
	}
	return u.showDesk(w, r, a, ids)
}

// deskOf are the customers of a desk, each once.
func deskOf(ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) > maxPhones {
		return nil, fmt.Errorf("laying out telephones: %d customers were named, at most %d fit; leave some out: %w", len(out), maxPhones, orchestrator.ErrInvalid)
	}
	return out, nil
}

func (u *UI) showDesk(w http.ResponseWriter, r *http.Request, a actor, ids []string) error {
	ctx, d := r.Context(), view.Desk{}
	settings, err := u.service.Settings(ctx, a)
	if err != nil {
		return err
	}
	for _, id := range ids {
		seen, err := u.handset(ctx, a, id)
		if err != nil {
			return err
		}
		seen.page.Brand = view.Brand(settings.Brand)
		seen.page.Without = deskURL(slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id }))
		d.Phones = append(d.Phones, seen.page)
	}
	if len(ids) > 0 {
		d.Stream = handsetPath(ids[0]) + "/events"
		if len(ids) > 1 {
			d.Stream += "?" + url.Values{"customer": ids[1:]}.Encode()
		}
	}
	if len(ids) < maxPhones {
		if d.Add, err = u.addPhone(ctx, a, ids, bounded(r.URL.Query().Get("q"), maxQuery)); err != nil {
			return err
		}
	}
	u.allowMedia(w)
	return render(w, r, http.StatusOK, view.HandsetPage(d))
}

// addPhone finds customers for the desk. Without a search an empty desk offers
// the newest.
func (u *UI) addPhone(ctx context.Context, a actor, ids []string, query string) (*view.AddPhone, error) {
	add := &view.AddPhone{Query: query, Now: ids}
	if query == "" && len(ids) > 0 {
		return add, nil
	}
	list, _, err := u.service.FindCustomers(ctx, a, orchestrator.CustomerFilter{Query: query}, orchestrator.Page{Limit: maxFound + len(ids)})
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if !slices.Contains(ids, c.ID) && len(add.Found) < maxFound {
			add.Found = append(add.Found, view.Link{Text: displayName(c), URL: deskURL(append(slices.Clone(ids), c.ID))})
		}
	}
	add.Nobody = len(add.Found) == 0
	return add, nil
}

func handsetPath(id string) string { return "/handset/" + url.PathEscape(id) }

// deskURL is the address of some customers' telephones.
func deskURL(ids []string) string {
	switch len(ids) {
	case 0:
		return "/handset"
	case 1:
		return handsetPath(ids[0])
	}
	return "/handset?" + url.Values{"customer": ids}.Encode()
}

// handset is a telephone as it is now.
type handset struct {
	page  view.Handset
	state string   // a text that changes when the page does
	fresh []string // messages that no telephone has had yet
}

func (u *UI) handset(ctx context.Context, a actor, id string) (handset, error) {
	c, err := u.service.Customer(ctx, a, id)
	if err != nil {
		return handset{}, err
	}
	messages, err := u.service.LatestMessages(ctx, a, id, maxThread)
	if err != nil {
		return handset{}, err
	}
	events, _, err := u.service.Events(ctx, a, id, orchestrator.Page{Limit: maxWords})
	if err != nil {
		return handset{}, err
	}
	list, _, err := u.service.Enrollments(ctx, a, orchestrator.EnrollmentFilter{Workspace: a.Workspace, Customer: id}, orchestrator.Page{Limit: maxRuns})
	if err != nil {
		return handset{}, err
	}
	name, path := displayName(c), handsetPath(c.ID)
	key := base64.RawURLEncoding.EncodeToString([]byte(c.ID))
	words := wordsIn(events)
	h := handset{page: view.Handset{
		ID: c.ID, Name: name, Initials: view.Initials(name), Locale: i18n.Match(c.Locale), Companion: companionPath(c),
		Clock: u.now().In(zone(c)).Format("15:04"), Thread: u.thread(ctx, c, messages, words),
		Say: view.Say{Key: key, Path: path + "/say", ID: rand.Text()},
	}}
	n := u.names(ctx, a)
	state := &strings.Builder{}
	for _, e := range list {
		h.page.Runs = append(h.page.Runs, u.run(ctx, n, e))
		h.page.Thread.Waiting = h.page.Thread.Waiting || busy(e)
		fmt.Fprint(state, e.ID, e.Status, e.Step, e.LogSeq, e.WaitUntil.Unix(), "|")
	}
	for _, m := range messages {
		fmt.Fprint(state, m.ID, m.Answer, m.DeliveredAt.Unix(), m.DisplayedAt.Unix(), "|")
		if m.DeliveredAt.IsZero() {
			h.fresh = append(h.fresh, m.ID)
		}
	}
	for _, e := range words {
		fmt.Fprint(state, e.id, e.state, "|")
		h.page.Thread.Waiting = h.page.Thread.Waiting || e.state == stateSent
	}
	h.state = state.String()
	return h, nil
}

func (u *UI) thread(ctx context.Context, c orchestrator.Customer, list []orchestrator.Message, own []ownWords) view.Thread {
	path := handsetPath(c.ID)
	talk := conversation{ctx: i18n.With(ctx, c.Locale), who: c, path: path, now: u.now(), phone: true, words: own}
	return view.Thread{Key: base64.RawURLEncoding.EncodeToString([]byte(c.ID)), Path: path, Bubbles: talk.bubbles(list)}
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

// streamHandset sends each telephone and its side when they change, those of
// ?customer= as well: browsers open few connections to one site. A customer who
// is gone, erased say, is passed over.
func (u *UI) streamHandset(w http.ResponseWriter, r *http.Request, a actor) error {
	ids, err := deskOf(append([]string{r.PathValue("customer")}, r.URL.Query()["customer"]...))
	if err != nil {
		return err
	}
	if _, err := u.service.Customer(r.Context(), a, ids[0]); err != nil {
		return err
	}
	told := map[string]string{}
	return u.stream(w, r, threadEvery, func(ctx context.Context, s *stream) error {
		for _, id := range ids {
			h, err := u.handset(ctx, a, id)
			if errors.Is(err, orchestrator.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if len(h.fresh) > 0 { // the telephone is on: it has them now
				if err := u.service.Receipt(ctx, a, id, orchestrator.ReceiptDelivered, h.fresh...); err != nil {
					return err
				}
			}
			if h.state == told[id] {
				continue
			}
			told[id] = h.state
			if err := s.html(ctx, view.HandsetChanged(h.page, len(ids) > 1)); err != nil {
				return err
			}
		}
		return nil
	})
}
