package orchestrator_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

var ben = orchestrator.Actor{Workspace: acme, Name: "ben", Scopes: admin.Scopes}

// TestW02 has the uploader decide, then somebody else.
func TestW02NobodyApprovesTheirOwnPlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	require.NoError(t, h.SetSettings(ctx, admin, orchestrator.Settings{PluginReview: true}))
	grant := json.RawMessage(`{"http":["a.example"]}`)
	_, err := h.UploadPlugin(ctx, admin, reaching("1.1.0", "a.example"), nil, grant)
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "not with the upload")
	p, err := h.UploadPlugin(ctx, admin, reaching("1.1.0", "a.example"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginInReview, p.State)

	_, err = h.UpdatePlugin(ctx, admin, "points", "1.1.0", orchestrator.PluginUpdate{Grant: grant})
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	require.ErrorContains(t, err, "somebody else than ada")
	_, err = h.GrantPlugin(ctx, admin, "points", "1.1.0", []string{"http a.example"})
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	for _, promote := range []orchestrator.Actor{admin, ben} {
		_, err = h.PromotePlugin(ctx, promote, "points", "1.1.0")
		require.ErrorIs(t, err, orchestrator.ErrPrecondition)
		require.ErrorContains(t, err, "it asks for http a.example; grant that first")
	}
	h.publish(t, "welcome")
	require.Equal(t, "1.0.0", h.pinned(t, "welcome"))

	p, err = h.GrantPlugin(ctx, ben, "points", "1.1.0", nil)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginInReview, p.State, "less than it asks for is no yes")
	p, err = h.GrantPlugin(ctx, ben, "points", "1.1.0", []string{"http a.example"})
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginActive, p.State)
	p, err = h.Plugin(ctx, admin, "points", "1.1.0")
	require.NoError(t, err)
	require.Equal(t, "ben", p.ReviewedBy)
	h.publish(t, "welcome")
	require.Equal(t, "1.1.0", h.pinned(t, "welcome"))

	p, err = h.UploadPlugin(ctx, admin, reaching("1.2.0", "a.example"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginActive, p.State, "P24: an update that asks for no more needs no review")
	p, err = h.UploadPlugin(ctx, admin, reaching("1.3.0", "a.example", "b.example"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginInReview, p.State, "P24: one that asks for more does")
}

func TestAVersionThatIsHeldWaitsForItsPromotion(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	p, err := h.PushPlugin(ctx, admin, orchestrator.PluginPush{Module: []byte(points("2.0.0")), Hold: true})
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginChecked, p.State)
	h.publish(t, "welcome")
	require.Equal(t, "1.0.0", h.pinned(t, "welcome"))
	_, err = h.PromotePlugin(ctx, admin, "points", "2.0.0")
	require.NoError(t, err)
	h.publish(t, "welcome")
	require.Equal(t, "2.0.0", h.pinned(t, "welcome"))

	require.NoError(t, h.SetSettings(ctx, admin, orchestrator.Settings{PluginReview: true}))
	_, err = h.PushPlugin(ctx, admin, orchestrator.PluginPush{Module: reaching("3.0.0", "a.example"), Hold: true})
	require.NoError(t, err)
	p, err = h.GrantPlugin(ctx, ben, "points", "3.0.0", []string{"http a.example"})
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginChecked, p.State, "a review promotes nothing that is held")
}

func TestYankingAPlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	e, err := h.Enroll(ctx, admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.NoError(t, err)
	uses, err := h.PluginUses(ctx, admin, "points", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, []orchestrator.PluginUse{{Journey: "welcome", Number: 1, Digest: e.Digest, Newest: true, Live: 1}}, uses)

	_, err = h.YankPlugin(ctx, admin, "points", "1.0.0", "It books twice.", false)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "1 under way in version 1 of journey welcome need version 1.0.0 of plugin points")
	p, err := h.YankPlugin(ctx, admin, "points", "1.0.0", "It books twice.", true)
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginYanked, p.State)
	require.Equal(t, "It books twice.", p.Reason)
	_, err = h.YankPlugin(ctx, admin, "points", "1.0.0", "Again.", false)
	require.Error(t, err, "while somebody needs it")
	_, err = h.PromotePlugin(ctx, admin, "points", "1.0.0")
	require.ErrorContains(t, err, "is yanked, and stays so")
	_, err = h.UploadPlugin(ctx, admin, []byte(points("1.0.0")), nil, nil)
	require.NoError(t, err)
	p, err = h.Plugin(ctx, admin, "points", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginYanked, p.State, "an upload does not bring it back")
	_, err = h.UploadPlugin(ctx, admin, []byte(points("1.0.0")+" "), nil, nil)
	require.ErrorIs(t, err, orchestrator.ErrConflict, "P21: nor is its number free")
}

func TestAVersionOfARevokedKeyDoesNotGoLive(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	old, next := h.known(t, "Cinema"), h.known(t, "Cinema")
	_, err := h.push(t, old, seats("1.0.0", "Cinema"))
	require.NoError(t, err)
	_, _, err = h.RevokePluginKey(ctx, admin, old.id(), "A laptop was stolen.")
	require.NoError(t, err)
	_, err = h.PromotePlugin(ctx, admin, "seats", "1.0.0")
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "which was revoked")
	_, err = h.push(t, next, seats("1.0.0", "Cinema"))
	require.NoError(t, err)
	p, err := h.PromotePlugin(ctx, admin, "seats", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginActive, p.State)
}
