package orchestrator_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// askedSimulator remembers what it was asked.
type askedSimulator struct{ got orchestrator.Simulation }

func (s *askedSimulator) Simulate(_ context.Context, _ string, sim orchestrator.Simulation) (orchestrator.SimulationReport, error) {
	s.got = sim
	return orchestrator.SimulationReport{Customers: sim.Customers}, nil
}

func (s *askedSimulator) SimulatedCustomer(_ context.Context, _ string, sim orchestrator.Simulation, _ int) (orchestrator.SimulatedCustomer, error) {
	s.got = sim
	return orchestrator.SimulatedCustomer{Path: &orchestrator.EnrollmentView{}}, nil
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	h, asked := newHarness(t), &askedSimulator{}
	ctx := t.Context()
	s := orchestrator.NewService(orchestrator.Deps{Store: h.store, Engine: h.engine, Plugins: fakeHost{}, Vault: h.vault, Simulator: asked})
	_, err := s.PublishFragment(ctx, admin, []byte(askFragment))
	require.NoError(t, err)
	_, err = s.PublishJourney(ctx, admin, []byte(draftSource))
	require.NoError(t, err)
	_, err = s.NewDraft(ctx, admin, "asker", asker+"  - {id: on, journey: {journey: walk, mode: handover}}\n")
	require.NoError(t, err)
	_, err = s.SetGuardrails(ctx, admin, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed})
	require.NoError(t, err)
	request := orchestrator.SimulationRequest{Customers: 10, Seed: 3}

	t.Run("the draft goes with its fragments, the journeys that it leads to, and the workspace's guardrails", func(t *testing.T) {
		report, err := s.Simulate(ctx, admin, "asker", request)
		require.NoError(t, err)
		require.Len(t, report.Definition.Steps, 3, "the fragment's two steps are in its place")
		require.Len(t, asked.got.Sources, 2)
		require.Contains(t, string(asked.got.Sources[0]), "journey: asker")
		require.Contains(t, string(asked.got.Sources[1]), "journey: walk")
		require.Len(t, asked.got.Fragments["ask@1"], 2)
		require.Equal(t, orchestrator.ConsentAssumed, asked.got.Guardrails.Marketing)
		who, err := s.SimulatedCustomer(ctx, admin, "asker", request, 4)
		require.NoError(t, err)
		require.Len(t, who.Path.Version.Definition.Steps, 3)
	})
	t.Run("a draft with problems, and a request out of range, are refused with all problems", func(t *testing.T) {
		_, err := s.NewDraft(ctx, admin, "empty", "")
		require.NoError(t, err)
		var invalid *orchestrator.ValidationError
		_, err = s.Simulate(ctx, admin, "empty", request)
		require.ErrorAs(t, err, &invalid)
		loud := 2.0
		_, err = s.Simulate(ctx, admin, "asker", orchestrator.SimulationRequest{
			Customers: orchestrator.MaxSimulated + 1, Silence: &loud,
			Replies: map[string]map[string]float64{"tell": {"yes": -1}}, Partners: map[string]orchestrator.PartnerMood{"bank.charge": "sad"},
		})
		require.ErrorAs(t, err, &invalid)
		require.Len(t, invalid.Problems, 4)
	})
	t.Run("nobody else's draft, and no journey that there is not", func(t *testing.T) {
		_, err := s.Simulate(ctx, orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: []string{orchestrator.ScopeAdmin}}, "asker", request)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = s.Simulate(ctx, orchestrator.Actor{Workspace: admin.Workspace, Name: "eve", Scopes: []string{orchestrator.ScopeEvents}}, "asker", request)
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
	})
	t.Run("a server without a simulator says so", func(t *testing.T) {
		_, err := h.Simulate(ctx, admin, "asker", request)
		require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	})
}
