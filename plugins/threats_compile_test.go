package plugins_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// slowToCompile is a plugin just under every cap: thousands of functions, each
// with as many local variables and blocks as one may have.
func slowToCompile() []byte {
	block := wasmtest.Block(
		wasmtest.Op(0x20, 1), wasmtest.Op(0x20, 2), wasmtest.I32Add, wasmtest.Op(0x21, 3),
		wasmtest.Op(0x20, 3), wasmtest.BrIf(0), wasmtest.Op(0x20, 1999), wasmtest.Op(0x21, 1))
	code := bytes.Repeat(block, abi.MaxBlockLocals/abi.MaxLocals)
	f := wasmtest.Func{Locals: []wasmtest.Local{{Count: abi.MaxLocals, Type: wasmtest.I32}}, Code: code}
	h := handmade{change: func(m *wasmtest.Module) {
		for range (abi.MaxModule - 10_000) / (len(code) + 10) {
			m.Funcs = append(m.Funcs, f)
		}
	}}
	return h.wasm()
}

// The compiler is killed, and nobody else is hurt: calls go on meanwhile.
func TestP02_A_module_just_under_every_cap_ends_the_compiler_only(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes all the time that compiling may take")
	}
	pid := os.Getpid()
	w := newHandmadeHost(t, plugins.Config{})
	honest := w.call(handmade{}.answers(`{"ok":true}`))
	wasm := slowToCompile()
	t.Logf("%d bytes", len(wasm))
	done := make(chan error, 1)
	go func() {
		_, err := w.Describe(t.Context(), wasm)
		done <- err
	}()
	start, calls := time.Now(), 0
	for {
		select {
		case err := <-done:
			var refused *plugins.ModuleError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, abi.CodeCompile, refused.Problems[0].Code, fmt.Sprint(err))
			t.Logf("%d calls in %v", calls, time.Since(start))
			require.Greater(t, calls, 10)
			require.Equal(t, pid, os.Getpid())
			return
		default:
			r, err := w.Call(t.Context(), honest)
			require.NoError(t, err)
			require.JSONEq(t, `{"ok":true}`, string(r.Output))
			calls++
		}
	}
}
