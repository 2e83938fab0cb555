package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func putSegment(t *testing.T, s orchestrator.Store, name, rule string) orchestrator.Segment {
	t.Helper()
	g, err := s.PutSegment(t.Context(), orchestrator.Segment{
		Workspace: acme, Name: name, Title: journey.Text{"en": name}, Rule: rule, UpdatedBy: "ada", Backfill: orchestrator.Backfill{Rate: 100},
	})
	require.NoError(t, err)
	return g
}

func testSegments(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putCustomer(t, s, orchestrator.Customer{ID: "c_1"})
	revision := func() int64 {
		n, err := s.SegmentRevision(ctx)
		require.NoError(t, err)
		return n
	}
	before := revision()
	g := putSegment(t, s, "gold", "true")
	require.NotEqual(t, before, revision())
	require.Equal(t, 1, g.Version)
	require.True(t, g.Backfill.Running)
	require.EqualValues(t, 1, g.Backfill.Total)
	require.Equal(t, 100, g.Backfill.Rate)
	got, err := s.Segment(ctx, acme, "gold")
	require.NoError(t, err)
	equal(t, g, got)

	t.Run("another title is no other version", func(t *testing.T) {
		changed, err := s.PutSegment(ctx, orchestrator.Segment{Workspace: acme, Name: "gold", Title: journey.Text{"en": "Gold"}, Rule: "true"})
		require.NoError(t, err)
		require.Equal(t, 1, changed.Version)
		equal(t, g.Backfill, changed.Backfill)
	})
	t.Run("another rule is one, and keeps the members", func(t *testing.T) {
		changed, err := s.SetMember(ctx, orchestrator.Membership{Workspace: acme, Segment: "gold", Customer: "c_1", Since: at}, true)
		require.NoError(t, err)
		require.True(t, changed)
		next := putSegment(t, s, "gold", "false")
		require.Equal(t, 2, next.Version)
		require.EqualValues(t, 1, next.Members)
		require.Zero(t, next.Backfill.Seen)
	})
	t.Run("they are listed by name", func(t *testing.T) {
		putSegment(t, s, "a", "true")
		_, err := s.PutSegment(ctx, orchestrator.Segment{Workspace: other, Name: "b", Rule: "true"})
		require.NoError(t, err)
		for workspace, want := range map[string]int{acme: 2, other: 1, "": 3} {
			list, err := s.Segments(ctx, workspace)
			require.NoError(t, err)
			require.Len(t, list, want)
		}
	})
	t.Run("deleting one forgets its members", func(t *testing.T) {
		before := revision()
		require.NoError(t, s.DeleteSegment(ctx, acme, "gold"))
		require.NotEqual(t, before, revision())
		list, err := s.Memberships(ctx, acme, "c_1")
		require.NoError(t, err)
		require.Empty(t, list)
	})
	t.Run("there are at most so many", func(t *testing.T) {
		for i := range orchestrator.MaxSegments - 1 {
			putSegment(t, s, fmt.Sprint("s", i), "true")
		}
		_, err := s.PutSegment(ctx, orchestrator.Segment{Workspace: acme, Name: "more", Rule: "true"})
		require.ErrorIs(t, err, orchestrator.ErrLimit)
		putSegment(t, s, "s1", "false")
	})
}

