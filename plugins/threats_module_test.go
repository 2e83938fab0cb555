package plugins_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// An upload is one module, as it is: there is nothing to unpack, and so nothing
// that could be written elsewhere or grow.
func TestP25_Archives_are_refused_unopened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := newHost(t, plugins.Config{CacheDir: dir})
	bomb := bytes.Buffer{}
	w := gzip.NewWriter(&bomb)
	for range 100 {
		_, err := w.Write(make([]byte, mib))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	slip := bytes.Buffer{}
	z := zip.NewWriter(&slip)
	for i := range 10_000 {
		f, err := z.Create(fmt.Sprintf("../../%d/plugin.wasm", i))
		require.NoError(t, err)
		_, err = f.Write(handmade{}.wasm())
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	before, err := os.ReadDir(dir)
	require.NoError(t, err)
	for title, file := range map[string][]byte{"a gzip bomb": bomb.Bytes(), "a zip that slips": slip.Bytes()} {
		start := time.Now()
		_, err := h.Describe(t.Context(), file)
		var refused *plugins.ModuleError
		require.ErrorAs(t, err, &refused, title)
		require.Equal(t, abi.CodeNotWasm, refused.Problems[0].Code, title)
		require.Less(t, time.Since(start), time.Second)
	}
	after, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, after, len(before), "nothing was written")
}

func TestP12_What_goes_out_of_bounds_traps(t *testing.T) {
	t.Parallel()
	indirect := func(entry uint32, kind byte) []byte { return seq(i32(entry), []byte{0x11, kind, 0}) }
	for title, tt := range map[string]struct {
		call []byte
		says string
	}{
		"a call of another type":          {indirect(0, fnCall), "indirect call type mismatch"},
		"a call behind the table":         {indirect(2, fnCall), "invalid table access"},
		"a call far behind the table":     {indirect(0xffffffff, fnCall), "invalid table access"},
		"a load behind memory":            {seq(i32(65533), []byte{0x28, 2, 0}, wasmtest.Drop), "out of bounds memory access"},
		"a load whose address wraps":      {seq(i32(0xffffffff), []byte{0x28, 2, 0xff, 0xff, 0xff, 0xff, 0x0f}, wasmtest.Drop), "out of bounds memory access"},
		"a store behind memory":           {seq(i32(65536), i32(1), []byte{0x3a, 0, 0}), "out of bounds memory access"},
		"memory.fill behind memory":       {seq(i32(65000), i32(1), i32(1000), wasmtest.MemoryFill), "out of bounds memory access"},
		"memory.copy from behind":         {seq(i32(0), i32(65000), i32(1000), wasmtest.MemoryCopy), "out of bounds memory access"},
		"a store into grown memory's end": {seq(invokeGrow(1), wasmtest.Drop, i32(131072), i32(1), []byte{0x3a, 0, 0}), "out of bounds memory access"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			w := newHandmadeHost(t, plugins.Config{})
			_, err := w.run(w.call(handmade{call: tt.call, change: func(m *wasmtest.Module) {
				m.Funcs = append(m.Funcs, wasmtest.Func{Params: wasmtest.I64})
				m.Table = []uint32{fnMore, fnMore}
			}}))
			require.Contains(t, requireCode(t, err, abi.CodeTrap).Message, tt.says)
		})
	}
}

// A table of as many entries as one may have belongs to each instance.
func TestP06_Large_tables_do_not_add_up(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	w := newHandmadeHost(t, plugins.Config{})
	c := w.call(handmade{change: func(m *wasmtest.Module) {
		for range abi.MaxTable {
			m.Table = append(m.Table, fnCall)
		}
	}, call: unreachable})
	var before int64
	for i := range 40 {
		c.Workspace = strconv.Itoa(i)
		_, err := w.run(c)
		requireCode(t, err, abi.CodeTrap)
		if i == 5 {
			before = resident(t)
		}
	}
	require.Less(t, resident(t), before+15*mib)
}

// What a module keeps to start its runs from counts: a hundred plugins that
// fill 60 MiB when they are initialized are not kept all.
func TestP09_Modules_that_start_with_much_memory_make_room_for_each_other(t *testing.T) {
	t.Parallel()
	for title, cfg := range map[string]plugins.Config{"mapped": {}, "copied": {CopyReset: true}} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			logs := &logLines{}
			cfg.Memory, cfg.Logger = 128*mib, slog.New(slog.NewTextHandler(logs, nil))
			w := newHandmadeHost(t, cfg)
			big := func(i int) plugins.Call {
				return w.call(handmade{manifest: named(fmt.Sprint("big", i)), init: fills(50)}.answers(`{"ok":true}`))
			}
			for i := range 4 { // only two have room
				_, err := w.Call(t.Context(), big(i))
				require.NoError(t, err)
			}
			require.Equal(t, 4, logs.count("plugin loaded"))
			_, err := w.Call(t.Context(), big(3))
			require.NoError(t, err)
			require.Equal(t, 4, logs.count("plugin loaded"), "the last is kept")
			_, err = w.Call(t.Context(), big(0))
			require.NoError(t, err)
			require.Equal(t, 5, logs.count("plugin loaded"), "the first was not")
		})
	}
}

// logLines gathers what is logged.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logLines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.b.Bytes(), []byte(text))
}
