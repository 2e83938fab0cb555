package ui

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// recent is how long an ended journey stays on top of the companion page.
const recent = 7 * 24 * time.Hour

// companion is a page whose token in the address is its only key: it is not
// kept, not found by search engines, and not told to where its links lead.
func (u *UI) companion(h func(http.ResponseWriter, *http.Request, orchestrator.CompanionView) error) http.Handler {
	return u.page(func(w http.ResponseWriter, r *http.Request) error {
		head := w.Header()
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("X-Robots-Tag", "noindex, nofollow")
		u.allowMedia(w)
		token := r.PathValue("token")
		if len(token) < 16 || len(token) > 200 {
			return orchestrator.ErrNotFound
		}
		v, err := u.service.Companion(r.Context(), token)
		if err != nil {
			return err
		}
		// What the reader asks for, then what their browser does, then what is
		// known of the customer.
		lang := i18n.Match(bounded(r.URL.Query().Get("lang"), 40), wanted(r), v.Customer.Locale)
		return h(w, r.WithContext(i18n.With(r.Context(), lang)), v)
	})
}

// companionForm is what the page's reader sends.
func (u *UI) companionForm(h func(http.ResponseWriter, *http.Request, orchestrator.CompanionView) error) http.Handler {
	return u.companion(func(w http.ResponseWriter, r *http.Request, v orchestrator.CompanionView) error {
		if u.limits.companion.OnLimit(w, r, r.PathValue("token")) {
			return errTooMany(w, companionForms)
		}
		return h(w, r, v)
	})
}

func (u *UI) getCompanion(w http.ResponseWriter, r *http.Request, v orchestrator.CompanionView) error {
	p, err := u.companionPage(r.Context(), r.PathValue("token"), v)
	if err != nil {
		return err
	}
	if l := r.URL.Query().Get("lang"); l != "" {
		p.Lang = i18n.Lang(r.Context())
	}
	p.Sent = r.URL.Query().Has("sent")
	return render(w, r, http.StatusOK, view.CompanionPage(p))
}

func (u *UI) companionPage(ctx context.Context, token string, v orchestrator.CompanionView) (view.Companion, error) {
	ended := map[string]bool{}
	for _, e := range v.Enrollments {
		ended[e.ID] = e.Status == orchestrator.EnrollmentEnded
	}
	talk := conversation{
		ctx: ctx, who: v.Customer, path: "/c/" + url.PathEscape(token), now: u.now(), words: wordsIn(v.Words),
		closed: func(m orchestrator.Message) bool { return ended[m.Enrollment] },
	}
	messages := v.Messages[max(0, len(v.Messages)-maxThread):]
	p := view.Companion{Brand: view.Brand(v.Brand), Token: token, Name: displayName(v.Customer), History: talk.bubbles(messages), WordsID: rand.Text()}
	for _, e := range v.Enrollments {
		if len(p.Journeys) == maxRuns {
			break
		}
		if ended[e.ID] && (len(p.Journeys) > 0 || u.now().Sub(e.EndedAt) > recent) {
			continue
		}
		d, err := u.definitionFor(ctx, v.Customer, e.ID)
		if err != nil {
			return p, err
		}
		j := companionJourney(ctx, talk, e, d, messages)
		j.Write = j.Write && !p.Asked // one field for words is enough
		p.Asked = p.Asked || j.Write
		p.Journeys = append(p.Journeys, j)
	}
	return p, nil
}

// definitionFor is the version of an enrollment of the customer whose page was
// opened. The token has shown who asks; it may read no more than this.
func (u *UI) definitionFor(ctx context.Context, c orchestrator.Customer, enrollment string) (*journey.Definition, error) {
	reader := actor{Workspace: c.Workspace, Name: "companion page", Scopes: []string{"admin"}}
	v, err := u.service.Enrollment(ctx, reader, enrollment)
	if err != nil {
		return nil, err
	}
	if v.Enrollment.Customer != c.ID {
		return nil, errors.New("reading an enrollment for the companion page: it is another customer's")
	}
	return v.Version.Definition, nil
}

