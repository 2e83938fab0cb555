package storetest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func putCustomer(t *testing.T, s orchestrator.Store, c orchestrator.Customer) orchestrator.Customer {
	t.Helper()
	c.Workspace = acme
	c, err := s.PutCustomer(t.Context(), c)
	require.NoError(t, err)
	return c
}

// eventTypes are those of the events of c_1, newest first.
func eventTypes(t *testing.T, s orchestrator.Store) (kinds []string) {
	t.Helper()
	events, _, err := s.Events(t.Context(), acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	for _, e := range events {
		kinds = append(kinds, e.Type)
	}
	return kinds
}

func aChange(key string) orchestrator.Change {
	return orchestrator.Change{Key: "e_1/" + key + "/1", Workspace: acme, Enrollment: "e_1", Customer: "c_1", At: at}
}

func testChange(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	putCustomer(t, s, orchestrator.Customer{ID: "c_1", Name: "Lin", Traits: map[string]any{"tier": "gold", "old": 1.0}, Tags: []string{"new"}})
	c := aChange("mark")
	c.Traits = map[string]any{"tier": "silver", "old": nil, "home": map[string]any{"city": "上海"}}
	c.AddTags, c.RemoveTags = []string{"vip", "a"}, []string{"new", "never"}
	c.Emit, c.Hops = &journey.Emit{Type: "order.placed", Data: map[string]any{"n": 1}}, 2

	for range 3 {
		got, err := s.ApplyChange(ctx, c)
		require.NoError(t, err)
		equal(t, map[string]any{"tier": "silver", "home": map[string]any{"city": "上海"}}, got.Traits)
		equal(t, []string{"a", "vip"}, got.Tags)
	}
	require.Equal(t, []string{"order.placed", orchestrator.EventCustomerChanged}, eventTypes(t, s))
	events, _, err := s.Events(ctx, acme, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.JSONEq(t, `{"n": 1, "qidong_hops": 3}`, string(events[0].Data))
	require.Equal(t, orchestrator.SourceJourney, events[0].Source)
	var data struct{ Customer map[string]any }
	require.NoError(t, json.Unmarshal(events[1].Data, &data))
	equal(t, []any{"a", "vip"}, data.Customer["tags"])

	t.Run("the last tag can go", func(t *testing.T) {
		c := aChange("clear")
		c.RemoveTags = []string{"a", "vip"}
		got, err := s.ApplyChange(ctx, c)
		require.NoError(t, err)
		require.Empty(t, got.Tags)
		kept, err := s.Customer(ctx, acme, "c_1")
		require.NoError(t, err)
		require.Empty(t, kept.Tags)
	})
	t.Run("what changes nothing tells nobody", func(t *testing.T) {
		before := eventTypes(t, s)
		c := aChange("same")
		c.Traits, c.RemoveTags = map[string]any{"tier": "silver", "gone": nil}, []string{"x"}
		_, err := s.ApplyChange(ctx, c)
		require.NoError(t, err)
		require.Equal(t, before, eventTypes(t, s))
	})
	t.Run("a later repetition returns what others did since", func(t *testing.T) {
		putCustomer(t, s, orchestrator.Customer{ID: "c_1", Name: "Lin Hua", Traits: map[string]any{"tier": "none"}})
		got, err := s.ApplyChange(ctx, c)
		require.NoError(t, err)
		require.Equal(t, "Lin Hua", got.Name)
		equal(t, map[string]any{"tier": "none"}, got.Traits)
	})
}

// testChangeBounds refuses what is too much, and does nothing of it.
func testChangeBounds(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	before := putCustomer(t, s, orchestrator.Customer{ID: "c_1", Traits: map[string]any{"tier": "gold"}})
	deep := any("x")
	for range 70 {
		deep = []any{deep}
	}
	many := make([]string, 201)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	for name, c := range map[string]struct {
		change func(*orchestrator.Change)
		want   error
		says   string
	}{
		"large traits":      {func(c *orchestrator.Change) { c.Traits = map[string]any{"x": strings.Repeat("x", 33<<10)} }, orchestrator.ErrLimit, "the limit traits"},
		"deep traits":       {func(c *orchestrator.Change) { c.Traits = map[string]any{"x": deep} }, orchestrator.ErrLimit, "the limit depth"},
		"many tags":         {func(c *orchestrator.Change) { c.AddTags = many }, orchestrator.ErrLimit, "the limit tags"},
		"an empty tag":      {func(c *orchestrator.Change) { c.AddTags = []string{""} }, orchestrator.ErrInvalid, "no tag"},
		"a tag of controls": {func(c *orchestrator.Change) { c.AddTags = []string{"a\nb"} }, orchestrator.ErrInvalid, "no tag"},
		"a reserved event":  {func(c *orchestrator.Change) { c.Emit = &journey.Emit{Type: orchestrator.EventEnroll} }, orchestrator.ErrInvalid, "Qidong itself"},
		"a large event": {func(c *orchestrator.Change) {
			c.Emit = &journey.Emit{Type: "a", Data: map[string]any{"x": strings.Repeat("x", 33<<10)}}
		}, orchestrator.ErrLimit, "the limits are"},
		"the seventeenth hop": {func(c *orchestrator.Change) { c.Emit, c.Hops = &journey.Emit{Type: "a"}, 16 }, orchestrator.ErrLimit, "the limit hops is 16"},
		"nobody":              {func(c *orchestrator.Change) { c.Customer = "c_x" }, orchestrator.ErrNotFound, "c_x"},
		"somebody else's":     {func(c *orchestrator.Change) { c.Workspace = other }, orchestrator.ErrNotFound, "c_1"},
	} {
		t.Run(name, func(t *testing.T) {
			change := aChange("mark")
			change.Traits = map[string]any{"tier": "silver"}
			c.change(&change)
			_, err := s.ApplyChange(ctx, change)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			got, err := s.Customer(ctx, acme, "c_1")
			require.NoError(t, err)
			equal(t, before.Traits, got.Traits)
			require.Empty(t, eventTypes(t, s))
		})
	}
	change := aChange("mark")
	change.Emit, change.Hops = &journey.Emit{Type: "a"}, 15
	_, err := s.ApplyChange(ctx, change)
	require.NoError(t, err, "a change that was refused is not known as applied")
}

func testChangesConcurrently(t *testing.T, s orchestrator.Store) {
	putCustomer(t, s, orchestrator.Customer{ID: "c_1"})
	require.NoError(t, concurrently(8, func(i int) error {
		c := aChange(fmt.Sprint("mark", i%4))
		c.AddTags, c.Emit = []string{fmt.Sprint("t", i%4)}, &journey.Emit{Type: "a"}
		_, err := s.ApplyChange(t.Context(), c)
		return err
	}))
	got, err := s.Customer(t.Context(), acme, "c_1")
	require.NoError(t, err)
	equal(t, []string{"t0", "t1", "t2", "t3"}, got.Tags)
	require.Len(t, eventTypes(t, s), 8, "four changes with two events each")
}
