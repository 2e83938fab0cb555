package orchestrator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// segment stores a segment, and judges it for those who are there.
func (h *harness) segment(t require.TestingT, name, rule string) orchestrator.Segment {
	g, err := h.PutSegment(context.Background(), admin, orchestrator.Segment{Name: name, Rule: rule, Backfill: orchestrator.Backfill{Rate: 10_000}})
	require.NoError(t, err)
	h.backfilled(t, name)
	return g
}

// backfilled works until a segment has been judged for everybody.
func (h *harness) backfilled(t require.TestingT, name string) orchestrator.Segment {
	for {
		g, err := h.store.Segment(context.Background(), acme, name)
		require.NoError(t, err)
		if !g.Backfill.Running {
			return g
		}
		_, err = h.BackfillSome(context.Background(), g, 50)
		require.NoError(t, err)
	}
}

// see hands all pending events to segments, as the dispatcher does.
func (h *harness) see(t require.TestingT) {
	ctx := context.Background()
	for {
		queues, err := h.store.DueQueues(ctx, 100, 100, func(string, string) bool { return false })
		require.NoError(t, err)
		if len(queues) == 0 {
			return
		}
		for _, q := range queues {
			c, err := h.store.Customer(ctx, q.Workspace, q.Name)
			require.NoError(t, err)
			require.NoError(t, h.SegmentsSee(ctx, c, q.Events...))
			require.NoError(t, h.store.EventsDone(ctx, q.Events))
		}
	}
}

// clock stops the service's clock. Calling it tells the time, after moving it on.
func (h *harness) clock(t *testing.T) func(...time.Duration) time.Time {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	h.SetNow(func() time.Time { return now })
	return func(on ...time.Duration) time.Time {
		for _, d := range on {
			now = now.Add(d)
		}
		return now
	}
}

// sendAt accepts an event that happened at a moment.
func (h *harness) sendAt(t require.TestingT, id, kind, subject string, at time.Time, data ...string) {
	e := orchestrator.Event{Source: "urn:test", ID: id, Type: kind, Subject: subject, Time: at}
	for _, d := range data {
		e.Data = json.RawMessage(d)
	}
	_, err := h.AcceptEvents(context.Background(), admin, []orchestrator.Event{e})
	require.NoError(t, err)
}

func (h *harness) members(t require.TestingT, name string) []string {
	ids := []string{}
	list, _, err := h.SegmentMembers(context.Background(), admin, name, orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	for _, m := range list {
		ids = append(ids, m.Customer)
	}
	slices.Sort(ids)
	return ids
}

// moves are the types of a customer's segment events, oldest first, each with its
// segment.
func (h *harness) moves(t require.TestingT, customer string) []string {
	out := []string{}
	events, _, err := h.store.Events(context.Background(), acme, customer, orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	for _, e := range slices.Backward(events) {
		if e.Source == orchestrator.SourceSegment {
			var data struct{ Segment string }
			require.NoError(t, json.Unmarshal(e.Data, &data))
			out = append(out, e.Type[len("qidong.segment."):]+" "+data.Segment)
		}
	}
	return out
}

func TestSegmentsFollowWhatHappens(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "gold", `customer.traits.tier == "gold"`)
	h.segment(t, "vip", `"vip" in customer.tags`)
	h.segment(t, "regular", `count("order.placed") >= 2`)
	h.segment(t, "spender", `sum("order.placed", "total") > 100`)
	put := func(traits map[string]any) {
		t.Helper()
		_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Traits: traits})
		require.NoError(t, err)
		h.see(t)
	}
	put(map[string]any{"tier": "gold"})
	require.Equal(t, []string{"c_1"}, h.members(t, "gold"))
	put(map[string]any{"tier": "gold"})
	put(map[string]any{"tier": "tin"})
	_, err := h.TagCustomer(t.Context(), admin, "c_1", []string{"vip", "b"}, nil)
	require.NoError(t, err)
	h.send(t, "1", "order.placed", "c_1", `{"total": 60.5}`)
	h.send(t, "2", "order.placed", "c_1", `{"total": "free"}`)
	h.see(t)
	require.Equal(t, []string{"joined gold", "left gold", "joined vip", "joined regular"}, h.moves(t, "c_1"))
	h.send(t, "3", "order.placed", "c_1", `{"total": 39.6}`)
	h.see(t)
	require.Equal(t, []string{"c_1"}, h.members(t, "spender"))

	t.Run("the same event again counts once", func(t *testing.T) {
		before := h.moves(t, "c_1")
		events, _, err := h.store.Events(t.Context(), acme, "c_1", orchestrator.Page{})
		require.NoError(t, err)
		c, err := h.store.Customer(t.Context(), acme, "c_1")
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, h.SegmentsSee(t.Context(), c, events...))
		}
		require.Equal(t, before, h.moves(t, "c_1"))
		tally, err := h.store.Tally(t.Context(), acme, "c_1", journey.Series{Type: "order.placed", Field: "total"}, time.Now())
		require.NoError(t, err)
		require.EqualValues(t, 3, tally.Count)
		require.EqualValues(t, 100_100_000, tally.Sum)
	})
	t.Run("the customer's segments are listed", func(t *testing.T) {
		list, err := h.SegmentsOf(t.Context(), admin, "c_1")
		require.NoError(t, err)
		require.Len(t, list, 3)
		require.Equal(t, "regular", list[0].Segment)
	})
}

