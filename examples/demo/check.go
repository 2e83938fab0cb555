package demo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/qidong/qidong/examples/backends"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// passage is how one customer's journey went.
type passage struct {
	script     script
	customer   string
	enrollment *qidongv1.Enrollment // nil: never enrolled
	messages   []*qidongv1.Message
}

// account is what the partners' books say of one customer.
type account struct {
	payments map[string]int // by state
	holds    map[string]int // by state
	tickets  map[string]int // by state
	rides    map[string]int // by state
	seats    int            // held without a ticket
}

// summarize counts, and compares every passage with its script and the books.
func summarize(passages []passage, books Books, tolerant bool) Summary {
	s := Summary{Customers: len(passages), Outcomes: map[string]int{}, Disagreements: []string{}}
	for _, p := range passages {
		a := books.account(p.customer)
		s.Charges += a.charged()
		s.Refunds += a.payments["refunded"]
		s.SeatsHeld += a.seats
		if p.enrollment.GetStatus() == qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED {
			s.Completed++
			s.Outcomes[p.enrollment.GetOutcome()]++
		}
		for _, wrong := range p.check(a, tolerant) {
			s.Disagreements = append(s.Disagreements, fmt.Sprintf("%s (%s): %s", p.customer, p.enrollment.GetId(), wrong))
		}
	}
	return s
}

func (b Books) account(customer string) account {
	a := account{payments: map[string]int{}, holds: map[string]int{}, tickets: map[string]int{}, rides: map[string]int{}}
	count(b.Bank.Payments, a.payments, func(p backends.BankPayment) (string, bool) { return p.State, p.CustomerRef == customer })
	count(b.Cinema.Tickets, a.tickets, func(t backends.CinemaTicket) (string, bool) { return t.State, t.CustomerRef == customer })
	count(b.Ride.Rides, a.rides, func(o backends.RideOrder) (string, bool) { return o.State, o.CustomerRef == customer })
	count(b.Cinema.Holds, a.holds, func(h backends.CinemaHold) (string, bool) {
		if h.CustomerRef == customer && h.State == "held" {
			a.seats += h.Seats
		}
		return h.State, h.CustomerRef == customer
	})
	return a
}

func count[T any](entries []T, into map[string]int, state func(T) (string, bool)) {
	for _, e := range entries {
		if s, ours := state(e); ours {
			into[s]++
		}
	}
}

// charged counts the payments that were captured, refunded later or not.
func (a account) charged() int { return a.payments["captured"] + a.payments["refunded"] }

// late are the outcomes of customers who answered too late.
var late = []string{paymentTimeout, lapsed, noShow}

// check says everything that is not as it must be.
func (p passage) check(a account, tolerant bool) []string {
	wrong := p.checkMessages()
	outcome := p.enrollment.GetOutcome()
	switch {
	case p.enrollment == nil:
		return append(wrong, "was never enrolled")
	case p.enrollment.GetStatus() != qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED:
		status := strings.ToLower(strings.TrimPrefix(p.enrollment.GetStatus().String(), "ENROLLMENT_STATUS_"))
		return append(wrong, fmt.Sprintf("has not ended: it is %s at step %q", status, p.enrollment.GetStep()))
	case outcome != p.script.Outcome && (!tolerant || !slices.Contains(late, outcome)):
		hint := ""
		if slices.Contains(late, outcome) {
			hint = " (an answer came too late: on a busy machine, let the journey wait longer with --answer)"
		}
		wrong = append(wrong, fmt.Sprintf("ended as %s, not as %s%s", outcome, p.script.Outcome, hint))
	}
	wrong = append(wrong, p.checkStory()...)
	wrong = append(wrong, checkBooks(outcome, a, tolerant)...)
	wrong = append(wrong, p.checkRide(a, tolerant)...)
	return append(wrong, p.checkPoints(tolerant)...)
}

// checkMessages finds messages that were sent twice.
func (p passage) checkMessages() []string {
	var wrong []string
	seen := map[string]bool{}
	for _, m := range p.messages {
		key := fmt.Sprintf("%s visit %d", m.GetStep(), m.GetVisit())
		if seen[key] {
			wrong = append(wrong, "got the message of "+key+" twice")
		}
		seen[key] = true
	}
	return wrong
}

// story is which steps' messages an outcome must have, and which it may have.
type story struct{ must, may []string }

var stories = map[string]story{
	declined:       {must: []string{"promo"}},
	lapsed:         {must: []string{"promo"}},
	paymentFailed:  {must: []string{"promo", "pay_card", "tell_failed"}},
	paymentTimeout: {must: []string{"promo", "pay_card", "tell_unpaid"}},
	showCancelled:  {must: []string{"promo", "pay_card", "ticket_card", "tell_cancelled"}, may: []string{"ride_offer", "reading"}},
	noShow:         {must: []string{"promo", "pay_card", "ticket_card", "ride_offer"}, may: []string{"reading"}},
	completed:      {must: []string{"promo", "pay_card", "ticket_card", "ride_offer", "nps", "thanks"}, may: []string{"reading"}},
}

func (p passage) checkStory() []string {
	var wrong []string
	want := stories[p.enrollment.GetOutcome()]
	for _, step := range want.must {
		if !p.got(step) {
			wrong = append(wrong, "never got the message of "+step)
		}
	}
	for _, m := range p.messages {
		if !slices.Contains(want.must, m.GetStep()) && !slices.Contains(want.may, m.GetStep()) {
			wrong = append(wrong, fmt.Sprintf("ended as %s, but got the message of %s", p.enrollment.GetOutcome(), m.GetStep()))
		}
	}
	return wrong
}