func testMembers(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putSegment(t, s, "gold", "true")
	putSegment(t, s, "tin", "true")
	set := func(segment, customer string, member bool) bool {
		t.Helper()
		changed, err := s.SetMember(ctx, orchestrator.Membership{Workspace: acme, Segment: segment, Customer: customer, Since: at}, member)
		require.NoError(t, err)
		return changed
	}
	for _, c := range []string{"c_3", "c_1", "c_2"} {
		require.True(t, set("gold", c, true))
		require.False(t, set("gold", c, true), "who is a member stays one")
	}
	require.True(t, set("tin", "c_1", true))
	require.False(t, set("tin", "c_2", false))
	require.True(t, set("gold", "c_1", false))
	require.False(t, set("gold", "c_1", false))
	require.True(t, set("gold", "c_1", true))

	for _, limit := range []int{1, 2, 5} {
		var ids []string
		for _, m := range all(t, limit, func(p orchestrator.Page) ([]orchestrator.Membership, string, error) {
			return s.Members(ctx, acme, "gold", p)
		}) {
			require.Equal(t, at, m.Since)
			ids = append(ids, m.Customer)
		}
		require.Equal(t, []string{"c_3", "c_2", "c_1"}, ids, "in the order of joining")
	}
	g, err := s.Segment(ctx, acme, "gold")
	require.NoError(t, err)
	require.EqualValues(t, 3, g.Members)
	list, err := s.Memberships(ctx, acme, "c_1")
	require.NoError(t, err)
	require.Len(t, list, 2)
	is, err := s.Member(ctx, acme, "tin", "c_1")
	require.NoError(t, err)
	require.True(t, is)
	is, err = s.Member(ctx, other, "tin", "c_1")
	require.NoError(t, err)
	require.False(t, is)

	t.Run("who is due comes by moment", func(t *testing.T) {
		for i, c := range []string{"c_1", "c_2", "c_3", "c_1"} {
			require.NoError(t, s.SetDue(ctx, orchestrator.Due{Workspace: acme, Segment: "gold", Customer: c, At: at.Add(time.Duration(10-i) * time.Second)}))
		}
		due, err := s.DueMembers(ctx, at.Add(8*time.Second), 10)
		require.NoError(t, err)
		require.Len(t, due, 2)
		require.Equal(t, []string{"c_1", "c_3"}, []string{due[0].Customer, due[1].Customer})
		require.NoError(t, s.SetDue(ctx, orchestrator.Due{Workspace: acme, Segment: "gold", Customer: "c_1"}))
		due, err = s.DueMembers(ctx, at.Add(time.Hour), 10)
		require.NoError(t, err)
		require.Len(t, due, 2)
	})
}

// testFacts compares what the store adds up with adding up all facts anew.
func testFacts(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	var facts []orchestrator.Fact
	var plain []journey.Fact
	for i := range 300 {
		f := orchestrator.Fact{
			Workspace: acme, Customer: "c_1", Type: "order", Field: "total", Event: int64(i + 1),
			At: at.Add(-time.Duration(rand.Int64N(int64(100 * time.Hour)))).Truncate(time.Microsecond), Value: rand.Int64N(2e9) - 5e8, //nolint:gosec // any will do
		}
		facts, plain = append(facts, f), append(plain, journey.Fact{At: f.At, Value: f.Value})
	}
	for _, n := range []int{200, 300} { // the second time most are known
		added, err := s.AddFacts(ctx, facts[:n])
		require.NoError(t, err)
		require.Equal(t, map[int]int{200: 200, 300: 100}[n], added)
	}
	for _, window := range []time.Duration{0, time.Minute, 59 * time.Minute, time.Hour, 119 * time.Minute, 2 * time.Hour, 25 * time.Hour, 99 * time.Hour, 1000 * time.Hour} {
		for _, shift := range []time.Duration{0, 17 * time.Minute, 30 * time.Hour, 2000 * time.Hour} {
			of := journey.Series{Type: "order", Field: "total", Window: window}
			got, err := s.Tally(ctx, acme, "c_1", of, at.Add(shift))
			require.NoError(t, err)
			equal(t, of.Tally(plain, at.Add(shift)), got)
		}
	}
	for _, of := range []journey.Series{{Type: "order"}, {Type: "total"}, {Type: "order", Field: "x", Window: time.Hour}} {
		got, err := s.Tally(ctx, acme, "c_1", of, at)
		require.NoError(t, err)
		require.Zero(t, got)
	}
	t.Run("a sum stays within the integers", func(t *testing.T) {
		var facts []orchestrator.Fact
		for i := range 2000 {
			facts = append(facts, orchestrator.Fact{
				Workspace: acme, Customer: "c_2", Type: "order", Field: "total", Event: int64(i + 1),
				At: at.Add(-time.Duration(i) * time.Minute), Value: 1e16,
			})
		}
		_, err := s.AddFacts(ctx, facts)
		require.NoError(t, err)
		for _, window := range []time.Duration{0, 100 * time.Hour} {
			got, err := s.Tally(ctx, acme, "c_2", journey.Series{Type: "order", Field: "total", Window: window}, at)
			require.NoError(t, err)
			require.EqualValues(t, journey.MaxSum, got.Sum)
		}
	})
}