func TestWhoIsInASegmentAlreadyDoesNotJoinIt(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for _, id := range []string{"c_1", "c_2", "c_3"} {
		h.customer(t, id)
		h.send(t, id, "order.placed", id, `{}`)
	}
	h.see(t)
	_, err := h.PutSegment(t.Context(), admin, orchestrator.Segment{Name: "buyers", Rule: `count("order.placed") >= 1`})
	require.NoError(t, err)
	_, err = h.PutSegment(t.Context(), admin, orchestrator.Segment{Name: "regular", Rule: `count("order.placed") >= 2`})
	require.NoError(t, err)
	h.send(t, "more", "order.placed", "c_2", `{}`)
	h.see(t) // before the backfill comes to them
	require.Equal(t, []string{"joined regular"}, h.moves(t, "c_2"), "they have bought before, and now for the second time")
	g := h.backfilled(t, "buyers")
	require.EqualValues(t, 3, g.Backfill.Seen)
	require.EqualValues(t, 2, g.Backfill.Joined)
	require.Equal(t, []string{"c_1", "c_2", "c_3"}, h.members(t, "buyers"))
	require.Empty(t, h.moves(t, "c_1"))

	t.Run("unless the backfill is to announce it", func(t *testing.T) {
		_, err := h.PutSegment(t.Context(), admin, orchestrator.Segment{
			Name: "buyers", Rule: `count("order.placed") >= 2`, Backfill: orchestrator.Backfill{Announce: true},
		})
		require.NoError(t, err)
		h.backfilled(t, "buyers")
		require.Equal(t, []string{"left buyers"}, h.moves(t, "c_1"))
		require.Equal(t, []string{"joined regular"}, h.moves(t, "c_2"))
	})
}

func TestTimeAloneMovesMembers(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	clock := h.clock(t)
	h.segment(t, "active", `count("app.opened", "2d") >= 2`)
	h.segment(t, "asleep", `now - last("app.opened") > duration("72h")`)
	h.segment(t, "plain", `count("app.opened") >= 1`)
	h.customer(t, "c_1")
	h.customer(t, "c_2")
	h.sendAt(t, "1", "app.opened", "c_1", clock())
	h.sendAt(t, "2", "app.opened", "c_1", clock().Add(-time.Hour))
	h.see(t)
	require.Equal(t, []string{"joined plain", "joined active"}, h.moves(t, "c_1"))
	sweep := func(d time.Duration) []string {
		t.Helper()
		clock(d)
		_, err := h.SweepSegments(t.Context())
		require.NoError(t, err)
		return h.moves(t, "c_1")[2:]
	}
	require.Empty(t, sweep(46*time.Hour))
	require.Equal(t, []string{"left active"}, sweep(time.Hour))
	require.Equal(t, []string{"left active"}, sweep(25*time.Hour))
	require.Equal(t, []string{"left active", "joined asleep"}, sweep(time.Microsecond))
	h.sendAt(t, "3", "app.opened", "c_1", clock())
	h.see(t)
	require.Equal(t, []string{"left active", "joined asleep", "left asleep"}, sweep(0))
	due, err := h.store.DueMembers(t.Context(), clock().AddDate(1, 0, 0), 100)
	require.NoError(t, err)
	require.Len(t, due, 2, "c_2 did nothing and is never looked at, nor does plain look at anybody")
}

