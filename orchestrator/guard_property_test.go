package orchestrator_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// ask is a message that wants to be sent at a moment.
type ask struct {
	at      time.Time
	request orchestrator.SendRequest
	first   time.Time
}

// campaign lets messages ask, wait and ask again, in the order of time, until
// all are sent or withheld.
type campaign struct {
	phone   phone
	rails   orchestrator.Guardrails
	zone    string
	queue   []ask
	outcome map[string]orchestrator.SendDecision
	asked   int
}

func (c *campaign) add(at time.Time, r orchestrator.SendRequest) {
	c.queue = append(c.queue, ask{at: at, request: r, first: at})
}

func (c *campaign) run(ctx context.Context, t require.TestingT) {
	c.outcome = map[string]orchestrator.SendDecision{}
	for len(c.queue) > 0 {
		c.asked++
		require.Less(t, c.asked, 20_000, "messages ask for ever")
		i := 0
		for k, a := range c.queue {
			if a.at.Before(c.queue[i].at) {
				i = k
			}
		}
		a := c.queue[i]
		c.queue = slices.Delete(c.queue, i, i+1)
		m := a.request.Message
		d, wish, err := orchestrator.Judge(ctx, &c.phone, c.rails, orchestrator.Customer{ID: "c_1", TimeZone: c.zone}, a.request, a.at)
		require.NoError(t, err)
		c.phone.wishes = slices.DeleteFunc(c.phone.wishes, func(w orchestrator.Wish) bool { return w.Message == m.ID })
		switch d.Delivery {
		case orchestrator.DeliveryDelayed:
			require.True(t, d.Until.After(a.at), "%s: delayed from %v to %v", m.ID, a.at, d.Until)
			require.False(t, d.Until.After(a.first.Add(72*time.Hour)), "%s waits beyond the patience", m.ID)
			c.phone.wishes = append(c.phone.wishes, wish)
			a.at = d.Until
			c.queue = append(c.queue, a)
			continue
		case orchestrator.DeliverySent:
			m.At = a.at
			c.phone.sent = append(c.phone.sent, m)
		}
		c.outcome[m.ID] = d
	}
}

// sentAt is when a message was sent; zero when it was not.
func (c *campaign) sentAt(id string) time.Time {
	for _, m := range c.phone.sent {
		if m.ID == id {
			return m.At
		}
	}
	return time.Time{}
}

// Whatever messages come, no span of any cap ever holds more than the cap, and
// every message ends.
func TestW22_NoSpanHoldsMoreThanTheCap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := campaign{zone: rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin"}).Draw(t, "zone"), rails: orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed}}
		for range rapid.IntRange(1, 3).Draw(t, "caps") {
			c.rails.Caps = append(c.rails.Caps, orchestrator.GuardCap{
				Category: rapid.SampledFrom([]string{"", orchestrator.CategoryMarketing, orchestrator.CategoryService}).Draw(t, "category"),
				Messages: rapid.IntRange(1, 4).Draw(t, "messages"),
				Per:      journey.Duration(time.Duration(rapid.IntRange(1, 72).Draw(t, "hours")) * time.Hour),
			})
		}
		if rapid.Bool().Draw(t, "quiet") {
			c.rails.Quiet = quiet("22:00", "08:00", rapid.SampledFrom([]string{journey.QuietDelay, journey.QuietWithhold}).Draw(t, "then"))
		}
		own := &journey.Cap{Messages: rapid.IntRange(1, 2).Draw(t, "own"), Per: journey.Duration(12 * time.Hour)}
		for i := range rapid.IntRange(1, 25).Draw(t, "n") {
			r := marketing(fmt.Sprintf("m_%02d", i))
			r.Message.Category = rapid.SampledFrom(orchestrator.Categories()).Draw(t, "category")
			r.Message.Journey = rapid.SampledFrom([]string{"welcome", "birthday"}).Draw(t, "journey")
			r.Guardrails.Priority = rapid.SampledFrom([]int{0, 50, 100}).Draw(t, "priority")
			if r.Message.Journey == "birthday" {
				r.Guardrails.Cap = own
			}
			c.add(noon.Add(time.Duration(rapid.IntRange(0, 7*24*3600).Draw(t, "at"))*time.Second), r)
		}
		n := len(c.queue)
		c.run(t.Context(), t)
		require.Len(t, c.outcome, n)
		for _, l := range c.rails.Caps {
			c.holds(t, l, "")
		}
		c.holds(t, orchestrator.GuardCap{Messages: own.Messages, Per: own.Per}, "birthday")
	})
}

// holds checks every span that begins with a message.
func (c *campaign) holds(t require.TestingT, l orchestrator.GuardCap, of string) {
	for _, first := range c.phone.sent {
		n := 0
		for _, m := range c.phone.sent {
			since := m.At.Sub(first.At)
			if m.Category != orchestrator.CategoryTransactional && (l.Category == "" || m.Category == l.Category) && (of == "" || m.Journey == of) &&
				since >= 0 && since < time.Duration(l.Per) {
				n++
			}
		}
		require.LessOrEqual(t, n, l.Messages, "%d messages of %q in %s from %v", n, l.Category, l.Per, first.At)
	}
}