func testBackfill(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i := range 5 {
		putCustomer(t, s, orchestrator.Customer{ID: fmt.Sprint("c_", i)})
	}
	g := putSegment(t, s, "gold", "true")
	running, err := s.Backfills(ctx, 10)
	require.NoError(t, err)
	require.Len(t, running, 1)
	list, err := s.NumberedCustomers(ctx, acme, 0, 3)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, "c_0", list[0].ID)
	one, err := s.NumberedCustomer(ctx, acme, "c_2")
	require.NoError(t, err)
	require.Equal(t, list[2].Seq, one.Seq)
	n, err := s.CountCustomers(ctx, acme)
	require.NoError(t, err)
	require.EqualValues(t, 5, n)

	g.Backfill.Cursor, g.Backfill.Seen, g.Backfill.Joined = list[2].Seq, 3, 2
	ok, err := s.AdvanceBackfill(ctx, g, 0)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = s.AdvanceBackfill(ctx, g, 0)
	require.NoError(t, err)
	require.False(t, ok, "somebody else has moved it on")
	got, err := s.Segment(ctx, acme, "gold")
	require.NoError(t, err)
	equal(t, g.Backfill, got.Backfill)

	before, err := s.SegmentRevision(ctx)
	require.NoError(t, err)
	got.Backfill.Running, got.Backfill.EndedAt = false, at
	ok, err = s.AdvanceBackfill(ctx, got, got.Backfill.Cursor)
	require.NoError(t, err)
	require.True(t, ok)
	after, err := s.SegmentRevision(ctx)
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	running, err = s.Backfills(ctx, 10)
	require.NoError(t, err)
	require.Empty(t, running)
	next := putSegment(t, s, "gold", "false")
	ok, err = s.AdvanceBackfill(ctx, got, 0)
	require.NoError(t, err)
	require.False(t, ok, "that of another version")
	require.True(t, next.Backfill.Running)
}

func testOvertakeChange(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putCustomer(t, s, orchestrator.Customer{ID: "c_1"})
	accept := func(id, kind string) {
		t.Helper()
		_, err := s.AcceptEvents(ctx, []orchestrator.Event{{Workspace: acme, Source: "s", ID: id, Type: kind, Subject: "c_1", Data: json.RawMessage(`{}`)}})
		require.NoError(t, err)
	}
	pending := func() []string {
		t.Helper()
		var ids []string
		queues, err := s.DueQueues(ctx, 10, 10, func(string, string) bool { return false })
		require.NoError(t, err)
		for _, q := range queues {
			for _, e := range q.Events {
				ids = append(ids, e.ID)
			}
		}
		return ids
	}
	require.NoError(t, s.OvertakeChange(ctx, acme, "c_1"), "where nothing waits nothing happens")
	accept("1", orchestrator.EventCustomerChanged)
	accept("2", "order")
	require.NoError(t, s.OvertakeChange(ctx, acme, "c_1"))
	accept("3", orchestrator.EventCustomerChanged)
	require.Equal(t, []string{"2", "3"}, pending())
	require.NoError(t, s.OvertakeChange(ctx, other, "c_1"))
	require.Equal(t, []string{"2", "3"}, pending())

	events, err := s.EventsOfTypes(ctx, acme, "c_1", []string{orchestrator.EventCustomerChanged, "x"}, 0, 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "1", events[0].ID)
	events, err = s.EventsOfTypes(ctx, acme, "c_1", []string{orchestrator.EventCustomerChanged, "order"}, events[0].Seq, events[1].Seq, 10)
	require.NoError(t, err)
	require.Len(t, events, 1)
}
