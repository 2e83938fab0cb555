package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/orchestrator/seal"
	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// buffer is a log that several may write to.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestP31 looks for what was kept sealed in everything that is on disk or in the
// log, also in forms that JSON and protobuf would give it.
func TestP31SecretsAndRecordingsAreNowhereInTheClear(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const canary = "canary-9c1f7e52"
	dir := t.TempDir()
	store := dbtest.OpenAt(t, filepath.Join(dir, "qidong.db"))
	key := seal.NewKey()
	vault, err := orchestrator.OpenVault(ctx, store, key)
	require.NoError(t, err)
	logged := &buffer{}
	logger := slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	svc := orchestrator.NewService(orchestrator.Deps{Store: store, Plugins: plugins{}, Vault: vault, Logger: logger})
	token, err := svc.NewToken(ctx, "demo", "admin", []string{"admin"})
	require.NoError(t, err)
	srv := httptest.NewServer(api.New(api.Deps{Service: svc, Logger: logger}))
	t.Cleanup(srv.Close)
	c := client.New(srv.URL, token)

	for _, value := range []string{canary, canary + " rotated"} {
		_, err = c.Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "bank_key", Value: []byte(value)})
		require.NoError(t, err)
	}
	_, err = c.Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "Bad name", Value: []byte(canary)})
	require.Error(t, err)
	_, err = c.Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "a", Value: bytes.Repeat([]byte(canary), 1000)})
	require.Error(t, err)
	_, err = c.Secrets.ListSecrets(ctx, &qidongv1.ListSecretsRequest{})
	require.NoError(t, err)
	value, err := vault.SecretValue(ctx, "demo", "bank_key")
	require.NoError(t, err)
	require.Equal(t, canary+" rotated", value, "it is there")
	require.NoError(t, vault.RecordCall(ctx, orchestrator.PluginCall{Workspace: "demo", Plugin: "bank"}, json.RawMessage(`{"envelope":"`+canary+`"}`)))
	calls, err := c.Plugins.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{})
	require.NoError(t, err)
	got, err := c.Plugins.GetPluginCall(ctx, &qidongv1.GetPluginCallRequest{Id: calls.GetCalls()[0].GetId()})
	require.NoError(t, err)
	require.Contains(t, string(got.GetRecording()), canary, "it is there")
	_, err = c.Secrets.DeleteSecret(ctx, &qidongv1.DeleteSecretRequest{Name: "bank_key"})
	require.NoError(t, err)

	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	require.Contains(t, files, filepath.Join(dir, "qidong.db-wal"))
	haystack := append([]byte(nil), logged.Bytes()...)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		haystack = append(haystack, content...)
	}
	require.Contains(t, string(haystack), "bank_key", "what is searched is what was written")
	encoded := base64.RawStdEncoding.EncodeToString([]byte(canary))
	for _, needle := range []string{canary, encoded[:len(encoded)-2], hex.EncodeToString([]byte(canary)), string(key), hex.EncodeToString(key)} {
		require.NotContains(t, string(haystack), needle)
	}
}
