package demo

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/qidong/qidong/examples/backends"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const ended = qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED

// world is one customer's passage and the books that go with it.
type world struct {
	passage
	Books
}

// arranged is a world in which everything is as the outcome wants it.
func arranged(outcome string) *world {
	w := &world{passage: passage{
		script: script{Outcome: outcome, Score: 9}, customer: "c_1",
		enrollment: &qidongv1.Enrollment{Id: "e_1", Status: ended, Outcome: outcome},
	}}
	for _, step := range stories[outcome].must {
		w.send(step)
	}
	want := endings[outcome]
	for state := range want.payments {
		w.Bank.Payments = append(w.Bank.Payments, backends.BankPayment{CustomerRef: "c_1", State: state})
	}
	for state := range want.holds {
		w.Cinema.Holds = append(w.Cinema.Holds, backends.CinemaHold{CustomerRef: "c_1", State: state, Seats: 2})
	}
	for state := range want.tickets {
		w.Cinema.Tickets = append(w.Cinema.Tickets, backends.CinemaTicket{CustomerRef: "c_1", State: state})
	}
	w.Bank.Payments = append(w.Bank.Payments, backends.BankPayment{CustomerRef: "somebody else", State: "captured"})
	w.Cinema.Holds = append(w.Cinema.Holds, backends.CinemaHold{CustomerRef: "somebody else", State: "held", Seats: 4})
	return w
}

func (w *world) send(step string) {
	text := ""
	if step == "thanks" {
		text = "120 points are yours; you have 120 now."
	}
	w.messages = append(w.messages, &qidongv1.Message{Step: step, Visit: 1, Parts: []*qidongv1.Part{card(text)}})
}

func (w *world) ride(state string) {
	w.script.Ride = true
	w.send("reading")
	w.Ride.Rides = append(w.Ride.Rides, backends.RideOrder{CustomerRef: "c_1", State: state})
}

func TestWhatIsAsItMustBeAgrees(t *testing.T) {
	t.Parallel()
	for outcome := range stories {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			w := arranged(outcome)
			s := summarize([]passage{w.passage}, w.Books, false)
			require.Empty(t, s.Disagreements)
			require.Equal(t, 1, s.Completed)
			require.Equal(t, map[string]int{outcome: 1}, s.Outcomes)
			require.Zero(t, s.SeatsHeld, "another customer's seats are not ours")
		})
	}

	t.Run("with a ride", func(t *testing.T) {
		t.Parallel()
		w := arranged(completed)
		w.ride("ordered")
		require.Empty(t, summarize([]passage{w.passage}, w.Books, false).Disagreements)
	})

	t.Run("charges and refunds are counted", func(t *testing.T) {
		t.Parallel()
		w := arranged(showCancelled)
		w.ride("cancelled")
		s := summarize([]passage{w.passage}, w.Books, false)
		require.Empty(t, s.Disagreements)
		require.Equal(t, 1, s.Charges)
		require.Equal(t, 1, s.Refunds)
	})
}

func TestEveryKindOfDisagreementIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, outcome string
		spoil         func(w *world)
		says          string
	}{
		{"never enrolled", completed, func(w *world) { w.enrollment = nil }, "never enrolled"},
		{"an enrollment that hangs", completed, func(w *world) {
			w.enrollment.Status, w.enrollment.Step = qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_HELD, "hold"
		}, `held at step "hold"`},
		{"another outcome", completed, func(w *world) { *w = *arranged(noShow); w.script.Outcome = completed }, "ended as no_show, not as completed"},
		{"an outcome that nobody knows", completed, func(w *world) { w.enrollment.Outcome = "failed" }, "ended as failed"},
		{"a message twice", completed, func(w *world) { w.send("promo") }, "promo visit 1 twice"},
		{"a message that is missing", completed, func(w *world) { w.messages = w.messages[1:] }, "never got the message of promo"},
		{"a message that should not be", declined, func(w *world) { w.send("pay_card") }, "got the message of pay_card"},
		{"a second charge", completed, func(w *world) {
			w.Bank.Payments = append(w.Bank.Payments, backends.BankPayment{CustomerRef: "c_1", State: "captured"})
		}, "charged 2 times"},
		{"a charge that was refunded and one that was not", showCancelled, func(w *world) {
			w.Bank.Payments = append(w.Bank.Payments, backends.BankPayment{CustomerRef: "c_1", State: "captured"})
		}, "charged 2 times"},
		{"a ticket without a charge", completed, func(w *world) { w.Bank.Payments = nil }, "0 captured payments, not 1"},
		{"a refund that is missing", showCancelled, func(w *world) { w.Bank.Payments[0].State = "captured" }, "0 refunded payments, not 1"},
		{"a refund that should not be", completed, func(w *world) { w.Bank.Payments[0].State = "refunded" }, "1 refunded payments, not 0"},
		{"a payment that was left pending", paymentTimeout, func(w *world) { w.Bank.Payments[0].State = "pending" }, "1 pending payments, not 0"},
		{"money kept for seats that were released", paymentTimeout, func(w *world) { w.Bank.Payments[0].State = "captured" }, "1 captured payments, not 0"},
		{"a charge of somebody who declined", declined, func(w *world) {
			w.Bank.Payments[0].CustomerRef = "c_1"
		}, "1 captured payments, not 0"},
		{"seats that stay held", paymentFailed, func(w *world) { w.Cinema.Holds[0].State = "held" }, "1 held bookings, not 0"},
		{"seats booked twice", completed, func(w *world) { w.Cinema.Holds[1].CustomerRef, w.Cinema.Holds[1].State = "c_1", "ticketed" }, "2 ticketed bookings, not 1"},
		{"a ticket of a cancelled show", showCancelled, func(w *world) { w.Cinema.Tickets[0].State = "issued" }, "1 issued tickets, not 0"},
		{"a second ticket", completed, func(w *world) { w.Cinema.Tickets = append(w.Cinema.Tickets, w.Cinema.Tickets[0]) }, "2 checked_in tickets, not 1"},
		{"a check-in that the journey missed", noShow, func(w *world) { w.Cinema.Tickets[0].State = "checked_in" }, "0 issued tickets, not 1"},
		{"a ride to a cancelled show", showCancelled, func(w *world) { w.ride("ordered") }, "a ride to a show that was cancelled"},
		{"a ride that was cancelled for no reason", completed, func(w *world) { w.ride("cancelled") }, "had a ride cancelled"},
		{"a ride of somebody who never bought", lapsed, func(w *world) { w.ride("ordered") }, "has a ride, but ended as lapsed"},
		{"two rides", completed, func(w *world) { w.ride("ordered"); w.Ride.Rides = append(w.Ride.Rides, w.Ride.Rides[0]) }, "has 2 rides"},
		{"a reading without a ride", completed, func(w *world) { w.send("reading") }, "knows of none"},
		{"a ride without its reading", completed, func(w *world) {
			w.Ride.Rides = append(w.Ride.Rides, backends.RideOrder{CustomerRef: "c_1", State: "ordered"})
		}, "never got the reading"},
		{"a ride that was declined", completed, func(w *world) { w.ride("ordered"); w.script.Ride = false }, "declined the ride and got one"},
		{"a ride that was wanted", completed, func(w *world) { w.script.Ride = true }, "wanted a ride and got none"},
		{"points granted twice", completed, func(w *world) { w.tell("120 points are yours; you have 240 now.") }, "should have 120 points"},
		{"points for an answer never given", completed, func(w *world) { w.script.Score = -1 }, "should have 100 points"},
		{"thanks without points", completed, func(w *world) { w.tell("See you.") }, "should have 120 points"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := arranged(c.outcome)
			c.spoil(w)
			s := summarize([]passage{w.passage}, w.Books, false)
			require.NotEmpty(t, s.Disagreements)
			require.Contains(t, fmt.Sprint(s.Disagreements), c.says)
		})
	}
}

// tell replaces the thanks.
func (w *world) tell(text string) { w.messages[len(w.messages)-1].Parts[0] = card(text) }

func card(description string) *qidongv1.Part {
	content := &structpb.Struct{Fields: map[string]*structpb.Value{"description": structpb.NewStringValue(description)}}
	return &qidongv1.Part{Body: structpb.NewStructValue(content)}
}

func TestTolerance(t *testing.T) {
	t.Parallel()

	t.Run("a customer may come too late when the books agree", func(t *testing.T) {
		t.Parallel()
		for _, outcome := range late {
			w := arranged(outcome)
			w.script.Outcome = completed
			require.NotEmpty(t, summarize([]passage{w.passage}, w.Books, false).Disagreements, outcome)
			require.Empty(t, summarize([]passage{w.passage}, w.Books, true).Disagreements, outcome)
		}
	})

	t.Run("a payment that came too late may have gone back", func(t *testing.T) {
		t.Parallel()
		w := arranged(paymentTimeout)
		w.Bank.Payments[0].State = "refunded"
		require.Empty(t, summarize([]passage{w.passage}, w.Books, true).Disagreements)
	})

	t.Run("a check-in of which the journey heard too late stays one", func(t *testing.T) {
		t.Parallel()
		w := arranged(noShow)
		w.Cinema.Tickets[0].State = "checked_in"
		require.Empty(t, summarize([]passage{w.passage}, w.Books, true).Disagreements)
	})

	t.Run("books that disagree are never tolerated", func(t *testing.T) {
		t.Parallel()
		w := arranged(paymentTimeout)
		w.script.Outcome = completed
		w.Bank.Payments[0].State = "captured"
		require.NotEmpty(t, summarize([]passage{w.passage}, w.Books, true).Disagreements)
	})

	t.Run("nobody ends as completed who had declined", func(t *testing.T) {
		t.Parallel()
		w := arranged(completed)
		w.script.Outcome = declined
		require.NotEmpty(t, summarize([]passage{w.passage}, w.Books, true).Disagreements)
	})
}
