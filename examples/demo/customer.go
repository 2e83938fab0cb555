package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// customer is one person on the way through the journey.
type customer struct {
	run        *run
	index      int
	script     script
	id         string
	enrollment string
	done       map[string]bool // what need not be done again
}

const journeyName = "movie-night"

// enroll makes the customer known and starts the test enrollment. Both are
// safe to repeat: the ids are chosen here.
func (c *customer) enroll(ctx context.Context) error {
	c.id = fmt.Sprintf("c_%s-%d", c.run.id, c.index)
	name, home := c.script.person(c.index)
	traits, err := structpb.NewStruct(map[string]any{"home": home})
	if err != nil {
		return fmt.Errorf("describing customer %s: %w", c.id, err)
	}
	who := &qidongv1.Customer{
		Id: c.id, Name: name, Locale: c.script.Locale, TimeZone: "Asia/Shanghai", Traits: traits,
		Identities: []*qidongv1.Identity{{Kind: "phone", Value: fmt.Sprintf("+86%d", c.run.phones+int64(c.index))}},
	}
	return c.run.insist(ctx, func(ctx context.Context) error {
		if _, err := c.run.Client.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: who}); err != nil {
			return fmt.Errorf("introducing customer %s: %w", c.id, err)
		}
		started, err := c.run.Client.Enrollments.StartEnrollment(ctx, &qidongv1.StartEnrollmentRequest{
			Journey: journeyName, CustomerId: c.id, Key: c.run.id, Test: true,
			Pace: &qidongv1.Pace{Day: durationpb.New(c.run.Pace), Answer: durationpb.New(c.run.Answer)},
		})
		if err != nil {
			return fmt.Errorf("enrolling customer %s: %w", c.id, err)
		}
		c.enrollment = started.GetEnrollment().GetId()
		return nil
	})
}

// live looks at the phone again and again, and does what the script says, until
// the enrollment has ended.
func (c *customer) live(ctx context.Context) error {
	defer c.leaveDoom()
	for {
		var enrollment *qidongv1.Enrollment
		err := c.run.insist(ctx, func(ctx context.Context) (err error) {
			enrollment, err = c.look(ctx)
			return err
		})
		if err != nil {
			return err
		}
		if enrollment.GetStatus() == qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED {
			c.run.ended.Add(1)
			return nil
		}
		// Not all at the same moment.
		if err := pause(ctx, time.Duration(300+rand.IntN(300))*time.Millisecond); err != nil { //nolint:gosec // no secret
			return err
		}
	}
}

// look reads the state of things once and acts on it.
func (c *customer) look(ctx context.Context) (*qidongv1.Enrollment, error) {
	messages, err := c.run.messages(ctx, c.id)
	if err != nil {
		return nil, err
	}
	list, err := c.run.Client.Enrollments.ListEnrollments(ctx, &qidongv1.ListEnrollmentsRequest{CustomerId: c.id, PageSize: 1})
	if err != nil {
		return nil, fmt.Errorf("looking at the enrollment of %s: %w", c.id, err)
	}
	if len(list.GetEnrollments()) == 0 {
		return nil, fmt.Errorf("the enrollment %s of customer %s is gone", c.enrollment, c.id)
	}
	enrollment := list.GetEnrollments()[0]
	if enrollment.GetStatus() == qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED {
		return enrollment, nil
	}
	for _, m := range messages {
		if c.done[m.GetId()] {
			continue
		}
		act := c.actions()[m.GetStep()]
		if act == nil {
			c.done[m.GetId()] = true
			continue
		}
		done, err := act(ctx, m, enrollment)
		if err != nil {
			return nil, fmt.Errorf("answering %s of %s: %w", m.GetStep(), c.id, err)
		}
		c.done[m.GetId()] = done
	}
	return enrollment, nil
}

// action answers a message; done says that nothing is left to do about it.
type action func(ctx context.Context, m *qidongv1.Message, e *qidongv1.Enrollment) (done bool, err error)

// actions are those of this customer, by the step that sent the message.
func (c *customer) actions() map[string]action {
	return map[string]action{
		"promo":       c.answerPromotion,
		"pay_card":    c.pay,
		"ticket_card": c.useTicket,
		"ride_offer":  c.answerRide,
		"reading":     c.cancelShow,
		"nps":         c.answerSurvey,
	}
}

func (c *customer) answerPromotion(ctx context.Context, m *qidongv1.Message, _ *qidongv1.Enrollment) (bool, error) {
	switch c.script.Outcome {
	case lapsed:
		return true, nil
	case declined:
		return c.reply(ctx, m, func(r []reply) int { return len(r) - 1 })
	default:
		return c.reply(ctx, m, func([]reply) int { return c.script.Show })
	}
}

func (c *customer) pay(ctx context.Context, m *qidongv1.Message, _ *qidongv1.Enrollment) (bool, error) {
	page := links(m)
	if len(page) == 0 {
		return false, fmt.Errorf("message %s has no link to pay", m.GetId())
	}
	if c.script.Outcome == paymentFailed {
		return c.run.press(ctx, page[0]+"/decline", "")
	}
	return c.run.press(ctx, page[0]+"/approve", "")
}

// useTicket shows the QR code at the door, once the journey is at the door.
func (c *customer) useTicket(ctx context.Context, m *qidongv1.Message, e *qidongv1.Enrollment) (bool, error) {
	switch {
	case c.script.Outcome == showCancelled:
		c.leaveDoom()
		return true, nil
	case c.script.Outcome == noShow:
		return true, nil
	case e.GetStep() != "checkin":
		return false, nil
	case len(m.GetQr()) == 0:
		return false, fmt.Errorf("message %s has no QR code", m.GetId())
	}
	return c.run.press(ctx, m.GetQr()[0], "")
}

func (c *customer) answerRide(ctx context.Context, m *qidongv1.Message, _ *qidongv1.Enrollment) (bool, error) {
	return c.reply(ctx, m, func([]reply) int {
		if c.script.Ride {
			return 0
		}
		return 1
	})
}

func (c *customer) answerSurvey(ctx context.Context, m *qidongv1.Message, _ *qidongv1.Enrollment) (bool, error) {
	if c.script.Score < 0 {
		return true, nil
	}
	return c.reply(ctx, m, func([]reply) int { return c.script.Score })
}

// reply taps one of the message's suggested replies, unless that has happened.
func (c *customer) reply(ctx context.Context, m *qidongv1.Message, choose func([]reply) int) (bool, error) {
	if m.GetAnswer() != "" {
		return true, nil
	}
	offered := replies(m)
	i := choose(offered)
	if i < 0 || i >= len(offered) {
		return false, fmt.Errorf("message %s has %d suggested replies, so there is no number %d", m.GetId(), len(offered), i+1)
	}
	_, err := c.run.Client.Customers.ReplyToMessage(ctx, &qidongv1.ReplyToMessageRequest{
		CustomerId: c.id, MessageId: m.GetId(), PostbackData: offered[i].data,
	})
	return err == nil, err
}
