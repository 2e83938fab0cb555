package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func testSecrets(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	put := func(workspace, name, sealed string, at time.Time) orchestrator.Secret {
		v := orchestrator.Secret{Workspace: workspace, Name: name, Sealed: []byte(sealed), CreatedAt: at, UpdatedAt: at}
		require.NoError(t, s.PutSecret(ctx, v))
		return v
	}
	b := put(acme, "b", "sealed \x00\xff", at)
	put(acme, "a", "x", at)
	put(other, "a", "another", at)

	got, err := s.Secret(ctx, acme, "b")
	require.NoError(t, err)
	equal(t, b, got)

	a := put(acme, "a", "new", at.Add(time.Hour))
	a.CreatedAt = at
	got, err = s.Secret(ctx, acme, "a")
	require.NoError(t, err)
	equal(t, a, got)

	list, err := s.Secrets(ctx, acme)
	require.NoError(t, err)
	a.Sealed, b.Sealed = nil, nil
	equal(t, []orchestrator.Secret{a, b}, list)

	require.NoError(t, s.DeleteSecret(ctx, acme, "a"))
	require.ErrorIs(t, s.DeleteSecret(ctx, acme, "a"), orchestrator.ErrNotFound)
	got, err = s.Secret(ctx, other, "a")
	require.NoError(t, err)
	require.Equal(t, "another", string(got.Sealed))
}

func testSealCheck(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	check, rows, err := s.SealCheck(ctx)
	require.NoError(t, err)
	require.Nil(t, check)
	require.Zero(t, rows)
	for _, want := range []string{"one", "another"} {
		require.NoError(t, s.PutSealCheck(ctx, []byte(want)))
		require.NoError(t, s.PutSecret(ctx, orchestrator.Secret{Workspace: want, Name: "a", Sealed: []byte("x")}))
		check, _, err = s.SealCheck(ctx)
		require.NoError(t, err)
		require.Equal(t, want, string(check))
	}
	_, rows, err = s.SealCheck(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, rows)
}
