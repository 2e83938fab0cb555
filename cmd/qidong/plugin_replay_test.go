package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// tinyPlugin asks for a value, and puts out the same in every call.
func tinyPlugin(version, asks, output string, more ...[]byte) []byte {
	const i, at = wasmtest.I32, 8192
	manifest := fmt.Sprintf(`{"abi":1,"name":"tiny","version":%q,"partner":"Test","title":{"en":"Tiny"},"actions":[`+
		`{"name":"act","effect":"none","input":{"type":"object"},"output":{"type":"object"}}]}`, version)
	code := wasmtest.Seq(append(more, wasmtest.Call(1, at, int32(len(asks))), wasmtest.Drop, wasmtest.Call(0, at+1024, int32(len(output))))...)
	return wasmtest.Module{
		Imports: []wasmtest.Import{{Module: abi.Module, Name: abi.ImportOutput, Params: i + i}, {Module: abi.Module, Name: abi.ImportRequest, Params: i + i, Results: i}},
		Funcs:   []wasmtest.Func{{Code: wasmtest.Call(0, 0, int32(len(manifest)))}, {Code: code}},
		Exports: wasmtest.Plugin(2, 3), Names: map[uint32]string{3: "act_now"},
		Data: []wasmtest.Data{{Bytes: manifest}, {Offset: at, Bytes: asks}, {Offset: at + 1024, Bytes: output}},
	}.Bytes()
}

const (
	asksA  = `{"kv":{"op":"get","key":"a"}}`
	seats  = `{"output":{"seats":["A1","A2"],"price":10}}`
	denied = `{"error":{"code":"sold_out","message":"No seats."}}`
)

// kept keeps the last recording.
type kept struct{ last *plugins.Recording }

func (k *kept) Record(_ context.Context, r *plugins.Recording) error {
	k.last = r
	return nil
}

// record makes a call of a module and writes its recording to a file.
func record(t *testing.T, module []byte, file string) *plugins.Recording {
	t.Helper()
	k, m := &kept{}, moduleBytes{}
	h, err := plugins.New(t.Context(), plugins.Config{Modules: m, Recorder: k})
	require.NoError(t, err)
	defer func() { require.NoError(t, h.Close(context.Background())) }()
	_, _ = h.Call(t.Context(), plugins.Call{
		Workspace: "demo", Digest: m.add(module), Action: "act", IdempotencyKey: "k", Now: time.Unix(1e9, 0), Grant: plugins.Grant{Record: 1},
	})
	require.NotNil(t, k.last)
	write(t, file, k.last)
	return k.last
}

func write(t *testing.T, file string, r *plugins.Recording) {
	t.Helper()
	raw, err := r.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw, 0o600))
}

func writeModule(t *testing.T, file string, module []byte) string {
	t.Helper()
	require.NoError(t, os.WriteFile(file, module, 0o600))
	return file
}

// status runs a plugin command in this process, and returns its exit status.
func status(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	out, errs, err := run(t, newPluginCommand(), "", args...)
	if err == nil {
		return out, 0
	}
	var exit exitError
	require.ErrorAs(t, err, &exit)
	return out + errs, exit.code
}

func TestReplayOfAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	call, forged, module := filepath.Join(dir, "call.json"), filepath.Join(dir, "forged.json"), filepath.Join(dir, "tiny.wasm")
	writeModule(t, module, tinyPlugin("1.0.0", asksA, seats, wasmtest.Unreachable))
	other := writeModule(t, filepath.Join(dir, "other.wasm"), tinyPlugin("1.1.0", asksA, seats))
	wasm, err := os.ReadFile(module)
	require.NoError(t, err)
	r := record(t, wasm, call)
	require.Equal(t, abi.CodeTrap, r.Error.Code)

	out, code := status(t, "replay", call, "--module", module)
	require.Zero(t, code, out)
	for _, want := range []string{"act of tiny@1.0.0", "TRAP: It crashed: unreachable", "act_now", fmt.Sprintf("%d instructions", r.Fuel), "The same as recorded, bit for bit"} {
		require.Contains(t, out, want)
	}
	out, code = status(t, "replay", call, "--module", module, "--json")
	require.Zero(t, code, out)
	var report replayReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.True(t, report.Same)
	require.Equal(t, r.Fuel, report.Replayed.Fuel)

	changed := *r
	changed.Fuel++
	changed.Error = &abi.Error{Code: abi.CodeDeadline, Message: r.Error.Message, Retry: r.Error.Retry}
	changed.Irreproducible = "The wall clock ended it."
	write(t, forged, &changed)
	out, code = status(t, "replay", forged, "--module", module)
	require.Equal(t, 1, code, out)
	require.Contains(t, out, `error.code: "DEADLINE_EXCEEDED" → "TRAP"`)
	require.Contains(t, out, fmt.Sprintf("fuel: %d → %d", r.Fuel+1, r.Fuel))
	require.Contains(t, out, "The recording says why it may: The wall clock ended it.")

	changed.Incomplete = "The recording would have too many bytes."
	write(t, forged, &changed)
	for says, args := range map[string][]string{
		"use `qidong plugin diff`": {"replay", call, "--module", other},
		"too many bytes":           {"replay", forged, "--module", module},
		"is no file, and no id":    {"replay", filepath.Join(dir, "none.json")},
		"invalid character":        {"replay", module, "--module", module},
		"no such file":             {"replay", call, "--module", filepath.Join(dir, "none.wasm")},
		"or name its file with":    {"replay", call, "--server", "http://127.0.0.1:1", "--token", "t"},
	} {
		out, code = status(t, args...)
		require.Equal(t, 2, code, out)
		require.Contains(t, out, says)
	}
}

func TestDiffOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	require.NoError(t, os.Mkdir(calls, 0o700))
	old := writeModule(t, filepath.Join(dir, "old.wasm"), tinyPlugin("1.0.0", asksA, seats))
	wasm, err := os.ReadFile(old)
	require.NoError(t, err)
	r := record(t, wasm, filepath.Join(calls, "1.json"))
	irreproducible := *r
	irreproducible.Irreproducible = "The wall clock ended it."
	write(t, filepath.Join(calls, "2.json"), &irreproducible)
	elsewhere := *r
	elsewhere.Digest = fmt.Sprintf("%064d", 7)
	write(t, filepath.Join(calls, "3.json"), &elsewhere)

	for title, tt := range map[string]struct {
		module  []byte
		code    int
		verdict string
		says    []string
	}{
		"the same":               {wasm, 0, verdictSame, []string{"2 calls, 1 same", "1 skipped", "skipped: The wall clock ended it", "+0.0 %"}},
		"more work for the same": {tinyPlugin("1.1.0", asksA, seats, wasmtest.Seq(wasmtest.Nop, wasmtest.Nop, wasmtest.I32Const(1), wasmtest.Drop)), 0, verdictSame, []string{"1 same", "%"}},
		"another value":          {tinyPlugin("1.1.0", asksA, `{"output":{"seats":["A1","B2"],"price":10}}`), 1, verdictOutput, []string{`output.seats[1]: "A2" → "B2"`}},
		"an error":               {tinyPlugin("1.1.0", asksA, denied), 1, verdictError, []string{`"code":"sold_out"`}},
		"a crash before it asks": {tinyPlugin("1.1.0", asksA, seats, wasmtest.Unreachable), 1, verdictError, []string{"TRAP", "It made 0 of the 1 requests."}},
		"another request":        {tinyPlugin("1.1.0", `{"kv":{"op":"get","key":"b"}}`, seats), 1, verdictRequest, []string{"request 1: Its request 1 differs from the recording at byte 25"}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			next := writeModule(t, filepath.Join(t.TempDir(), "new.wasm"), tt.module)
			out, code := status(t, "diff", old, next, "--recordings", calls)
			require.Equal(t, tt.code, code, out)
			require.Contains(t, out, verdictTexts[tt.verdict])
			for _, want := range tt.says {
				require.Contains(t, out, want)
			}
			out, code = status(t, "diff", old, next, "--recordings", filepath.Join(calls, "1.json"), "--json")
			require.Equal(t, tt.code, code, out)
			var report diffReport
			require.NoError(t, json.Unmarshal([]byte(out), &report))
			require.Len(t, report.Calls, 1)
			require.Equal(t, tt.verdict, report.Calls[0].Verdict)
			require.Equal(t, r.Fuel, report.Calls[0].OldFuel)
		})
	}
	for says, args := range map[string][]string{
		"none of the 1 recorded calls": {"diff", old, old, "--recordings", filepath.Join(calls, "2.json")},
		`add "record": 0.1`:            {"diff", "tiny@0.9.0", old, "--recordings", calls},
		"say with --recordings":        {"diff", old, old},
		"1 to 500":                     {"diff", old, old, "--count", "501"},
		"WebAssembly":                  {"diff", old, filepath.Join(calls, "1.json"), "--recordings", calls},
		"names no version":             {"diff", "tiny", old, "--recordings", calls},
		"no such file":                 {"diff", old, old, "--recordings", dir + "/none"},
	} {
		out, code := status(t, args...)
		require.Equal(t, 2, code, out)
		require.Contains(t, out, says)
	}
}