// companionJourney picks what the customer needs now: the question that waits,
// the ticket, and where else to go, newest first.
func companionJourney(ctx context.Context, talk conversation, e orchestrator.Enrollment, d *journey.Definition, messages []orchestrator.Message) view.CompanionJourney {
	j := view.CompanionJourney{Title: e.Journey, Status: enrollmentStatus(ctx, e.Status)}
	if d != nil {
		j.Title = journeyTitle(ctx, d.Title, e.Journey)
	}
	j.Status.Text = i18n.T(ctx, "companion.status."+string(e.Status))
	j.Now = named(stepNames(ctx, d), e.Step)
	if e.Status == orchestrator.EnrollmentEnded {
		j.Now = outcome(ctx, e.Outcome)
	}
	if j.Now == "" {
		j.Now = i18n.T(ctx, "companion.starting")
	}
	for _, v := range slices.Backward(messages) {
		m := v
		if m.Enrollment != e.ID {
			continue
		}
		b := talk.bubble(m)
		switch {
		case e.Status == orchestrator.EnrollmentEnded:
			if len(j.Cards) == 0 {
				j.Cards = append(j.Cards, b) // the last word
			}
		case ticket(b):
			if j.Ticket == nil {
				j.Ticket = &b
			}
		case asks(b) || asksForWords(d, m.Step):
			if j.Ask == nil && awaits(d, e.Step, m.Step) {
				j.Ask, j.Write = &b, asksForWords(d, m.Step)
			}
		case useful(b) && j.Ticket == nil && len(j.Cards) < 4:
			j.Cards = append(j.Cards, b) // what came before the ticket is over: its payment
		}
	}
	return j
}

// awaits says whether an enrollment at a step waits for an answer to the message
// of another: what nobody waits for is not asked any more.
func awaits(d *journey.Definition, at, sent string) bool {
	for _, s := range steps(d) {
		if s.ID != at {
			continue
		}
		if s.Wait != nil {
			for _, a := range s.Wait.Arms {
				if a.Reply == sent {
					return true
				}
			}
		}
		return s.Survey != nil && at == sent
	}
	return false
}

// asksForWords says whether a step is a survey that is answered in words.
func asksForWords(d *journey.Definition, step string) bool {
	return slices.ContainsFunc(steps(d), func(s *journey.Step) bool {
		return s.ID == step && s.Survey != nil && s.Survey.Kind == journey.SurveyText
	})
}

// postCompanionReply takes an answer from a plain form.
func (u *UI) postCompanionReply(w http.ResponseWriter, r *http.Request, _ orchestrator.CompanionView) error {
	message, postback, err := readReply(r)
	if err != nil {
		return err
	}
	if err := u.service.CompanionReply(r.Context(), r.PathValue("token"), message, postback); err != nil {
		return err
	}
	return thank(w, r)
}

// postCompanionSay takes what the customer wrote, from a plain form.
func (u *UI) postCompanionSay(w http.ResponseWriter, r *http.Request, _ orchestrator.CompanionView) error {
	if err := parseForm(r); err != nil {
		return err
	}
	text := strings.TrimSpace(r.PostFormValue("text"))
	if err := u.service.CompanionSay(r.Context(), r.PathValue("token"), text, bounded(r.PostFormValue("id"), 60)); err != nil {
		return err
	}
	return thank(w, r)
}

// thank goes back to the page, which says that the answer has come.
func thank(w http.ResponseWriter, r *http.Request) error {
	q := url.Values{"sent": {"1"}}
	if l := r.URL.Query().Get("lang"); l != "" {
		q.Set("lang", i18n.Lang(r.Context()))
	}
	return redirect(w, r, "/c/"+url.PathEscape(r.PathValue("token"))+"?"+q.Encode())
}

// getCompanionCalendar is an appointment that a message offers, as a file.
func (u *UI) getCompanionCalendar(w http.ResponseWriter, r *http.Request, v orchestrator.CompanionView) error {
	return u.sendCalendar(w, r, v.Messages)
}
