package orchestrator_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/seal"
)

func TestRecordings(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	recording := json.RawMessage(`{"envelope": "canary of a customer"}`)
	require.NoError(t, h.vault.RecordCall(ctx, orchestrator.PluginCall{
		Workspace: acme, Plugin: "points", Version: "1.0.0", Action: "grant", Code: "TRAP", Enrollment: "e_1",
	}, recording))

	list, _, err := h.PluginCalls(ctx, admin, orchestrator.CallFilter{Workspace: "ignored", Failed: true}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.WithinDuration(t, time.Now().Add(orchestrator.Retention), list[0].ExpiresAt, time.Minute)

	c, got, err := h.PluginCall(ctx, admin, list[0].ID)
	require.NoError(t, err)
	require.Equal(t, string(recording), string(got))
	require.Nil(t, c.Sealed)

	t.Run("it is sealed, for its own row", func(t *testing.T) {
		stored, err := h.store.PluginCall(ctx, acme, c.ID)
		require.NoError(t, err)
		require.NotContains(t, string(stored.Sealed), "canary")
		stored.ID = "pc_other"
		require.NoError(t, h.store.AddCall(ctx, stored, orchestrator.CallQuota{Calls: 10, Bytes: 1 << 20}))
		_, _, err = h.PluginCall(ctx, admin, "pc_other")
		require.ErrorIs(t, err, seal.ErrForged)
	})

	t.Run("who has read it is audited", func(t *testing.T) {
		log, err := h.store.AuditLog(ctx, acme)
		require.NoError(t, err)
		last := log[len(log)-1]
		require.Equal(t, "plugin.call.read", last.Action)
		require.Equal(t, c.ID, last.Object)
		require.Equal(t, "ada", last.Actor)
	})

	t.Run("W01: it is another workspace's", func(t *testing.T) {
		stranger := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
		_, _, err := h.PluginCall(ctx, stranger, c.ID)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		list, _, err := h.PluginCalls(ctx, stranger, orchestrator.CallFilter{Workspace: acme}, orchestrator.Page{})
		require.NoError(t, err)
		require.Empty(t, list)
	})

	t.Run("only an admin may read it", func(t *testing.T) {
		events := orchestrator.Actor{Workspace: acme, Name: "bank", Scopes: []string{orchestrator.ScopeEvents}}
		_, _, err := h.PluginCall(ctx, events, c.ID)
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
		_, _, err = h.PluginCalls(ctx, events, orchestrator.CallFilter{}, orchestrator.Page{})
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
	})

	t.Run("one that is too large is refused", func(t *testing.T) {
		err := h.vault.RecordCall(ctx, orchestrator.PluginCall{Workspace: acme}, make(json.RawMessage, orchestrator.MaxRecording+1))
		require.ErrorIs(t, err, orchestrator.ErrLimit)
	})

	t.Run("a sweep deletes what has expired", func(t *testing.T) {
		for i := range 501 {
			require.NoError(t, h.store.AddCall(ctx, orchestrator.PluginCall{
				ID: "old" + time.Duration(i).String(), Workspace: "sweep", ExpiresAt: time.Now().Add(-time.Hour), Sealed: []byte{1},
			}, orchestrator.CallQuota{Calls: 1000, Bytes: 1 << 20}))
		}
		_, before, err := h.store.SealCheck(ctx)
		require.NoError(t, err)
		require.NoError(t, h.vault.Sweep(ctx))
		_, after, err := h.store.SealCheck(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 501, before-after, "in more than one batch")
	})
}