// TestMembershipIsTheRuleOverTheWholeHistory: however events, changes, time and
// changes of rules come, members are those for whom the rule holds judged anew
// over everything that happened.
func TestMembershipIsTheRuleOverTheWholeHistory(t *testing.T) {
	t.Parallel()
	rules := []string{
		`count("a") >= 2`, `count("a", "1h") >= 2`, `count("a", "26h") < 2`, `sum("a", "n", "3h") > 4`, `int(sum("b", "n")) % 2 == 0`,
		`now - last("a") > duration("2h")`, `first("b") == null || now - first("b") < duration("90m")`,
		`customer.traits.tier == "gold"`, `"vip" in customer.tags && count("b") > 0`, `customer.traits.tier == "gold" || count("b", "2h") == 1`,
		`now.getHours() % 2 == 0 && last("a") != null`,
	}
	h := newHarness(t)
	clock := h.clock(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		ctx := context.Background()
		customers := []string{fmt.Sprintf("c_%d_a", run), fmt.Sprintf("c_%d_b", run)}
		for _, name := range []string{"one", "two"} {
			h.segment(t, name, rapid.SampledFrom(rules).Draw(t, "rule"))
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			id := rapid.SampledFrom(customers).Draw(t, "customer")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1: // also late ones, and some before the customer is known
				if _, err := h.store.Customer(ctx, acme, id); err != nil {
					continue
				}
				n := rapid.IntRange(1, 3).Draw(t, "n")
				h.sendAt(t, fmt.Sprint(run, "/", i), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "type"), id,
					clock().Add(-time.Duration(rapid.IntRange(-5, 200).Draw(t, "ago"))*time.Minute), fmt.Sprintf(`{"n": %d}`, n))
			case 2:
				_, err := h.PutCustomer(ctx, admin, orchestrator.Customer{
					ID: id, Traits: map[string]any{"tier": rapid.SampledFrom([]string{"gold", "tin"}).Draw(t, "tier")},
					Tags: []string{rapid.SampledFrom([]string{"vip", "x"}).Draw(t, "tag")},
				})
				require.NoError(t, err)
			case 3:
				_, err := h.PutSegment(ctx, admin, orchestrator.Segment{
					Name: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "segment"), Rule: rapid.SampledFrom(rules).Draw(t, "new rule"),
				})
				require.NoError(t, err)
			case 4:
				clock(time.Duration(rapid.IntRange(1, 150).Draw(t, "minutes")) * time.Minute)
			case 5:
				h.see(t)
			}
			if rapid.Bool().Draw(t, "sweep") {
				_, err := h.SweepSegments(ctx)
				require.NoError(t, err)
			}
		}
		h.see(t)
		for _, name := range []string{"one", "two"} {
			h.backfilled(t, name)
		}
		for more := true; more; {
			due, err := h.store.DueMembers(ctx, clock(), 1)
			require.NoError(t, err)
			more = len(due) > 0
			_, err = h.SweepSegments(ctx)
			require.NoError(t, err)
		}
		for _, name := range []string{"one", "two"} {
			members := h.members(t, name)
			for _, id := range customers {
				want, known := h.anew(t, name, id, clock())
				if got := slices.Contains(members, id); known && got != want {
					g, _ := h.store.Segment(ctx, acme, name)
					t.Fatalf("%s of %s: is a member: %v, should be: %v", g.Rule, id, got, want)
				}
			}
		}
		h.see(t)
	})
}

// anew judges a segment over everything that ever happened to a customer.
func (h *harness) anew(t require.TestingT, name, id string, now time.Time) (member, known bool) {
	ctx := context.Background()
	c, err := h.store.Customer(ctx, acme, id)
	if err != nil {
		return false, false
	}
	g, err := h.store.Segment(ctx, acme, name)
	require.NoError(t, err)
	rule, problems := journey.CompileRule(g.Rule)
	require.Empty(t, problems)
	events, _, err := h.store.Events(ctx, acme, id, orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	j, err := rule.Judge(journey.Moment{Now: now, Customer: c.Scope(), Tally: func(s journey.Series) (journey.Tally, error) {
		var facts []journey.Fact
		for _, e := range events {
			if e.Type == s.Type {
				var data any
				require.NoError(t, json.Unmarshal(e.Data, &data))
				facts = append(facts, journey.Fact{At: e.Time, Value: s.Value(data)})
			}
		}
		return s.Tally(facts, now), nil
	}})
	require.NoError(t, err)
	return j.Member, true
}

// TestBackfillsGoOnWhereTheyWere cancels a backfill at random moments: everybody
// is judged once, and nobody is missed.
func TestBackfillsGoOnWhereTheyWere(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for i := range 300 {
		_, err := h.store.PutCustomer(t.Context(), orchestrator.Customer{Workspace: acme, ID: fmt.Sprint("c_", i), Traits: map[string]any{"n": i}})
		require.NoError(t, err)
	}
	_, err := h.PutSegment(t.Context(), admin, orchestrator.Segment{Name: "even", Rule: `customer.traits.n % 2 == 0`, Backfill: orchestrator.Backfill{Announce: true}})
	require.NoError(t, err)
	g, err := h.store.Segment(t.Context(), acme, "even")
	require.NoError(t, err)
	for g.Backfill.Running {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
		for range 3 {
			_, _ = h.BackfillSome(ctx, g, 7) // however it ends
		}
		cancel()
		h.restart(t)
		g, err = h.store.Segment(t.Context(), acme, "even")
		require.NoError(t, err)
	}
	require.EqualValues(t, 300, g.Backfill.Seen)
	require.EqualValues(t, 150, g.Backfill.Joined)
	require.EqualValues(t, 150, g.Members)
	require.Len(t, h.members(t, "even"), 150)
	joined := 0
	for i := range 300 {
		joined += len(h.moves(t, fmt.Sprint("c_", i)))
	}
	require.Equal(t, 150, joined)
}

func TestEventsOfAnAddressCountOnceItIsKnown(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "buyers", `count("order.placed") >= 2`)
	for i := range 2 {
		h.send(t, fmt.Sprint(i), "order.placed", "phone:+8613800000000", `{}`)
	}
	phone := []orchestrator.Identity{{Kind: "phone", Value: "+8613800000000"}}
	queues, err := h.store.DueQueues(t.Context(), 1, 10, func(string, string) bool { return false })
	require.NoError(t, err)
	for _, e := range queues[0].Events { // nobody is known to have this number
		require.NoError(t, h.store.EventFailed(t.Context(), e.Seq, "nobody", time.Time{}))
	}
	h.customer(t, "c_1")
	h.see(t)
	require.Empty(t, h.members(t, "buyers"))
	_, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Name: "Lin", Identities: phone})
	require.NoError(t, err)
	h.see(t)
	require.Equal(t, []string{"joined buyers"}, h.moves(t, "c_1"))
}

