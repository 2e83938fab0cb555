package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestCustomersAreTagged(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	c, err := h.TagCustomer(t.Context(), admin, "c_1", []string{"vip", "a", "vip"}, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "vip"}, c.Tags)
	c, err = h.TagCustomer(t.Context(), admin, "c_1", []string{"b"}, []string{"a", "never"})
	require.NoError(t, err)
	require.Equal(t, []string{"b", "vip"}, c.Tags)
	c, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Name: "Lin Hua"})
	require.NoError(t, err)
	require.Equal(t, []string{"b", "vip"}, c.Tags, "nil leaves them")
	c, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Tags: []string{}})
	require.NoError(t, err)
	require.Empty(t, c.Tags)

	many := make([]string, 201)
	for i := range many {
		many[i] = fmt.Sprint("t", i)
	}
	for _, tags := range [][]string{{""}, {strings.Repeat("x", 65)}, {"a\nb"}, many} {
		_, err = h.TagCustomer(t.Context(), admin, "c_1", tags, nil)
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
		_, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", Tags: tags})
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	}
	_, err = h.TagCustomer(t.Context(), admin, "c_1", many[:150], nil)
	require.NoError(t, err)
	_, err = h.TagCustomer(t.Context(), admin, "c_1", []string{"u1"}, nil)
	require.NoError(t, err)
	_, err = h.TagCustomer(t.Context(), admin, "c_1", append([]string{"u2"}, many[150:]...), nil)
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	_, err = h.TagCustomer(t.Context(), admin, "c_x", []string{"a"}, nil)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

func TestChangesOfCustomersAreToldOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	pending := func() []orchestrator.Event {
		t.Helper()
		queues, err := h.store.DueQueues(t.Context(), 10, 10, func(string, string) bool { return false })
		require.NoError(t, err)
		if len(queues) == 0 {
			return nil
		}
		return queues[0].Events
	}
	h.customer(t, "c_1")
	require.Empty(t, pending(), "nobody waits for a customer who is new")
	for i, c := range []orchestrator.Customer{
		{ID: "c_1"},
		{ID: "c_1", Name: "Lin"},
		{ID: "c_1", Name: "Lin", Locale: "zh-CN"},
		{ID: "c_1", Name: "Lin", Locale: "zh-CN", TimeZone: "Asia/Shanghai"},
		{ID: "c_1", Name: "Lin", Locale: "zh-CN", TimeZone: "Asia/Shanghai", Traits: map[string]any{"n": 1}},
	} {
		_, err := h.PutCustomer(t.Context(), admin, c)
		require.NoError(t, err)
		events := pending()
		require.Len(t, events, 1, i)
		require.Equal(t, orchestrator.EventCustomerChanged, events[0].Type)
		var data struct{ Customer map[string]any }
		require.NoError(t, json.Unmarshal(events[0].Data, &data))
		require.Equal(t, c.Name, data.Customer["name"])
		require.Equal(t, c.TimeZone, data.Customer["timezone"])
	}
	require.NoError(t, h.store.EventsDone(t.Context(), pending()))
	_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{
		ID: "c_1", Name: "Lin", Locale: "zh-CN", TimeZone: "Asia/Shanghai", Traits: map[string]any{"n": 1.0},
		Identities: []orchestrator.Identity{{Kind: "email", Value: "a@b"}},
	})
	require.NoError(t, err)
	require.Empty(t, pending(), "what journeys cannot see is no change")
}