func (p passage) got(step string) bool {
	return slices.ContainsFunc(p.messages, func(m *qidongv1.Message) bool { return m.GetStep() == step })
}

// ending is what the books must say of a customer with an outcome. A state that
// is not named must not occur.
type ending struct{ payments, holds, tickets map[string]int }

var endings = map[string]ending{
	declined:       {},
	lapsed:         {},
	paymentFailed:  {payments: map[string]int{"declined": 1}, holds: map[string]int{"released": 1}},
	paymentTimeout: {payments: map[string]int{"cancelled": 1}, holds: map[string]int{"released": 1}},
	showCancelled:  {payments: map[string]int{"refunded": 1}, holds: map[string]int{"released": 1}, tickets: map[string]int{"void": 1}},
	noShow:         {payments: map[string]int{"captured": 1}, holds: map[string]int{"ticketed": 1}, tickets: map[string]int{"issued": 1}},
	completed:      {payments: map[string]int{"captured": 1}, holds: map[string]int{"ticketed": 1}, tickets: map[string]int{"checked_in": 1}},
}

func checkBooks(outcome string, a account, tolerant bool) []string {
	var wrong []string
	if n := a.charged(); n > 1 {
		wrong = append(wrong, fmt.Sprintf("was charged %d times", n))
	}
	want := endings[outcome]
	switch {
	case outcome == paymentTimeout:
		// A payment that came too late was captured, and went back; a refusal
		// that came too late is one all the same.
		for _, state := range []string{"refunded", "declined"} {
			if a.payments[state] == 1 {
				want.payments = map[string]int{state: 1}
			}
		}
	case outcome == noShow && tolerant && a.tickets["checked_in"] == 1:
		want.tickets = map[string]int{"checked_in": 1} // the news came too late
	}
	wrong = append(wrong, differ(outcome, "bank", "payments", a.payments, want.payments)...)
	wrong = append(wrong, differ(outcome, "cinema", "bookings", a.holds, want.holds)...)
	return append(wrong, differ(outcome, "cinema", "tickets", a.tickets, want.tickets)...)
}

// differ compares counts by state. An expired hold kept nothing from anybody:
// it is as good as a released one.
func differ(outcome, who, what string, got, want map[string]int) []string {
	got = fold(got)
	var wrong []string
	for _, state := range []string{"pending", "captured", "declined", "cancelled", "refunded", "held", "ticketed", "released", "issued", "checked_in", "void"} {
		if got[state] != want[state] {
			wrong = append(wrong, fmt.Sprintf("ended as %s, but the %s has %d %s %s, not %d", outcome, who, got[state], state, what, want[state]))
		}
	}
	return wrong
}

func fold(states map[string]int) map[string]int {
	out := map[string]int{}
	for state, n := range states {
		if state == "expired" {
			state = "released"
		}
		out[state] += n
	}
	return out
}

// checkRide compares the ride with the reading on the way, which only riders
// get, and finds rides that drive to a show that is not.
func (p passage) checkRide(a account, tolerant bool) []string {
	var wrong []string
	drive, off := a.rides["ordered"], a.rides["cancelled"]
	outcome := p.enrollment.GetOutcome()
	switch {
	case outcome == showCancelled && drive > 0:
		wrong = append(wrong, "has a ride to a show that was cancelled")
	case outcome != showCancelled && off > 0:
		wrong = append(wrong, "had a ride cancelled, but ended as "+outcome)
	case outcome != completed && outcome != noShow && outcome != showCancelled && drive > 0:
		wrong = append(wrong, "has a ride, but ended as "+outcome)
	}
	if drive+off > 1 {
		wrong = append(wrong, fmt.Sprintf("has %d rides", drive+off))
	}
	if p.got("reading") && drive+off == 0 {
		wrong = append(wrong, "got the reading for the ride, but the ride service knows of none")
	}
	if drive > 0 && !p.got("reading") {
		wrong = append(wrong, "has a ride, but never got the reading for it")
	}
	if p.script.Ride && !p.got("reading") && !tolerant && (outcome == completed || outcome == noShow) {
		wrong = append(wrong, "wanted a ride and got none")
	}
	if p.got("reading") && !p.script.Ride {
		wrong = append(wrong, "declined the ride and got one")
	}
	return wrong
}

var number = regexp.MustCompile(`\d+`)

// checkPoints reads the thanks, which tell points and balance: a new customer's
// balance is what was granted, or something was granted twice.
func (p passage) checkPoints(tolerant bool) []string {
	if p.enrollment.GetOutcome() != completed {
		return nil
	}
	i := slices.IndexFunc(p.messages, func(m *qidongv1.Message) bool { return m.GetStep() == "thanks" })
	if i < 0 {
		return nil // checkStory has said so
	}
	want := []string{"100"}
	if p.script.Score >= 0 {
		want = []string{"120"}
		if tolerant { // the answer may have come too late
			want = append(want, "100")
		}
	}
	text := describe(p.messages[i])
	got := number.FindAllString(text, 2)
	if len(got) != 2 || !slices.Contains(want, got[0]) || got[1] != got[0] {
		return []string{fmt.Sprintf("should have %s points, but was told %q", strings.Join(want, " or "), text)}
	}
	return nil
}
