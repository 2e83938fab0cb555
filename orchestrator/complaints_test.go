package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// TestComplaint04_PublishingTouchesNobodyUnderWay is mautic 6054: replacing the
// events of a live campaign deletes logs and processes everybody again.
func TestComplaint04_PublishingTouchesNobodyUnderWay(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	ids := h.wait(t, 3)
	before, err := h.Enrollment(ctx, admin, ids[0])
	require.NoError(t, err)
	done := h.engine.did()
	_, err = h.PublishJourney(ctx, admin, []byte(changed("welcome")))
	require.NoError(t, err)
	require.Equal(t, done, h.engine.did(), "nobody is started, told or moved")
	after, err := h.Enrollment(ctx, admin, ids[0])
	require.NoError(t, err)
	require.Equal(t, before, after, "version, log and place are as they were")
	counts, err := h.StepCounts(ctx, admin, "welcome")
	require.NoError(t, err)
	require.EqualValues(t, 3, counts[0].Here)
}

// TestComplaint06_ANewVersionLetsNobodyInAgain is mautic 7881: after an update
// the same person gets the email again.
func TestComplaint06_ANewVersionLetsNobodyInAgain(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	h.send(t, "1", "signed.up", "c_1", `{"plan":"gold","key":"k"}`)
	h.deliverAll(t)
	started := h.engine.did()
	require.Len(t, started, 1)
	_, err := h.PublishJourney(ctx, admin, []byte(changed("welcome")))
	require.NoError(t, err)
	_, err = h.RollbackJourney(ctx, admin, "welcome", 1, orchestrator.PublishOptions{})
	require.NoError(t, err)
	h.send(t, "2", "signed.up", "c_1", `{"plan":"gold","key":"k"}`)
	h.deliverAll(t)
	require.Equal(t, started, h.engine.did(), "the rule is the journey's, whatever its version")
	list, _, err := h.Enrollments(ctx, admin, orchestrator.EnrollmentFilter{Journey: "welcome"}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, 1, list[0].Number)
}
