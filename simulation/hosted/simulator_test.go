package hosted_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/simulation/hosted"
)

// installed are the example plugins as a workspace has them.
type installed struct {
	list    []orchestrator.Plugin
	modules map[string][]byte
}

func (s *installed) Plugins(context.Context, string) ([]orchestrator.Plugin, error) {
	return s.list, nil
}

func (s *installed) Module(_ context.Context, digest string) ([]byte, error) {
	return s.modules[digest], nil
}

func newSimulator(t *testing.T) *hosted.Simulator {
	t.Helper()
	store := &installed{modules: map[string][]byte{}}
	host, err := plugins.New(t.Context(), plugins.Config{Modules: store})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, host.Close(context.Background())) })
	list, err := examples.Plugins()
	require.NoError(t, err)
	for _, p := range list {
		sum := sha256.Sum256(p.Module)
		digest := hex.EncodeToString(sum[:])
		store.modules[digest] = p.Module
		m, err := host.Describe(t.Context(), p.Module)
		require.NoError(t, err)
		asked, err := plugins.Asked(m, m.ExampleConfig)
		require.NoError(t, err)
		grant, err := json.Marshal(asked)
		require.NoError(t, err)
		store.list = append(store.list, orchestrator.Plugin{Name: p.Name, Version: m.Version, Digest: digest, State: orchestrator.PluginActive, Config: m.ExampleConfig, Grant: grant})
	}
	return hosted.NewSimulator(host, store)
}

func TestSimulator(t *testing.T) {
	t.Parallel()
	s := newSimulator(t)
	source, err := os.ReadFile("../../examples/journeys/movie-night.yaml")
	require.NoError(t, err)
	home := map[string]any{"home": map[string]any{"address": "88 Century Avenue", "latitude": 31.2, "longitude": 121.5}}
	sim := orchestrator.Simulation{Sources: [][]byte{source}, SimulationRequest: orchestrator.SimulationRequest{Customers: 30, Seed: 7, Traits: home}}
	report, err := s.Simulate(t.Context(), "demo", sim)
	require.NoError(t, err)
	require.Equal(t, 30, report.Entered)
	require.Empty(t, report.Incidents)

	t.Run("the same request gives the same report", func(t *testing.T) {
		again, err := s.Simulate(t.Context(), "demo", sim)
		require.NoError(t, err)
		require.Equal(t, report, again)
	})
	t.Run("everybody declines when nothing else has weight and nobody is silent", func(t *testing.T) {
		never := sim
		none := 0.0
		never.Silence, never.Replies = &none, map[string]map[string]float64{"promo": {"choose": 0, "decline": 1}}
		report, err := s.Simulate(t.Context(), "demo", never)
		require.NoError(t, err)
		require.Equal(t, []orchestrator.SimulatedCount{{Name: "declined", Count: 30}}, report.Outcomes)
	})
	t.Run("a partner that is down is what would fail, and leads to a customer who has it on their path", func(t *testing.T) {
		down := sim
		down.Partners = map[string]orchestrator.PartnerMood{"bank.charge": orchestrator.PartnerDown}
		report, err := s.Simulate(t.Context(), "demo", down)
		require.NoError(t, err)
		require.Len(t, report.Incidents, 1)
		require.Equal(t, "charge", report.Incidents[0].Step)
		who, err := s.SimulatedCustomer(t.Context(), "demo", down, report.Incidents[0].First)
		require.NoError(t, err)
		require.Equal(t, "deadline", who.Path.Enrollment.Outcome, "nobody saw to it")
		require.Equal(t, "promo", who.Messages[0].Step)
		require.Equal(t, "choose", reply(who.Messages[0]), "they wanted to go")
	})
	t.Run("who ends it waits no longer", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Simulate(ctx, "demo", sim)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("there is no customer after the last", func(t *testing.T) {
		_, err := s.SimulatedCustomer(t.Context(), "demo", sim, 30)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	})
}

// reply is what the customer answered.
func reply(m orchestrator.Message) string {
	if m.Replies[m.Answer].Text == "Book this show" || m.Replies[m.Answer].Text == "订这场" {
		return "choose"
	}
	return m.Replies[m.Answer].Text
}