// archive is a server with two versions of a plugin and a call of the first.
type archive struct {
	qidongv1connect.UnimplementedPluginServiceHandler
	modules map[string][]byte // by version
	call    *plugins.Recording
}

func (a *archive) GetPlugin(_ context.Context, in *qidongv1.GetPluginRequest) (*qidongv1.GetPluginResponse, error) {
	return &qidongv1.GetPluginResponse{Plugin: &qidongv1.Plugin{Name: in.GetName(), Version: in.GetVersion(), Digest: moduleBytes{}.add(a.modules[in.GetVersion()])}}, nil
}

func (a *archive) GetPluginModule(_ context.Context, in *qidongv1.GetPluginModuleRequest) (*qidongv1.GetPluginModuleResponse, error) {
	m := moduleBytes{}
	for _, module := range a.modules {
		m.add(module)
	}
	return &qidongv1.GetPluginModuleResponse{Module: m[in.GetDigest()]}, nil
}

func (a *archive) ListPluginCalls(_ context.Context, in *qidongv1.ListPluginCallsRequest) (*qidongv1.ListPluginCallsResponse, error) {
	if in.GetVersion() != a.call.Version || in.GetPageSize() != 7 {
		return &qidongv1.ListPluginCallsResponse{}, nil
	}
	return &qidongv1.ListPluginCallsResponse{Calls: []*qidongv1.PluginCall{{Id: "pc_1"}}}, nil
}

func (a *archive) GetPluginCall(context.Context, *qidongv1.GetPluginCallRequest) (*qidongv1.GetPluginCallResponse, error) {
	raw, err := a.call.Encode()
	return &qidongv1.GetPluginCallResponse{Recording: raw}, err
}

func TestReplayAndDiffFromTheServer(t *testing.T) {
	t.Parallel()
	a := &archive{modules: map[string][]byte{"1.0.0": tinyPlugin("1.0.0", asksA, seats), "1.1.0": tinyPlugin("1.1.0", asksA, denied)}}
	a.call = record(t, a.modules["1.0.0"], filepath.Join(t.TempDir(), "call.json"))
	mux := http.NewServeMux()
	mux.Handle(qidongv1connect.NewPluginServiceHandler(a))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	for says, tt := range map[string]struct {
		args []string
		code int
	}{
		"bit for bit":          {[]string{"replay", "pc_1"}, 0},
		"1 calls, 1 same":      {[]string{"diff", "tiny@1.0.0", "tiny@1.0.0", "--count", "7"}, 0},
		"error differs":        {[]string{"diff", "tiny@1.0.0", "tiny@1.1.0", "--count", "7"}, 1},
		"no recorded calls of": {[]string{"diff", "tiny@1.1.0", "tiny@1.0.0", "--count", "7"}, 2},
	} {
		out, code := status(t, append(tt.args, "--server", srv.URL, "--token", "t")...)
		require.Equal(t, tt.code, code, out)
		require.Contains(t, out, says)
	}
}