func TestPreviewsJudgeWithoutStoring(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for i := range 30 {
		id := fmt.Sprint("c_", i)
		_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: id, Name: "Lin"})
		require.NoError(t, err)
		h.send(t, id, "order.placed", id, fmt.Sprintf(`{"total": %d}`, i))
	}
	p, err := h.PreviewSegment(t.Context(), admin, `sum("order.placed", "total", "1d") >= 5 && customer.name == "Lin"`, 0)
	require.NoError(t, err)
	require.EqualValues(t, 30, p.Judged)
	require.EqualValues(t, 25, p.Members)
	require.Len(t, p.Sample, 20)
	require.True(t, p.Timed)
	p, err = h.PreviewSegment(t.Context(), admin, `customer.traits.none == 1`, 7)
	require.NoError(t, err)
	require.EqualValues(t, 7, p.Judged)
	require.EqualValues(t, 7, p.Troubled)
	require.Contains(t, p.Trouble, "customer c_0: no such key: none")
	require.EqualValues(t, 30, p.Total)
	_, err = h.PreviewSegment(t.Context(), admin, `customer.x == 1`, 7)
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
}

func TestSegmentsAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for name, g := range map[string]orchestrator.Segment{
		"BAD_NAME":       {Name: "Gold Customers", Rule: "true"},
		"BAD_EXPRESSION": {Name: "gold", Rule: "1 +"},
		"OUT_OF_RANGE":   {Name: "gold", Rule: "true", Backfill: orchestrator.Backfill{Rate: 100_000}},
	} {
		_, err := h.PutSegment(t.Context(), admin, g)
		var invalid *orchestrator.ValidationError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, name, invalid.Problems[0].Code)
	}
	_, err := h.PutSegment(t.Context(), orchestrator.Actor{Workspace: acme, Scopes: []string{orchestrator.ScopeEvents}}, orchestrator.Segment{Name: "gold", Rule: "true"})
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	require.ErrorIs(t, h.DeleteSegment(t.Context(), admin, "gold"), orchestrator.ErrNotFound)
}

// TestJ01_SegmentsAndJourneysDoNotTurnForever: what journeys did to lead here is
// handed on, and ends at the limit.
func TestJ01_SegmentsAndJourneysDoNotTurnForever(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "on", `"on" in customer.tags`)
	h.customer(t, "c_1")
	h.see(t)
	for hops := range orchestrator.MaxHops + 2 {
		c := orchestrator.Change{Key: fmt.Sprint("e/", hops), Workspace: acme, Enrollment: "e", Customer: "c_1", Hops: min(hops, orchestrator.MaxHops)}
		if hops%2 == 0 {
			c.AddTags = []string{"on"}
		} else {
			c.RemoveTags = []string{"on"}
		}
		_, err := h.store.ApplyChange(t.Context(), c)
		require.NoError(t, err)
		h.see(t)
	}
	require.Len(t, h.moves(t, "c_1"), orchestrator.MaxHops-1)
	events, _, err := h.store.Events(t.Context(), acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range events {
		if e.Source == orchestrator.SourceSegment {
			seen[string(e.Data)] = true
		}
	}
	require.Contains(t, slices.Collect(maps.Keys(seen)), `{"qidong_hops":15,"segment":"on"}`)
}
