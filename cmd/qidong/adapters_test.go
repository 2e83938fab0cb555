package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/internal/dbtest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/workflows"
)

// assembly is the plugin host on a store, with the plugin points, as a server
// puts them together.
type assembly struct {
	*caller
	store   *sqlite.Store
	service *orchestrator.Service
	admin   orchestrator.Actor
	digest  string
	module  []byte
}

// assembleOn puts everything together on the database at path, as a start does.
func assembleOn(t *testing.T, path string) *assembly {
	t.Helper()
	ctx := t.Context()
	a := &assembly{admin: orchestrator.Actor{Workspace: "demo", Name: "ada", Scopes: []string{orchestrator.ScopeAdmin}}}
	a.store = dbtest.OpenAt(t, path)
	vault, err := unlock(ctx, filepath.Dir(path), a.store)
	require.NoError(t, err)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	host, err := plugins.New(ctx, plugins.Config{
		Modules: modules{a.store}, Ledger: ledger{a.store}, KV: values{a.store}, Secrets: secretValues{vault},
		Recorder: recorder{vault}, Logger: logger,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, host.Close(context.Background())) })
	a.service = orchestrator.NewService(orchestrator.Deps{Store: a.store, Plugins: describer{host}, Vault: vault, Logger: logger})
	a.caller = &caller{a.store, host, a.service.Quarantine}
	a.module, err = examples.Module("points")
	require.NoError(t, err)
	return a
}

// upload uploads points with everything that it asks for, and records it.
func (a *assembly) upload(t *testing.T) {
	t.Helper()
	p, err := a.service.UploadPlugin(t.Context(), a.admin, a.module, nil, json.RawMessage(`{"ledger":true,"record":1}`))
	require.NoError(t, err)
	require.Empty(t, p.Missing)
	a.digest = p.Digest
	_, err = a.service.PutCustomer(t.Context(), a.admin, orchestrator.Customer{ID: "c_1", Name: "Lin", Locale: "zh-CN", Traits: map[string]any{"tier": "gold"}})
	require.NoError(t, err)
}

// grant gives the customer points.
func (a *assembly) grant(t *testing.T, key string) error {
	t.Helper()
	_, err := a.Call(t.Context(), a.input(key))
	return err
}

func (a *assembly) input(key string) workflows.CallInput {
	return workflows.CallInput{
		Workspace: "demo", Enrollment: "e_1", Customer: "c_1", Key: key, Now: time.Now(),
		Locale: "zh-CN",
		Action: journey.Action{Plugin: "points", Version: "1.0.0", Digest: a.digest, Name: "grant", Timeout: 30 * time.Second},
		Input:  map[string]any{"amount": 5, "reason": "test"},
	}
}

func codeOf(t *testing.T, err error) string {
	t.Helper()
	var failed *workflows.CallError
	require.ErrorAs(t, err, &failed)
	return failed.Code
}

// TestP22 replaces the bytes of an approved plugin in the database, and starts
// again.
func TestP22APluginChangedInTheDatabaseIsDisabled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qidong.db")
	before := assembleOn(t, path)
	before.upload(t)
	require.NoError(t, before.grant(t, "k1"))

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `UPDATE modules SET module = X'0061736D01000000'`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	after := assembleOn(t, path)
	after.digest = before.digest
	require.Equal(t, abi.CodeDigest, codeOf(t, after.grant(t, "k2")))
	p, err := after.service.Plugin(t.Context(), after.admin, "points", "")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginDisabled, p.State)
	require.Equal(t, abi.CodeDisabled, codeOf(t, after.grant(t, "k2")))
	log, err := after.store.AuditLog(t.Context(), "demo")
	require.NoError(t, err)
	require.Equal(t, "plugin.quarantine", log[len(log)-1].Action)
	n, err := after.store.Balance(t.Context(), "demo", "customer:c_1")
	require.NoError(t, err)
	require.EqualValues(t, 5, n, "nothing was booked by what nobody approved")

	after.upload(t)
	_, err = after.service.UpdatePlugin(t.Context(), after.admin, p.Name, p.Version, orchestrator.PluginUpdate{State: orchestrator.PluginActive})
	require.NoError(t, err)
	require.NoError(t, after.grant(t, "k2"), "uploaded again and set active, it works")
}

func TestCallsAreRecordedAndCounted(t *testing.T) {
	t.Parallel()
	a := assembleOn(t, filepath.Join(t.TempDir(), "qidong.db"))
	a.upload(t)
	require.NoError(t, a.grant(t, "k1"))
	calls, _, err := a.service.PluginCalls(t.Context(), a.admin, orchestrator.CallFilter{Plugin: "points"}, orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, calls, 1)
	require.Equal(t, "grant", calls[0].Action)
	require.Equal(t, "e_1", calls[0].Enrollment)
	require.Empty(t, calls[0].Code)
	require.Positive(t, calls[0].Fuel)
	_, raw, err := a.service.PluginCall(t.Context(), a.admin, calls[0].ID)
	require.NoError(t, err)
	var recording plugins.Recording
	require.NoError(t, json.Unmarshal(raw, &recording))
	require.Equal(t, calls[0].Fuel, recording.Fuel)
	replayed, err := a.host.Replay(t.Context(), &recording, "")
	require.NoError(t, err)
	require.Equal(t, recording.Output, replayed.Output)
	require.Equal(t, recording.Fuel, replayed.Fuel, "what was stored replays to the instruction")

	p, err := a.service.Plugin(t.Context(), a.admin, "points", "")
	require.NoError(t, err)
	require.NotNil(t, p.Health)
	require.Equal(t, "closed", p.Health.Circuit)
	require.GreaterOrEqual(t, p.Health.Calls, int64(1))
}

