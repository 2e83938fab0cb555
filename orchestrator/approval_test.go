package orchestrator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

func TestApproval_TakesASecondPerson(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx, now := t.Context(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	s := orchestrator.NewService(orchestrator.Deps{Store: h.store, Engine: h.engine, Plugins: fakeHost{}, Vault: h.vault, Now: func() time.Time { return now }})
	ben := admin
	ben.Name = "ben"
	require.NoError(t, s.SetSettings(ctx, admin, orchestrator.Settings{Approval: true}))
	v, err := s.NewDraft(ctx, admin, "walk", draftSource)
	require.NoError(t, err)
	publish := func(a orchestrator.Actor) error {
		d, err := s.Draft(ctx, a, "walk")
		require.NoError(t, err)
		_, err = s.PublishDraft(ctx, a, "walk", d.Revision, orchestrator.PublishOptions{})
		return err
	}
	require.ErrorIs(t, publish(admin), orchestrator.ErrPrecondition)
	_, err = s.PublishJourney(ctx, admin, []byte(draftSource))
	require.ErrorIs(t, err, orchestrator.ErrPrecondition, "nor past the draft")

	require.NoError(t, s.ApproveDraft(ctx, admin, "walk", v.Revision))
	require.ErrorIs(t, publish(admin), orchestrator.ErrPrecondition, "one's own yes is none")
	require.NoError(t, s.ApproveDraft(ctx, ben, "walk", v.Revision))
	plan, err := s.PlanPublish(ctx, admin, []byte(draftSource))
	require.NoError(t, err)
	require.True(t, plan.Approval.Needed && plan.Approval.Given && plan.Approval.Own)
	require.Len(t, plan.Approval.By, 2)

	now = now.Add(orchestrator.ApprovalLife)
	require.ErrorIs(t, publish(admin), orchestrator.ErrPrecondition, "it has lapsed")
	require.NoError(t, s.ApproveDraft(ctx, ben, "walk", v.Revision))
	require.NoError(t, publish(admin))

	d, err := s.Draft(ctx, admin, "walk")
	require.NoError(t, err)
	edited, err := s.EditDraft(ctx, admin, "walk", orchestrator.DraftEdit{Revision: d.Revision, Session: "a", Commands: []edit.Command{set("title.en", "Stroll")}})
	require.NoError(t, err)
	require.ErrorIs(t, publish(admin), orchestrator.ErrPrecondition, "another definition needs another yes")
	require.ErrorIs(t, s.ApproveDraft(ctx, ben, "walk", d.Revision), orchestrator.ErrConflict, "nobody approves what they have not seen")
	require.NoError(t, s.ApproveDraft(ctx, ben, "walk", edited.Revision))
	require.NoError(t, publish(admin))

	_, err = s.RollbackJourney(ctx, admin, "walk", 1, orchestrator.PublishOptions{})
	require.NoError(t, err, "going back waits for nobody")
}