func withPriority(id string, priority int) orchestrator.SendRequest {
	r := marketing(id)
	r.Guardrails.Priority = priority
	return r
}

func TestPriority_DecidesWhoGetsTheRoom(t *testing.T) {
	t.Parallel()
	oneADay := orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Caps: []orchestrator.GuardCap{perDay("", 1)}}
	t.Run("of those that wait the higher priority goes first, whoever came first", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, phone: phone{sent: []orchestrator.Message{message("marketing", 0)}}}
		c.add(noon.Add(time.Hour), withPriority("low", 10))
		c.add(noon.Add(2*time.Hour), withPriority("high", 90))
		c.run(t.Context(), t)
		require.Equal(t, noon.Add(day), c.sentAt("high"))
		require.Equal(t, noon.Add(2*day), c.sentAt("low").Truncate(time.Minute))
	})
	t.Run("a message that comes when the room is needed soon waits, although there is room now", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, zone: "Asia/Shanghai"}
		high := withPriority("high", 90)
		high.Guardrails.Quiet = quiet("10:00", "20:00", "delay")
		c.add(noon, high)
		c.add(noon.Add(time.Hour), withPriority("low", 10))
		c.run(t.Context(), t)
		require.WithinRange(t, c.sentAt("high"), clock(20, 0), clock(20, 0).Add(orchestrator.QuietSpread))
		require.Equal(t, c.sentAt("high").Add(day), c.sentAt("low"))
	})
	t.Run("nobody waits for a message that is due in another span", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, phone: phone{wishes: []orchestrator.Wish{
			{Message: "m_far", Category: "marketing", Journey: "welcome", Priority: 90, WantedAt: noon, Until: noon.Add(day)},
		}}}
		c.add(noon, withPriority("low", 10))
		c.run(t.Context(), t)
		require.Equal(t, noon, c.sentAt("low"))
	})
	t.Run("a lower priority makes nobody wait", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, phone: phone{wishes: []orchestrator.Wish{
			{Message: "m_low", Category: "marketing", Journey: "welcome", Priority: 10, WantedAt: noon, Until: noon.Add(time.Hour)},
		}}}
		c.add(noon, withPriority("high", 90))
		c.run(t.Context(), t)
		require.Equal(t, noon, c.sentAt("high"))
	})
	t.Run("among equals the one that has waited longer goes first", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, phone: phone{sent: []orchestrator.Message{message("marketing", 0)}}}
		c.add(noon.Add(time.Hour), withPriority("b_first", 50))
		c.add(noon.Add(2*time.Hour), withPriority("a_second", 50))
		c.run(t.Context(), t)
		require.Equal(t, noon.Add(day), c.sentAt("b_first"))
	})
	t.Run("a message that nobody asks for any more is not waited for", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay, phone: phone{wishes: []orchestrator.Wish{
			{Message: "m_gone", Category: "marketing", Journey: "welcome", Priority: 90, WantedAt: noon, Until: noon.Add(time.Minute)},
		}}}
		c.add(noon, withPriority("low", 10))
		c.run(t.Context(), t)
		require.WithinDuration(t, noon.Add(6*time.Minute), c.sentAt("low"), time.Minute)
	})
	t.Run("nothing waits for ever", func(t *testing.T) {
		t.Parallel()
		c := campaign{rails: oneADay}
		for i := range 30 {
			c.add(noon.Add(time.Duration(i)*12*time.Hour-time.Minute), withPriority(fmt.Sprint("high_", i), 90))
		}
		c.add(noon, withPriority("low", 10))
		c.run(t.Context(), t)
		require.Equal(t, orchestrator.DeliveryWithheld, c.outcome["low"].Delivery)
		require.Equal(t, "3d", c.outcome["low"].Figures["patience"])
	})
	t.Run("the order in which wishes are found makes no difference", func(t *testing.T) {
		t.Parallel()
		var wishes []orchestrator.Wish
		for i := range 5 {
			wishes = append(wishes, orchestrator.Wish{
				Message: fmt.Sprint("m_", i), Category: "marketing", Journey: fmt.Sprint("j_", i), Priority: 60 + i,
				WantedAt: noon, Until: noon.Add(time.Duration(i%2+1) * time.Hour),
			})
		}
		decide := func(w []orchestrator.Wish) orchestrator.SendDecision {
			d, _, err := orchestrator.Judge(t.Context(), &phone{wishes: w}, oneADay, orchestrator.Customer{}, withPriority("low", 10), noon)
			require.NoError(t, err)
			return d
		}
		want := decide(wishes)
		require.Equal(t, orchestrator.ReasonPriority, want.Reason)
		slices.Reverse(wishes)
		require.Equal(t, want, decide(wishes))
	})
}