func TestCallsCarryOnlyWhatTheGrantAllows(t *testing.T) {
	t.Parallel()
	a := assembleOn(t, filepath.Join(t.TempDir(), "qidong.db"))
	a.upload(t)
	lin, err := a.service.Customer(t.Context(), a.admin, "c_1")
	require.NoError(t, err)
	for grant, want := range map[string]map[string]any{
		`{"ledger":true}`:                nil,
		`{"customer_fields":["traits"]}`: lin.Scope(), // of which the host hands on the traits
	} {
		call, err := a.prepare(t.Context(), a.input("k"), orchestrator.Plugin{Grant: json.RawMessage(grant)})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, call.Profile), grant)
		require.Equal(t, "zh-CN", call.Locale)
		require.Regexp(t, `^[0-9a-f]{32}$`, call.Trace)
	}
}

func TestReview(t *testing.T) {
	t.Parallel()
	const manifest = `{"name":"bank","needs":{
		"http":[{"host":"config.base_url","reason":{"en":"To charge."}},{"host":"rates.example","reason":{"en":"Rates."}}],
		"ledger":{"en":"To give points."},"kv":{"en":"To remember."},
		"secrets":[{"name":"key","host":"config.base_url","reason":{"en":"To sign."}}],
		"customer":[{"field":"traits.tier","reason":{"en":"To price."}}]}}`
	const config = `{"base_url":"https://bank.example/api"}`
	for name, c := range map[string]struct{ config, grant, want string }{
		"no grant":                {config, ``, "http bank.example, http rates.example, ledger, kv, secret key for bank.example, customer traits.tier"},
		"the whole of it":         {config, `{"http":["bank.example","rates.example"],"ledger":true,"kv":true,"secrets":[{"name":"key","host":"bank.example"}],"customer_fields":["traits"]}`, ""},
		"a part":                  {config, `{"http":["bank.example"],"ledger":true,"kv":true,"customer_fields":["traits.tier"]}`, "http rates.example, secret key for bank.example"},
		"a secret elsewhere":      {config, `{"http":["bank.example","rates.example"],"ledger":true,"kv":true,"secrets":[{"name":"key","host":"evil.example"}],"customer_fields":["traits"]}`, "secret key for bank.example"},
		"a field that is like it": {config, `{"http":["bank.example","rates.example"],"ledger":true,"kv":true,"secrets":[{"name":"key","host":"bank.example"}],"customer_fields":["trait"]}`, "customer traits.tier"},
	} {
		t.Run("P24: what is missing with "+name, func(t *testing.T) {
			t.Parallel()
			missing, err := describer{}.Review([]byte(manifest), []byte(c.config), []byte(c.grant))
			require.NoError(t, err)
			var got []string
			for _, m := range missing {
				got = append(got, m.String())
				require.NotEmpty(t, m.Reason["en"])
			}
			require.Equal(t, c.want, strings.Join(got, ", "))
		})
	}
	t.Run("a configuration without the URL is what is missing", func(t *testing.T) {
		t.Parallel()
		missing, err := describer{}.Review([]byte(manifest), nil, nil)
		require.NoError(t, err)
		require.Len(t, missing, 1)
		require.Contains(t, missing[0].String(), `needs a URL in "base_url"`)
	})
	t.Run("a grant above the host's limits is refused", func(t *testing.T) {
		t.Parallel()
		for _, grant := range []string{`{"limits":{"fuel":99000000000}}`, `{"record":2}`, `{"htpp":[]}`} {
			_, err := describer{}.Review([]byte(manifest), []byte(config), []byte(grant))
			require.ErrorIs(t, err, orchestrator.ErrInvalid, grant)
		}
	})
}

func TestValuesOfPlugins(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	v := values{dbtest.Open(t)}
	_, found, err := v.Get(ctx, "demo", "bank", "k")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, v.Put(ctx, "demo", "bank", "k", json.RawMessage(`1`)))
	value, found, err := v.Get(ctx, "demo", "bank", "k")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "1", string(value))
	err = v.Put(ctx, "demo", "bank", strings.Repeat("k", abi.MaxKVKey+1), json.RawMessage(`1`))
	require.ErrorIs(t, err, hostfunc.ErrKVQuota)
	require.NoError(t, v.Delete(ctx, "demo", "bank", "k"))

	vault, err := unlock(ctx, t.TempDir(), dbtest.Open(t))
	require.NoError(t, err)
	_, err = secretValues{vault}.Secret(ctx, "demo", "none")
	require.ErrorIs(t, err, hostfunc.ErrNoSecret)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}
