package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/seal"
)

func TestW25TheMasterKeyOfADataDirectory(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// sealed is a data directory with one secret in it.
	sealed := func(t *testing.T) (dir, key string, store orchestrator.Store) {
		t.Helper()
		dir, store = t.TempDir(), dbtest.Open(t)
		vault, err := unlock(ctx, dir, store)
		require.NoError(t, err)
		actor := orchestrator.Actor{Workspace: "demo", Name: "ada", Scopes: []string{orchestrator.ScopeAdmin}}
		_, err = orchestrator.NewService(orchestrator.Deps{Store: store, Vault: vault}).PutSecret(ctx, actor, "a", []byte("x"))
		require.NoError(t, err)
		return dir, filepath.Join(dir, masterKeyFile), store
	}

	t.Run("the first start makes it, for its owner only, and later ones use it", func(t *testing.T) {
		t.Parallel()
		dir, key, store := sealed(t)
		info, err := os.Stat(key)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		vault, err := unlock(ctx, dir, store)
		require.NoError(t, err)
		value, err := vault.SecretValue(ctx, "demo", "a")
		require.NoError(t, err)
		require.Equal(t, "x", value)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "nothing else is left behind")
	})

	for name, c := range map[string]struct {
		spoil func(*testing.T, string)
		says  string
	}{
		"missing": {func(t *testing.T, key string) { require.NoError(t, os.Remove(key)) }, "is missing, and 1 secrets or recordings"},
		"another": {func(t *testing.T, key string) {
			require.NoError(t, os.WriteFile(key, []byte(hex.EncodeToString(seal.NewKey())), 0o600))
		}, "is not the key that this data directory was sealed with"},
		"cut short":          {func(t *testing.T, key string) { require.NoError(t, os.Truncate(key, 20)) }, "is damaged"},
		"empty":              {func(t *testing.T, key string) { require.NoError(t, os.Truncate(key, 0)) }, "is damaged"},
		"readable by others": {func(t *testing.T, key string) { require.NoError(t, os.Chmod(key, 0o640)) }, "chmod 600"},
	} {
		t.Run("a start is refused when it is "+name, func(t *testing.T) {
			t.Parallel()
			dir, key, store := sealed(t)
			c.spoil(t, key)
			before, _ := os.ReadFile(key) // none when missing
			_, err := unlock(ctx, dir, store)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, key)
			after, _ := os.ReadFile(key)
			require.Equal(t, before, after, "and nothing was written")
		})
	}

	t.Run("it may be lost as long as nothing is sealed", func(t *testing.T) {
		t.Parallel()
		dir, store := t.TempDir(), dbtest.Open(t)
		for range 2 {
			_, err := unlock(ctx, dir, store)
			require.NoError(t, err)
			require.NoError(t, os.Remove(filepath.Join(dir, masterKeyFile)))
		}
		_, err := unlock(ctx, dir, store)
		require.NoError(t, err)
		_, err = unlock(ctx, dir, store)
		require.NoError(t, err)
	})

	t.Run("a crash right after it was written is mended by the next start", func(t *testing.T) {
		t.Parallel()
		dir, store := t.TempDir(), dbtest.Open(t)
		require.NoError(t, writeKey(filepath.Join(dir, masterKeyFile), seal.NewKey()))
		_, err := unlock(ctx, dir, store)
		require.NoError(t, err)
	})
}
