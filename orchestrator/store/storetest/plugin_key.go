package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func testPluginKeys(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	key := func(workspace, id, partner string, hours int) orchestrator.PluginKey {
		k := orchestrator.PluginKey{
			Workspace: workspace, ID: id, Partner: partner, Public: "RW" + id, AddedAt: at.Add(time.Duration(hours) * time.Hour),
			AddedBy: "ada", EndorsedBy: "00",
		}
		require.NoError(t, s.AddPluginKey(ctx, k))
		return k
	}
	first, second, bank := key(acme, "A1", "Cinema", 0), key(acme, "A2", "Cinema", 1), key(acme, "B1", "Bank", 2)
	elsewhere := key(other, "A1", "Another", 0)
	require.ErrorIs(t, s.AddPluginKey(ctx, second), orchestrator.ErrConflict)
	got, err := s.PluginKey(ctx, other, "A1")
	require.NoError(t, err)
	equal(t, elsewhere, got)

	first.RevokedAt, first.RevokedBy, first.Reason = at.Add(time.Hour), "ben", "It was lost."
	require.NoError(t, s.RevokePluginKey(ctx, first))
	again := first
	again.RevokedAt, again.Reason = at.Add(2*time.Hour), "Another reason."
	require.NoError(t, s.RevokePluginKey(ctx, again), "a revoked key stays as it is")
	again.ID = "none"
	require.ErrorIs(t, s.RevokePluginKey(ctx, again), orchestrator.ErrNotFound)
	list, err := s.PluginKeys(ctx, acme)
	require.NoError(t, err)
	equal(t, []orchestrator.PluginKey{bank, second, first}, list)

	owner, err := s.PluginOwner(ctx, acme, "seats")
	require.NoError(t, err)
	require.Empty(t, owner)
	require.NoError(t, s.OwnPlugin(ctx, acme, "seats", "Cinema"))
	require.NoError(t, s.OwnPlugin(ctx, acme, "seats", "Bank"), "a name stays whose it is")
	owner, err = s.PluginOwner(ctx, acme, "seats")
	require.NoError(t, err)
	require.Equal(t, "Cinema", owner)
	owner, err = s.PluginOwner(ctx, other, "seats")
	require.NoError(t, err)
	require.Empty(t, owner, "W01 of another workspace")
}

func testSignedPlugins(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	p, module := plugin(acme, "seats", "1.0.0", "one")
	p.UploadedBy, p.Held = "ada", true
	require.NoError(t, s.AddPlugin(ctx, p, module))
	p.SignedBy, p.Signature = "A1", "signed by A1"
	require.NoError(t, s.AddPlugin(ctx, p, module))
	unsigned := p
	unsigned.SignedBy, unsigned.Signature, unsigned.UploadedBy = "", "", "ben"
	require.NoError(t, s.AddPlugin(ctx, unsigned, module), "an upload without a signature takes none away")
	got, err := s.Plugin(ctx, acme, "seats", "1.0.0")
	require.NoError(t, err)
	equal(t, p, got)
	p.ReviewedBy, p.State = "ben", orchestrator.PluginDeprecated
	require.NoError(t, s.UpdatePlugin(ctx, p))
	got, err = s.Plugin(ctx, acme, "seats", "1.0.0")
	require.NoError(t, err)
	equal(t, p, got)
}

func testPluginUses(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	using := func(workspace, name, digest, module string) {
		v := version(workspace, name, digest)
		v.Definition.Actions = map[string]journey.Action{"seats.hold": {Plugin: "seats", Digest: module}, "bank.pay": {Digest: "bank"}}
		_, err := s.Publish(ctx, v)
		require.NoError(t, err)
	}
	using(acme, "welcome", "d1", "m1")
	using(acme, "welcome", "d2", "m2")
	using(acme, "farewell", "d3", "m1")
	using(other, "welcome", "d4", "m1")
	person := func(id string, status orchestrator.EnrollmentStatus, number int, digest string) {
		_, err := s.PutCustomer(ctx, orchestrator.Customer{Workspace: acme, ID: id})
		require.NoError(t, err)
		addEnrollment(t, s, orchestrator.Enrollment{ID: "e_" + id, Customer: id, Status: status, Number: number, Digest: digest})
	}
	person("c_1", orchestrator.EnrollmentStarting, 1, "d1")
	person("c_2", orchestrator.EnrollmentOpen, 1, "d1")
	person("c_3", orchestrator.EnrollmentEnded, 1, "d1")
	person("c_4", orchestrator.EnrollmentOpen, 2, "d2")
	uses, err := s.PluginUses(ctx, acme, "m1")
	require.NoError(t, err)
	require.Equal(t, []orchestrator.PluginUse{
		{Journey: "farewell", Number: 1, Digest: "d3", Newest: true}, {Journey: "welcome", Number: 1, Digest: "d1", Live: 2},
	}, uses)
	uses, err = s.PluginUses(ctx, acme, "none")
	require.NoError(t, err)
	require.Empty(t, uses)
}
