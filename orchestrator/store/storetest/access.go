package storetest

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testTokens(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	want := orchestrator.Token{ID: "t_1", Workspace: acme, Name: "ci", Hash: "abc", Scopes: []string{"events"}, CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	require.NoError(t, s.PutToken(ctx, want))
	got, err := s.TokenByHash(ctx, "abc")
	require.NoError(t, err)
	equal(t, want, got)
	_, err = s.TokenByHash(ctx, "ABC")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	want.Scopes, want.ID = []string{"admin"}, "t_2"
	require.NoError(t, s.PutToken(ctx, want))
	got, err = s.TokenByHash(ctx, "abc")
	require.NoError(t, err)
	equal(t, want, got, cmpopts.IgnoreFields(orchestrator.Token{}, "ID"))
	require.Equal(t, "t_1", got.ID)
}

func testSignInLinks(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	require.NoError(t, s.AddSignInLink(ctx, "good", acme, time.Now().Add(time.Minute)))
	require.NoError(t, s.AddSignInLink(ctx, "late", acme, time.Now().Add(-time.Second)))
	workspace, err := s.UseSignInLink(ctx, "good")
	require.NoError(t, err)
	require.Equal(t, acme, workspace)
	for _, hash := range []string{"good", "late", "unknown"} {
		_, err := s.UseSignInLink(ctx, hash)
		require.ErrorIs(t, err, orchestrator.ErrNotFound, hash)
	}
}

func testSignInLinksConcurrently(t *testing.T, s orchestrator.Store) {
	require.NoError(t, s.AddSignInLink(t.Context(), "good", acme, time.Now().Add(time.Minute)))
	var used atomic.Int32
	_ = concurrently(8, func(int) error {
		_, err := s.UseSignInLink(t.Context(), "good")
		if err == nil {
			used.Add(1)
		}
		return err
	})
	require.EqualValues(t, 1, used.Load())
}

func testAudit(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	log, err := s.AuditLog(ctx, acme)
	require.NoError(t, err)
	require.Empty(t, log)
	require.ErrorIs(t, s.Audit(ctx, orchestrator.AuditRecord{Workspace: acme, Detail: json.RawMessage(`{`)}), orchestrator.ErrInvalid)
	require.NoError(t, concurrently(10, func(i int) error {
		return s.Audit(ctx, orchestrator.AuditRecord{
			Workspace: []string{acme, other}[i%2], Actor: "ada", Action: "enrollment.retry", Object: fmt.Sprint("e_", i), Detail: json.RawMessage(`{"a": "b"}`),
		})
	}))
	for _, w := range []string{acme, other} {
		log, err := s.AuditLog(ctx, w)
		require.NoError(t, err)
		require.Len(t, log, 5)
		hashes := map[string]bool{}
		for i, r := range log {
			require.EqualValues(t, i+1, r.Seq)
			require.Equal(t, w, r.Workspace)
			require.JSONEq(t, `{"a":"b"}`, string(r.Detail))
			require.False(t, r.At.IsZero())
			require.Len(t, r.Hash, 64)
			hashes[r.Hash] = true
		}
		require.Len(t, hashes, 5)
	}
}
