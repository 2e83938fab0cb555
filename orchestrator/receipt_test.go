package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestReceipt(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	require.NoError(t, h.store.AddMessage(t.Context(), orchestrator.Message{ID: "m", Workspace: acme, Customer: "c_1", Channel: "handset"}, orchestrator.Progress{}))
	require.NoError(t, h.Receipt(t.Context(), admin, "c_1", orchestrator.ReceiptDisplayed, "m", "of-somebody-else"))
	m, err := h.store.Message(t.Context(), acme, "m")
	require.NoError(t, err)
	require.False(t, m.DisplayedAt.IsZero())
	require.Equal(t, m.DisplayedAt, m.DeliveredAt, "what is displayed has been delivered")

	require.ErrorIs(t, h.Receipt(t.Context(), admin, "c_1", "seen", "m"), orchestrator.ErrInvalid)
	require.ErrorIs(t, h.Receipt(t.Context(), admin, "c_1", orchestrator.ReceiptDelivered, make([]string, 201)...), orchestrator.ErrInvalid)
	partner := orchestrator.Actor{Workspace: acme, Name: "bank", Scopes: []string{orchestrator.ScopeEvents}}
	require.ErrorIs(t, h.Receipt(t.Context(), partner, "c_1", orchestrator.ReceiptDelivered, "m"), orchestrator.ErrForbidden)
}
