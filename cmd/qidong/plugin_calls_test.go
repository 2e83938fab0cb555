package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// registry is a server with one plugin and one recorded call; it notes what it
// was asked last.
type registry struct {
	qidongv1connect.UnimplementedPluginServiceHandler
	listed  *qidongv1.ListPluginCallsRequest
	updated *qidongv1.UpdatePluginRequest
}

func (*registry) plugin() *qidongv1.Plugin {
	manifest, _ := structpb.NewStruct(map[string]any{ // these literals are JSON
		"title": map[string]any{"en": "Bank"}, "partner": "Acme",
		"actions": []any{map[string]any{"name": "pay", "effect": "write", "title": map[string]any{"en": "Pay"}}},
	})
	return &qidongv1.Plugin{
		Name: "bank", Version: "2.0.0", Digest: "d1g3st", State: qidongv1.PluginState_PLUGIN_STATE_ACTIVE, Manifest: manifest,
		Missing: []*qidongv1.MissingGrant{{Need: "http", Value: "bank.example", Reason: map[string]string{"en": "To charge."}}},
		Health:  &qidongv1.PluginHealth{Circuit: qidongv1.CircuitState_CIRCUIT_STATE_HALF_OPEN, Calls: 9, Failures: map[string]int64{"TRAP": 5}},
	}
}

func (r *registry) GetPlugin(context.Context, *qidongv1.GetPluginRequest) (*qidongv1.GetPluginResponse, error) {
	return &qidongv1.GetPluginResponse{Plugin: r.plugin()}, nil
}

func (r *registry) ListPlugins(context.Context, *qidongv1.ListPluginsRequest) (*qidongv1.ListPluginsResponse, error) {
	return &qidongv1.ListPluginsResponse{Plugins: []*qidongv1.Plugin{r.plugin()}}, nil
}

func (r *registry) UpdatePlugin(_ context.Context, in *qidongv1.UpdatePluginRequest) (*qidongv1.UpdatePluginResponse, error) {
	r.updated = in
	return &qidongv1.UpdatePluginResponse{Plugin: r.plugin()}, nil
}

func (*registry) GetPluginModule(_ context.Context, in *qidongv1.GetPluginModuleRequest) (*qidongv1.GetPluginModuleResponse, error) {
	return &qidongv1.GetPluginModuleResponse{Name: "bank", Version: "2.0.0", Module: []byte("module of " + in.GetDigest())}, nil
}

func (r *registry) ListPluginCalls(_ context.Context, in *qidongv1.ListPluginCallsRequest) (*qidongv1.ListPluginCallsResponse, error) {
	r.listed = in
	return &qidongv1.ListPluginCallsResponse{Calls: []*qidongv1.PluginCall{
		{Id: "pc_2", Plugin: "bank", Version: "2.0.0", Action: "pay", Code: "TRAP", Fuel: 12345},
		{Id: "pc_1", Plugin: "bank", Version: "2.0.0", Action: "pay"},
	}}, nil
}

func (*registry) GetPluginCall(_ context.Context, in *qidongv1.GetPluginCallRequest) (*qidongv1.GetPluginCallResponse, error) {
	return &qidongv1.GetPluginCallResponse{Recording: []byte(`{"id": "` + in.GetId() + `"}`)}, nil
}

func TestPluginCommands(t *testing.T) {
	t.Parallel()
	server := &registry{}
	mux := http.NewServeMux()
	mux.Handle(qidongv1connect.NewPluginServiceHandler(server))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	call := func(t *testing.T, args ...string) string {
		t.Helper()
		out, _, err := run(t, newPluginCommand(), "", append(args, "--server", srv.URL, "--token", "t")...)
		require.NoError(t, err)
		return out
	}
	dir := t.TempDir()

	t.Run("calls lists what the filters let through", func(t *testing.T) {
		out := call(t, "calls", "bank", "--failed", "--code", "TRAP")
		require.Contains(t, out, "pc_2  –   bank@2.0.0  pay     TRAP    12345")
		require.Contains(t, out, "pc_1  –   bank@2.0.0  pay     OK")
		require.Equal(t, "bank", server.listed.GetPlugin())
		require.True(t, server.listed.GetFailed())
		require.Equal(t, "TRAP", server.listed.GetCode())
	})

	t.Run("call writes the recording, to the byte", func(t *testing.T) {
		require.Regexp(t, `^\{"id": "pc_1"\}\n$`, call(t, "call", "pc_1"))
		file := filepath.Join(dir, "call.json")
		require.Empty(t, call(t, "call", "pc_1", "-o", file))
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), "it may hold data of a customer")
	})

	t.Run("download writes the module of the version", func(t *testing.T) {
		file := filepath.Join(dir, "bank.wasm")
		call(t, "download", "bank@2.0.0", "-o", file)
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, "module of d1g3st", string(content))
	})

	t.Run("list and show tell how a plugin does, and what it waits for", func(t *testing.T) {
		require.Contains(t, call(t, "list"), "active, 1 not granted  half open  9, 5 failed")
		out := call(t, "show", "bank@2.0.0")
		for _, want := range []string{"bank@2.0.0, Bank", "pay (write) Pay", "http bank.example: To charge.", "half open", "9 ended", "5 with TRAP"} {
			require.Contains(t, out, want)
		}
	})

	t.Run("update sends what was said and nothing else", func(t *testing.T) {
		out := call(t, "update", "bank@2.0.0", "--grant", "{}", "--state", "disabled")
		require.Equal(t, qidongv1.PluginState_PLUGIN_STATE_DISABLED, server.updated.GetState())
		require.NotNil(t, server.updated.GetGrant(), "an empty grant is not none")
		require.Nil(t, server.updated.GetConfig())
		require.Contains(t, out, "http bank.example: To charge.")
		for _, args := range [][]string{{"update", "bank"}, {"update", "bank@1.0.0", "--state", "unspecified"}, {"update", "bank@1.0.0", "--grant", "x"}} {
			_, _, err := run(t, newPluginCommand(), "", append(args, "--server", srv.URL, "--token", "t")...)
			require.Error(t, err, "%v", args)
		}
	})
}
