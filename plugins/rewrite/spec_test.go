package rewrite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/qidong/qidong/plugins/rewrite"
)

// script is a test of the WebAssembly specification: modules, and calls of
// their exports.
type script struct {
	Commands []struct {
		Type     string `json:"type"`
		Line     int    `json:"line"`
		Filename string `json:"filename"`
		Action   struct {
			Type   string `json:"type"`
			Module string `json:"module"`
			Field  string `json:"field"`
			Args   []struct {
				Type  string `json:"type"`
				Value any    `json:"value"`
			} `json:"args"`
		} `json:"action"`
	} `json:"commands"`
}

// TestTheSpecificationsTests runs the test suite of WebAssembly 2.0, which the
// runtime comes with, side by side on the original and the rewritten modules:
// results, traps and memory must be the same.
func TestTheSpecificationsTests(t *testing.T) {
	t.Parallel()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "internal/integration_test/spectest/v2/testdata/*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		require.Empty(t, os.Getenv("CI"), "the runtime's module comes without the specification's tests: vendor them into testdata")
		t.Skip("the runtime's module comes without the specification's tests")
	}
	p := newPair(t)
	for _, file := range files {
		p.script(t, file)
	}
	t.Logf("%d modules of %d, %d calls, %d of them trapped", p.modules, p.modules+p.skipped, p.calls, p.traps)
	require.Greater(t, p.calls, 15_000)
	require.Greater(t, p.modules, 500)
	require.Greater(t, p.traps, 400)
}

// pair is a module, as it is and rewritten.
type pair struct {
	host                           *host
	original, rewritten            api.Module
	fuel, depth                    api.MutableGlobal
	modules, skipped, calls, traps int
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{host: newHost(t, wazero.NewRuntimeConfig())}
	b := p.host.runtime.NewHostModuleBuilder("spectest")
	for name, params := range map[string][]api.ValueType{
		"print": nil, "print_i32": {api.ValueTypeI32}, "print_i64": {api.ValueTypeI64}, "print_f32": {api.ValueTypeF32},
		"print_f64": {api.ValueTypeF64}, "print_i32_f32": {api.ValueTypeI32, api.ValueTypeF32}, "print_f64_f64": {api.ValueTypeF64, api.ValueTypeF64},
	} {
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(context.Context, []uint64) {}), params, nil).Export(name)
	}
	_, err := b.Instantiate(t.Context())
	require.NoError(t, err)
	return p
}

func (p *pair) script(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var s script
	require.NoError(t, json.Unmarshal(raw, &s))
	for _, c := range s.Commands {
		switch c.Type {
		case "module":
			p.load(t, filepath.Join(filepath.Dir(file), c.Filename))
		case "action", "assert_return", "assert_trap", "assert_exhaustion":
			if p.original == nil || c.Action.Type != "invoke" || c.Action.Module != "" {
				continue
			}
			var args []uint64
			for _, a := range c.Action.Args {
				v, _ := a.Value.(string)
				n, err := strconv.ParseUint(v, 10, 64)
				if err != nil {
					break // a reference
				}
				args = append(args, n)
			}
			if len(args) == len(c.Action.Args) {
				p.call(t, c.Action.Field, args, c.Type == "assert_exhaustion", file+":"+strconv.Itoa(c.Line))
			}
		}
	}
	p.close()
}

func (p *pair) close() {
	for _, m := range []api.Module{p.original, p.rewritten} {
		if m != nil {
			_ = m.Close(context.Background())
		}
	}
	p.original, p.rewritten = nil, nil
}

// load instantiates a module twice, unless it uses what plugins may not, or
// what another module exports.
func (p *pair) load(t *testing.T, file string) {
	t.Helper()
	p.close()
	wasm, err := os.ReadFile(file)
	require.NoError(t, err)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	p.skipped++
	r, refused := rewrite.KeepingExports(wasm)
	if refused != nil {
		return
	}
	original, err := p.host.runtime.InstantiateWithConfig(t.Context(), wasm, config)
	if err != nil {
		return
	}
	p.skipped--
	p.modules++
	p.original = original
	p.rewritten, err = p.host.runtime.InstantiateWithConfig(t.Context(), r.Wasm, config)
	require.NoError(t, err, file)
	for _, d := range r.Data {
		if len(d.Bytes) > 0 {
			require.True(t, p.rewritten.Memory().Write(d.Offset, d.Bytes), file)
		}
	}
	p.fuel, _ = p.rewritten.ExportedGlobal(rewrite.GlobalName(r.Fuel)).(api.MutableGlobal)
	p.depth, _ = p.rewritten.ExportedGlobal(rewrite.GlobalName(r.Depth)).(api.MutableGlobal)
	if f := p.rewritten.ExportedFunction(rewrite.Start); f != nil {
		p.fill()
		_, err := f.Call(t.Context())
		require.NoError(t, err, file)
	}
}

func (p *pair) fill() {
	p.fuel.Set(1 << 40)
	p.depth.Set(20_000)
}

func (p *pair) call(t *testing.T, export string, args []uint64, exhausts bool, where string) {
	t.Helper()
	p.calls++
	p.fill()
	got, gotErr := p.rewritten.ExportedFunction(export).Call(t.Context(), args...)
	if exhausts {
		require.ErrorContains(t, gotErr, string(errDeep), where)
		return
	}
	want, wantErr := p.original.ExportedFunction(export).Call(t.Context(), args...)
	require.Equal(t, wantErr == nil, gotErr == nil, "%s: %v, but was %v", where, gotErr, wantErr)
	if wantErr != nil {
		p.traps++
		require.Equal(t, cause(wantErr), cause(gotErr), where)
	} else {
		require.Equal(t, want, got, where)
		require.EqualValues(t, 20_000, p.depth.Get(), "%s: the depth after it", where)
	}
	if m := p.original.Memory(); !reflect.ValueOf(m).IsNil() {
		require.Equal(t, m.Size(), p.rewritten.Memory().Size(), where)
		a, _ := m.Read(0, min(m.Size(), 1<<16))
		b, _ := p.rewritten.Memory().Read(0, min(m.Size(), 1<<16))
		require.True(t, bytes.Equal(a, b), "%s: the memory after it", where)
	}
}
