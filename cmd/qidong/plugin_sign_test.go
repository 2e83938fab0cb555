package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"aead.dev/minisign"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
)

// pluginServer is the API with a plugin host, over an empty store, and a command
// line that talks to it. The service is for what has no command.
func pluginServer(t *testing.T) (svc *orchestrator.Service, call func(args ...string) (string, error)) {
	t.Helper()
	host, err := plugins.New(t.Context(), plugins.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = host.Close(t.Context()) })
	svc = orchestrator.NewService(orchestrator.Deps{Store: dbtest.Open(t), Plugins: describer{host}})
	token, err := svc.NewToken(t.Context(), "demo", "ada", []string{orchestrator.ScopeAdmin})
	require.NoError(t, err)
	srv := httptest.NewServer(api.New(api.Deps{Service: svc}))
	t.Cleanup(srv.Close)
	return svc, func(args ...string) (string, error) {
		out, errs, err := run(t, newPluginCommand(), "", append(args, "--server", srv.URL, "--token", token)...)
		return out + errs, err
	}
}

// TestPublisherKeys goes the way of a partner: a key, a signature, an upload,
// another key, and the end of the first.
func TestPublisherKeys(t *testing.T) {
	t.Parallel()
	svc, call := pluginServer(t)
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	must := func(args ...string) string {
		t.Helper()
		out, err := call(args...)
		require.NoError(t, err, out)
		return out
	}
	require.NoError(t, os.WriteFile(file("points.wasm"), honestModule(t), 0o600))
	report, err := conformance.Check(t.Context(), plugins.Config{}, honestModule(t))
	require.NoError(t, err)
	partner := report.Manifest.Partner
	require.NoError(t, svc.SetSettings(t.Context(), orchestrator.Actor{Workspace: "demo", Name: "ada", Scopes: []string{orchestrator.ScopeAdmin}}, orchestrator.Settings{PluginSignatures: true}))
	out, err := call("push", file("points.wasm"))
	require.ErrorContains(t, err, "takes signed plugins only", out)

	must("keygen", file("old"))
	info, err := os.Stat(file("old.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode(), "nobody else reads the secret key")
	_, err = call("keygen", file("old"))
	require.ErrorIs(t, err, os.ErrExist, "no key is written over")
	must("sign", file("points.wasm"), "--key", file("old.key"))
	_, err = call("push", file("points.wasm"))
	require.ErrorContains(t, err, "does not know the key")
	require.Contains(t, must("key", "add", file("old.pub"), "--partner", partner), "may sign plugins with the key")
	require.Contains(t, must("push", file("points.wasm")), "Uploaded points@")

	must("keygen", file("new"))
	must("key", "add", file("new.pub"), "--partner", partner, "--signed-by", file("old.key"))
	var old minisign.PublicKey
	text, err := os.ReadFile(file("old.pub"))
	require.NoError(t, err)
	require.NoError(t, old.UnmarshalText(text))
	id := fmt.Sprintf("%016X", old.ID())
	require.Regexp(t, `(?m)^[0-9A-F]{16} .* key `+id+` +holds$`, must("key", "list"), "the old one signed the new one in")
	require.Contains(t, must("key", "revoke", id, "--reason", "A laptop was stolen."), "points@1.0.0 is deprecated.")
	_, err = call("push", file("points.wasm"))
	require.ErrorContains(t, err, "was revoked by ada")
	must("push", file("points.wasm"), "--key", file("new.key"))

	require.Contains(t, must("promote", "points@1.0.0"), "points@1.0.0 is active.")
	require.Regexp(t, `(?m)^1\.0\.0 +active, 1 not granted +– +ada +[0-9A-F]{16}`, must("versions", "points"))
	require.Contains(t, must("deprecate", "points@1.0.0", "--reason", "Use 2."), "is deprecated.")
	require.Contains(t, must("versions", "points"), "Use 2.")
	require.Contains(t, must("yank", "points@1.0.0"), "is yanked.")
	_, err = call("promote", "points@1.0.0")
	require.ErrorContains(t, err, "upload what is to take its place as a new version")

	require.NoError(t, os.WriteFile(file("faulty.wasm"), []byte("PK\x03\x04"), 0o600))
	out, err = call("sign", file("faulty.wasm"), "--key", file("new.key"))
	require.ErrorIs(t, err, exitError{1})
	require.Contains(t, out, "zip archive", "what does not conform is not signed")
	_, err = os.Stat(file("faulty.wasm.minisig"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
