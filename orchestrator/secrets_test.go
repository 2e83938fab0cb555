package orchestrator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/seal"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()

	put, err := h.PutSecret(ctx, admin, "api_key", []byte("first"))
	require.NoError(t, err)
	require.Nil(t, put.Sealed, "not even sealed does it leave the service")
	_, err = h.PutSecret(ctx, admin, "api_key", []byte("second"))
	require.NoError(t, err)
	value, err := h.vault.SecretValue(ctx, acme, "api_key")
	require.NoError(t, err)
	require.Equal(t, "second", value, "W25: the next call uses the new value")

	_, err = h.vault.SecretValue(ctx, "other", "api_key")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "W01: another workspace has none")

	_, err = h.UploadPlugin(ctx, admin, []byte(points("1.1.0")), nil, json.RawMessage(`{"secrets":[{"name":"api_key","host":"bank.example"}]}`))
	require.NoError(t, err)
	list, err := h.Secrets(ctx, admin)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, []orchestrator.SecretUse{{Plugin: "points", Version: "1.1.0", Host: "bank.example"}}, list[0].UsedBy)
	require.Nil(t, list[0].Sealed)

	require.NoError(t, h.DeleteSecret(ctx, admin, "api_key"))
	require.ErrorIs(t, h.DeleteSecret(ctx, admin, "api_key"), orchestrator.ErrNotFound)
	_, err = h.vault.SecretValue(ctx, acme, "api_key")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)

	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	var actions []string
	for _, r := range log {
		if strings.HasPrefix(r.Action, "secret.") {
			actions = append(actions, r.Action+" "+r.Object)
		}
	}
	require.Equal(t, []string{"secret.put api_key", "secret.put api_key", "secret.delete api_key"}, actions)
}

func TestSecretsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	const canary = "canary-value"
	for name, c := range map[string]struct{ name, value, code string }{
		"an empty name":            {"", canary, "BAD_NAME"},
		"a name with a capital":    {"Key", canary, "BAD_NAME"},
		"a name with a brace":      {"a}}", canary, "BAD_NAME"},
		"a name of 65 characters":  {strings.Repeat("a", 65), canary, "BAD_NAME"},
		"no value":                 {"a", "", "REQUIRED"},
		"a value of 8 KiB and one": {"a", strings.Repeat("x", orchestrator.MaxSecret+1), "TOO_LARGE"},
		"bytes that are no text":   {"a", canary + "\xff", "BAD_TEXT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := h.PutSecret(ctx, admin, c.name, []byte(c.value))
			var refused *orchestrator.ValidationError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.code, refused.Problems[0].Code)
			require.NotContains(t, err.Error(), canary, "an error never quotes the value")
		})
	}
	t.Run("what nobody may", func(t *testing.T) {
		t.Parallel()
		events := orchestrator.Actor{Workspace: acme, Name: "bank", Scopes: []string{orchestrator.ScopeEvents}}
		_, err := h.PutSecret(ctx, events, "a", []byte("x"))
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
		_, err = h.Secrets(ctx, events)
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
		require.ErrorIs(t, h.DeleteSecret(ctx, events, "a"), orchestrator.ErrForbidden)
	})
	t.Run("the 201st", func(t *testing.T) {
		t.Parallel()
		many := orchestrator.Actor{Workspace: "many", Name: "ada", Scopes: admin.Scopes}
		for i := range 200 {
			require.NoError(t, h.store.PutSecret(ctx, orchestrator.Secret{Workspace: "many", Name: "s" + strings.Repeat("x", i%50) + string(rune('a'+i/50)), Sealed: []byte{1}}))
		}
		_, err := h.PutSecret(ctx, many, "one_more", []byte("x"))
		require.ErrorIs(t, err, orchestrator.ErrLimit)
		_, err = h.PutSecret(ctx, many, "sa", []byte("x"))
		require.NoError(t, err, "a known one gets a new value")
	})
	t.Run("everything, without a master key", func(t *testing.T) {
		t.Parallel()
		bare := orchestrator.NewService(orchestrator.Deps{Store: dbtest.Open(t)})
		_, err := bare.PutSecret(ctx, admin, "a", []byte("x"))
		require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	})
}

// TestW25 starts on a database with a key that is not its own.
func TestW25TheWrongMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := dbtest.Open(t)
	right := seal.NewKey()
	vault, err := orchestrator.OpenVault(ctx, store, right)
	require.NoError(t, err)
	_, err = orchestrator.NewService(orchestrator.Deps{Store: store, Vault: vault}).PutSecret(ctx, admin, "a", []byte("x"))
	require.NoError(t, err)

	var wrong *orchestrator.WrongKeyError
	_, err = orchestrator.OpenVault(ctx, store, seal.NewKey())
	require.ErrorAs(t, err, &wrong)
	box, err := seal.New(right)
	require.NoError(t, err)
	require.Equal(t, wrong.Wanted, box.KeyID())
	require.NotEqual(t, wrong.Given, box.KeyID())
	_, err = orchestrator.NewVault(ctx, store, seal.NewKey())
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	_, err = orchestrator.OpenVault(ctx, store, right[:16])
	require.Error(t, err)

	again, err := orchestrator.OpenVault(ctx, store, right)
	require.NoError(t, err, "the right one still opens it")
	value, err := again.SecretValue(ctx, acme, "a")
	require.NoError(t, err)
	require.Equal(t, "x", value)
}

// TestASecretMovedToAnotherRowDoesNotOpen is what one with write access to the
// database could do to have a partner sent another partner's secret.
func TestASecretMovedToAnotherRowDoesNotOpen(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.PutSecret(ctx, admin, "bank", []byte("x"))
	require.NoError(t, err)
	v, err := h.store.Secret(ctx, acme, "bank")
	require.NoError(t, err)
	v.Name = "evil"
	require.NoError(t, h.store.PutSecret(ctx, v))
	_, err = h.vault.SecretValue(ctx, acme, "evil")
	require.ErrorIs(t, err, seal.ErrForged)
}
