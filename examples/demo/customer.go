package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// customer is one person on the way through the journey. Only one goroutine at
// a time lets it act.
type customer struct {
	run      *run
	index    int
	id       string
	script   script
	messages []*qidongv1.Message // as last read
	read     time.Time           // when that was
	updated  time.Time           // of the enrollment then
	done     map[string]bool     // what need not be done again
}

const journeyName = "movie-night"

// enroll makes the customer known and starts the test enrollment. Both are
// safe to repeat: the ids are chosen here.
func (c *customer) enroll(ctx context.Context) error {
	name, home := c.script.person(c.index)
	traits, err := structpb.NewStruct(map[string]any{"home": home})
	if err != nil {
		return fmt.Errorf("describing customer %s: %w", c.id, err)
	}
	who := &qidongv1.Customer{
		Id: c.id, Name: name, Locale: c.script.Locale, TimeZone: "Asia/Shanghai", Traits: traits,
		Identities: []*qidongv1.Identity{{Kind: "phone", Value: fmt.Sprintf("+86%d", c.run.phones+int64(c.index))}},
	}
	if _, err := c.run.Client.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: who}); err != nil {
		return fmt.Errorf("introducing customer %s: %w", c.id, err)
	}
	_, err = c.run.Client.Enrollments.StartEnrollment(ctx, &qidongv1.StartEnrollmentRequest{
		Journey: journeyName, CustomerId: c.id, Key: c.run.id, Test: true,
		Pace: &qidongv1.Pace{Day: durationpb.New(c.run.Pace), Answer: durationpb.New(c.run.Answer)},
	})
	if err != nil {
		return fmt.Errorf("enrolling customer %s: %w", c.id, err)
	}
	return nil
}

// rank puts the customers of the doomed show first.
func (c *customer) rank() int {
	if c.script.Outcome == showCancelled {
		return 0
	}
	return 1
}

// look reads what came on the phone, if anything may have, and does what the
// script says.
func (c *customer) look(ctx context.Context, e *qidongv1.Enrollment) error {
	if e.GetStatus() == qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED {
		if !c.done["journey"] {
			c.done["journey"] = true
			c.leaveDoom()
			c.run.ended.Add(1)
		}
		return nil
	}
	const unasked = 3 * time.Second // looked at the phone at least so often
	if updated := e.GetUpdateTime().AsTime(); !updated.Equal(c.updated) || time.Since(c.read) > unasked {
		messages, err := c.run.messages(ctx, c.id)
		if err != nil {
			return err
		}
		c.messages, c.updated, c.read = messages, updated, time.Now()
	}
	for _, m := range c.messages {
		if c.done[m.GetId()] {
			continue
		}
		act := c.actions()[m.GetStep()]
		if act == nil {
			c.done[m.GetId()] = true
			continue
		}
		done, err := act(ctx, m, e)
		if err != nil {
			return fmt.Errorf("answering %s of %s: %w", m.GetStep(), c.id, err)
		}
		c.done[m.GetId()] = done
	}
	return nil
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
