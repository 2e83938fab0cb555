package orchestrator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// TestSegmentEntry_HoldsToThePublishedRule: publishing pins the segments' rules.
// Members are asked as they are now, and nobody enters whom the published rule
// would not have had.
func TestSegmentEntry_HoldsToThePublishedRule(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "best", `customer.traits.tier == "gold" && count("order.placed") >= 1`)
	h.publishDoor(t, "club", "{segment: {segment: best}, reentry: always}")
	person := func(id, tier string, tags ...string) {
		t.Helper()
		_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: id, Traits: map[string]any{"tier": tier}})
		require.NoError(t, err)
		_, err = h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{Source: "urn:shop", ID: id, Type: "order.placed", Subject: id}})
		require.NoError(t, err)
		if len(tags) > 0 {
			_, err = h.TagCustomer(t.Context(), admin, id, tags, nil)
			require.NoError(t, err)
		}
	}
	join := func() {
		for len(h.pending(t)) > 0 {
			h.deliverAll(t)
		}
	}
	person("c_before", "gold")
	join()
	require.True(t, h.newest(t, "c_before", "club").Entered)

	h.segment(t, "best", `"vip" in customer.tags`)
	person("c_vip", "tin", "vip")
	person("c_both", "gold", "vip")
	person("c_gold", "gold")
	join()
	d := h.newest(t, "c_vip", "club")
	require.Equal(t, orchestrator.DecidedRule, d.Code)
	require.Contains(t, d.Reason, "version 1")
	require.True(t, h.newest(t, "c_both", "club").Entered, "events are counted that only the published rule speaks of")
	member, err := h.store.Member(t.Context(), acme, "best", "c_gold")
	require.NoError(t, err)
	require.False(t, member, "who is no member is not asked")

	h.publishDoor(t, "club", "{segment: {segment: best}, reentry: always, limit: 1000}")
	person("c_late", "tin", "vip")
	join()
	require.True(t, h.newest(t, "c_late", "club").Entered, "the version of now has the rule of now")
}

// A campaign asks the members, and holds to the published rule as well.
func TestCampaign_HoldsToThePublishedRule(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.segment(t, "best", `customer.traits.tier == "gold"`)
	h.broadcast(t, "hello", "segment: {segment: best}, api: true")
	for id, tier := range map[string]string{"c_1": "gold", "c_2": "tin"} {
		_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: id, Traits: map[string]any{"tier": tier}})
		require.NoError(t, err)
	}
	h.segment(t, "best", "true")
	c, err := h.StartCampaign(t.Context(), admin, "hello", "best", "", 100)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		h.work(t, orchestrator.Paces{})
		return h.campaign(t, c.ID).State == orchestrator.CampaignDone
	}, 20*time.Second, time.Millisecond)
	require.EqualValues(t, 1, h.campaign(t, c.ID).Entered)
	require.Equal(t, orchestrator.DecidedRule, h.newest(t, "c_2", "hello").Code)
}
