package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const points = `{"abi":1,"name":"points","version":"1.0.0","actions":[]}`

func object(t *testing.T, fields map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(fields)
	require.NoError(t, err)
	return s
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin).Plugins
	up, err := c.UploadPlugin(ctx, &qidongv1.UploadPluginRequest{Module: []byte(points)})
	require.NoError(t, err)
	want := []*qidongv1.MissingGrant{{Need: "ledger", Reason: map[string]string{"en": "To give points."}}}
	require.Empty(t, cmp.Diff(want, up.GetPlugin().GetMissing(), protocmp.Transform()), "P24: what waits for a decision is told at once")

	_, err = c.UploadPlugin(ctx, &qidongv1.UploadPluginRequest{Module: []byte(points + " ")})
	require.Equal(t, connect.CodeAlreadyExists, connect.CodeOf(err), "P21: other bytes under the same version: %v", err)

	grant := object(t, map[string]any{"ledger": true, "limits": map[string]any{"fuel": 5e6}})
	updated, err := c.UpdatePlugin(ctx, &qidongv1.UpdatePluginRequest{
		Name: "points", Version: "1.0.0", Grant: grant, State: qidongv1.PluginState_PLUGIN_STATE_DISABLED,
	})
	require.NoError(t, err)
	require.Empty(t, updated.GetPlugin().GetMissing())
	got, err := c.GetPlugin(ctx, &qidongv1.GetPluginRequest{Name: "points"})
	require.NoError(t, err)
	p := got.GetPlugin()
	require.Empty(t, cmp.Diff(grant, p.GetGrant(), protocmp.Transform()))
	require.Equal(t, qidongv1.PluginState_PLUGIN_STATE_DISABLED, p.GetState())
	require.Equal(t, "Disabled by admin.", p.GetStateReason())
	require.Empty(t, cmp.Diff(&qidongv1.PluginHealth{
		Circuit: qidongv1.CircuitState_CIRCUIT_STATE_OPEN, Calls: 9, Failures: map[string]int64{"TRAP": 5},
		P50: durationpb.New(time.Microsecond), P99: durationpb.New(9 * time.Microsecond),
	}, p.GetHealth(), protocmp.Transform()))

	_, err = c.UpdatePlugin(ctx, &qidongv1.UpdatePluginRequest{Name: "points", Version: "1.0.0", State: 99})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))

	sum := sha256.Sum256([]byte(points))
	module, err := c.GetPluginModule(ctx, &qidongv1.GetPluginModuleRequest{Digest: hex.EncodeToString(sum[:])})
	require.NoError(t, err)
	require.True(t, bytes.Equal([]byte(points), module.GetModule()), "to the byte")
	require.Equal(t, "1.0.0", module.GetVersion())
}

func TestPluginCalls(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin).Plugins
	const recording = `{"n": 9007199254740993, "a": 1}`
	for n := range 5 {
		require.NoError(t, i.vault.RecordCall(ctx, orchestrator.PluginCall{
			Workspace: "demo", Plugin: "points", Version: "1.0.0", Action: fmt.Sprint("act_", n), Code: []string{"", "TRAP"}[n%2],
			Fuel: 1 << 40, Duration: 3 * time.Millisecond, Enrollment: "e_1",
		}, json.RawMessage(recording)))
	}
	req := &qidongv1.ListPluginCallsRequest{PageSize: 2}
	var actions []string
	for {
		page, err := c.ListPluginCalls(ctx, req)
		require.NoError(t, err)
		for _, call := range page.GetCalls() {
			actions = append(actions, call.GetAction())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			break
		}
	}
	require.Equal(t, []string{"act_4", "act_3", "act_2", "act_1", "act_0"}, actions)
	failed, err := c.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{Failed: true, Plugin: "points", Version: "1.0.0", EnrollmentId: "e_1"})
	require.NoError(t, err)
	require.Len(t, failed.GetCalls(), 2)
	require.EqualValues(t, 1<<40, failed.GetCalls()[0].GetFuel())
	got, err := c.GetPluginCall(ctx, &qidongv1.GetPluginCallRequest{Id: failed.GetCalls()[0].GetId()})
	require.NoError(t, err)
	require.Equal(t, recording, string(got.GetRecording()), "to the byte")
	require.Equal(t, "TRAP", got.GetCall().GetCode())
}

// TestW01PluginsOfOtherWorkspacesDoNotExist is the matrix for plugins.
func TestW01PluginsOfOtherWorkspacesDoNotExist(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	up, err := i.as(i.admin).Plugins.UploadPlugin(ctx, &qidongv1.UploadPluginRequest{Module: []byte(points)})
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, i.vault.RecordCall(ctx, orchestrator.PluginCall{Workspace: "demo", Plugin: "points"}, json.RawMessage(`{}`)))
	}
	mine, err := i.as(i.admin).Plugins.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{PageSize: 1})
	require.NoError(t, err)
	require.Len(t, mine.GetCalls(), 1)

	stranger := i.as(i.other).Plugins
	missing := func(_ any, err error) {
		t.Helper()
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "%v", err)
	}
	missing(stranger.GetPlugin(ctx, &qidongv1.GetPluginRequest{Name: "points"}))
	missing(stranger.GetPlugin(ctx, &qidongv1.GetPluginRequest{Name: "points", Version: "1.0.0"}))
	missing(stranger.UpdatePlugin(ctx, &qidongv1.UpdatePluginRequest{Name: "points", Version: "1.0.0"}))
	missing(stranger.GetPluginModule(ctx, &qidongv1.GetPluginModuleRequest{Digest: up.GetPlugin().GetDigest()}))
	missing(stranger.GetPluginCall(ctx, &qidongv1.GetPluginCallRequest{Id: mine.GetCalls()[0].GetId()}))
	list, err := stranger.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{Plugin: "points"})
	require.NoError(t, err)
	require.Empty(t, list.GetCalls())
	plugins, err := stranger.ListPlugins(ctx, &qidongv1.ListPluginsRequest{})
	require.NoError(t, err)
	require.Empty(t, plugins.GetPlugins())
	_, err = stranger.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{PageToken: mine.GetNextPageToken()})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "a page token of another workspace")
}
