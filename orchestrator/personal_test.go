package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestW24EraseCustomer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	e := orchestrator.Enrollment{ID: "e_1", Workspace: acme, Journey: "welcome", Customer: "c_1", Status: orchestrator.EnrollmentOpen}
	_, err := h.store.AddEnrollment(t.Context(), e)
	require.NoError(t, err)
	h.engine.operator.command = func(id string, c orchestrator.Command) (bool, error) {
		require.Equal(t, orchestrator.CommandRemove, c.Action)
		return true, h.store.Record(t.Context(), orchestrator.Progress{Enrollment: id, Workspace: acme, Status: orchestrator.EnrollmentEnded, Outcome: "removed", LogSeq: 1})
	}

	p, err := h.PreviewErase(t.Context(), admin, "c_1")
	require.NoError(t, err)
	require.Len(t, p.Running, 1)
	x, err := h.ExportCustomer(t.Context(), admin, "c_1")
	require.NoError(t, err)
	require.Contains(t, x.Enrollments, "e_1", "what the engine knows is exported too")
	require.Equal(t, "Lin", x.Data["customers"][0]["name"])

	removed, err := h.EraseCustomer(t.Context(), admin, "c_1")
	require.NoError(t, err)
	require.EqualValues(t, 1, removed["customers"])
	_, err = h.Customer(t.Context(), admin, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	ended, err := h.store.Enrollment(t.Context(), acme, "e_1")
	require.NoError(t, err)
	require.Empty(t, ended.Customer, "what was counted stays, and names nobody")

	removed, err = h.EraseCustomer(t.Context(), admin, "c_1")
	require.NoError(t, err, "erasing twice is no error")
	require.Empty(t, removed)

	log, err := h.store.AuditLog(t.Context(), acme)
	require.NoError(t, err)
	var did []string
	for _, r := range log {
		if r.Object == "c_1" {
			did = append(did, r.Action)
		}
	}
	require.Equal(t, []string{"customer.put", "customer.export", "customer.erase.begin", "customer.erase"}, did)
}

func TestW24NothingIsErasedWhileAStepIsUnderWay(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	_, err := h.store.AddEnrollment(t.Context(), orchestrator.Enrollment{ID: "e_1", Workspace: acme, Journey: "welcome", Customer: "c_1", Status: orchestrator.EnrollmentOpen})
	require.NoError(t, err)
	h.engine.operator.command = func(string, orchestrator.Command) (bool, error) { return false, orchestrator.ErrUnavailable }
	_, err = h.EraseCustomer(t.Context(), admin, "c_1")
	require.ErrorIs(t, err, orchestrator.ErrUnavailable)
	_, err = h.Customer(t.Context(), admin, "c_1")
	require.NoError(t, err)
}
