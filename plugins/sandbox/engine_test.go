package sandbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/scan"
	"github.com/qidong/qidong/sdk/abi"
)

// tiny is a module with one page of memory and a mutable global; call are the
// instructions of qidong_call, which imports nothing.
func tiny(call ...byte) []byte {
	section := func(id byte, b ...byte) []byte {
		return append(binary.AppendUvarint([]byte{id}, uint64(len(b))), b...)
	}
	body := func(b ...byte) []byte {
		b = append(append([]byte{0}, b...), 0x0b)
		return append(binary.AppendUvarint(nil, uint64(len(b))), b...)
	}
	export := func(name string, kind, index byte) []byte {
		return append(append([]byte{byte(len(name))}, name...), kind, index)
	}
	exports := bytes.Join([][]byte{
		{3}, export(abi.ExportMemory, 2, 0), export(abi.ExportDescribe, 0, 0), export(abi.ExportCall, 0, 1),
	}, nil)
	return bytes.Join([][]byte{
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, 1, 0x60, 0, 0),
		section(3, 2, 0, 0),
		section(5, 1, 0, 1),
		section(6, 1, 0x7f, 1, 0x41, 7, 0x0b), // i32 = 7
		section(7, exports...),
		section(10, bytes.Join([][]byte{{2}, body(), body(call...)}, nil)...),
		section(11, 1, 0, 0x41, 8, 0x0b, 2, 'h', 'i'),
	}, nil)
}

// Some bodies of qidong_call.
var (
	nothing = []byte{0x01}
	// memory[8]++; global 0 ++; traps unless both were as they start.
	counts = []byte{
		0x41, 8, 0x41, 8, 0x2d, 0, 0, 0x41, 1, 0x6a, 0x3a, 0, 0, // i32.store8 8 (i32.load8_u 8 + 1)
		0x23, 0, 0x41, 1, 0x6a, 0x24, 0,
		0x41, 8, 0x2d, 0, 0, 0x41, 0xe9, 0, 0x47, 0x04, 0x40, 0x00, 0x0b, // if memory[8] != 'i' unreachable
		0x23, 0, 0x41, 8, 0x47, 0x04, 0x40, 0x00, 0x0b, // if global != 8 unreachable
	}
	forever = []byte{0x03, 0x40, 0x0c, 0, 0x0b}
	// grows by four pages and writes to the last; traps unless there was one.
	grows = []byte{
		0x41, 4, 0x40, 0, 0x41, 1, 0x47, 0x04, 0x40, 0x00, 0x0b,
		0x41, 0x80, 0x80, 0x10, 0x41, 1, 0x36, 2, 0,
	}
	growsTooFar = []byte{0x41, 0x80, 0x10, 0x40, 0, 0x1a, 0x00} // 2,048 pages, then unreachable
)

func newEngine(t *testing.T, cfg Config) *Engine {
	t.Helper()
	e, err := New(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close(context.Background())) })
	return e
}

func load(t *testing.T, e *Engine, wasm []byte) *Module {
	t.Helper()
	m, err := e.Load(t.Context(), wasm, func(g *Guest) error { return g.Initialize(t.Context(), limited()) })
	require.NoError(t, err)
	t.Cleanup(func() { _ = m.Close(context.Background()) })
	return m
}

func limited() *Run {
	return &Run{Limits: Limits{Fuel: 10_000_000, Depth: 1000, Memory: 16 * wasmPage}}
}

func TestEveryRunStartsFromTheSameBytes(t *testing.T) {
	t.Parallel()
	for title, cfg := range map[string]Config{"as the system can": {}, "copied whole": {Copy: true}, "no instance is kept": {Idle: -1}} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, cfg)
			for _, call := range [][]byte{counts, grows} {
				m := load(t, e, tiny(call...))
				first := int64(0)
				for i := range 20 {
					r := limited()
					require.NoError(t, m.Run(t.Context(), abi.ExportCall, r), "run %d", i)
					if first == 0 {
						first = r.UsedFuel
					}
					require.Equal(t, first, r.UsedFuel)
				}
				require.Positive(t, first)
			}
			live, idle := e.Instances()
			require.Equal(t, live, idle, "nothing is at work")
			require.LessOrEqual(t, live, 2)
		})
	}
}

func TestARunThatFailsEndsItsInstance(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Config{})
	for title, tt := range map[string]struct {
		call []byte
		code string
		says string
	}{
		"a trap":                     {[]byte{0x00}, abi.CodeTrap, "unreachable"},
		"a loop without end":         {forever, abi.CodeFuel, "10000000 instructions"},
		"a trap for want of memory":  {growsTooFar, abi.CodeMemory, "1048576 bytes"},
		"a memory access outside":    {[]byte{0x41, 0x7f, 0x2d, 0, 0, 0x1a}, abi.CodeTrap, "out of bounds"},
		"a recursion without end":    {[]byte{0x10, 1}, abi.CodeDepth, "1000"},
		"a division by zero":         {[]byte{0x41, 1, 0x41, 0, 0x6d, 0x1a}, abi.CodeTrap, "divide by zero"},
		"filling memory without end": {append(append([]byte{0x03, 0x40, 0x41, 0, 0x41, 1, 0x41}, 0x80, 0x80, 4), 0xfc, 11, 0, 0x0c, 0, 0x0b), abi.CodeFuel, "limit"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			m := load(t, e, tiny(tt.call...))
			for range 3 {
				r := limited()
				err := m.Run(t.Context(), abi.ExportCall, r)
				var f *RunError
				require.ErrorAs(t, err, &f)
				require.Equal(t, tt.code, f.Code, f.Message)
				require.Contains(t, f.Message, tt.says)
				require.Empty(t, m.idle, "the instance is gone")
			}
		})
	}
}

func TestATrapTellsTheNamesOfFunctions(t *testing.T) {
	t.Parallel()
	names := []byte("\x04name\x01\x16\x02\x00\x08describe\x01\x09book_seat")
	wasm := append(append(tiny(0x00), 0, byte(len(names))), names...)
	err := load(t, newEngine(t, Config{}), wasm).Run(t.Context(), abi.ExportCall, limited())
	var f *RunError
	require.ErrorAs(t, err, &f)
	require.Equal(t, []string{"book_seat()"}, f.Stack)

	names[7] = 0xff // a name section that lies about its counts is dropped
	wasm = append(append(tiny(0x00), 0, byte(len(names))), names...)
	err = load(t, newEngine(t, Config{}), wasm).Run(t.Context(), abi.ExportCall, limited())
	require.ErrorAs(t, err, &f)
	require.Equal(t, []string{"$3()"}, f.Stack)
}

func TestARunEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Config{}), tiny(forever...))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	r := limited()
	r.Fuel = abi.MaxFuel
	err := m.Run(ctx, abi.ExportCall, r)
	var f *RunError
	require.ErrorAs(t, err, &f)
	require.Equal(t, abi.CodeDeadline, f.Code)
	require.Less(t, r.UsedFuel, int64(abi.MaxFuel))

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorAs(t, m.Run(ended, abi.ExportCall, limited()), &f)
	require.Equal(t, abi.CodeCanceled, f.Code)
}

func TestALimitBelowWhatTheModuleStartsWith(t *testing.T) {
	t.Parallel()
	r := limited()
	r.Memory = wasmPage / 2
	err := load(t, newEngine(t, Config{}), tiny(nothing...)).Run(t.Context(), abi.ExportCall, r)
	var f *RunError
	require.ErrorAs(t, err, &f)
	require.Equal(t, abi.CodeMemory, f.Code)
	require.Contains(t, f.Message, "starts with 65536 bytes")
}

func TestAModuleThatStartsWithTooMuchMemoryIsNotRun(t *testing.T) {
	t.Parallel()
	m := load(t, newEngine(t, Config{}), tiny(nothing...))
	r := limited()
	r.Memory = wasmPage
	require.NoError(t, m.Run(t.Context(), abi.ExportCall, r))
	r.Memory--
	var f *RunError
	require.ErrorAs(t, m.Run(t.Context(), abi.ExportCall, r), &f)
	require.Equal(t, abi.CodeMemory, f.Code)
	require.Contains(t, f.Message, "starts with 65536 bytes")
}

func TestIdleInstancesMakeRoomForEachOther(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Config{Idle: 3})
	var all []*Module
	for i := range 5 {
		m := load(t, e, tiny(bytes.Repeat(nothing, i+1)...))
		require.NoError(t, m.Run(t.Context(), abi.ExportCall, limited()))
		all = append(all, m)
	}
	live, idle := e.Instances()
	require.Equal(t, 3, live)
	require.Equal(t, 3, idle)
	require.Empty(t, all[0].idle, "who was idle for longest has gone")
	require.Len(t, all[4].idle, 1)
	for _, m := range all {
		require.NoError(t, m.Close(t.Context()))
	}
	live, _ = e.Instances()
	require.Zero(t, live)
}

// artifacts are the files of a cache, by extension.
func artifacts(t *testing.T, dir string) (records, native []string) {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(dir, "*.artifact"))
	require.NoError(t, err)
	native, err = filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	require.NoError(t, err)
	return records, native
}

func TestP39_Native_code_that_was_changed_is_made_anew(t *testing.T) {
	t.Parallel()
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			b[(at+len(b))%len(b)] ^= 1
			return b
		}
	}
	for title, change := range map[string]func([]byte) []byte{
		"its first byte":    flip(0),
		"its middle":        flip(400),
		"its last byte":     flip(-1),
		"cut short":         func(b []byte) []byte { return b[:len(b)/2] },
		"nothing left":      func([]byte) []byte { return nil },
		"something behind":  func(b []byte) []byte { return append(b, 0) },
		"another's instead": nil,
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			for kind := range 2 { // the record, then the native code
				dir := t.TempDir()
				load(t, newEngine(t, Config{CacheDir: dir}), tiny(counts...))
				records, native := artifacts(t, dir)
				require.Len(t, records, 1)
				if len(native) == 0 {
					t.Skip("the runtime interprets on this machine")
				}
				victim := []string{records[0], native[0]}[kind]
				before, err := os.ReadFile(victim)
				require.NoError(t, err)
				changed := []byte("swapped")
				if change != nil {
					changed = change(bytes.Clone(before))
				} else {
					load(t, newEngine(t, Config{CacheDir: dir}), tiny(0x00))
					r, n := artifacts(t, dir)
					for _, other := range append(r, n...) {
						if other != victim && filepath.Ext(other) == filepath.Ext(victim) {
							changed, err = os.ReadFile(other)
							require.NoError(t, err)
						}
					}
				}
				require.NoError(t, os.WriteFile(victim, changed, 0o600))
				m := load(t, newEngine(t, Config{CacheDir: dir}), tiny(counts...))
				require.NoError(t, m.Run(t.Context(), abi.ExportCall, limited()), "the module's own code runs")
				after, err := os.ReadFile(victim)
				require.NoError(t, err)
				require.NotEqual(t, changed, after, "and is what the cache has again")
			}
		})
	}
}

func TestACacheServesItsOwnConfigurationOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 {
		load(t, newEngine(t, Config{CacheDir: dir, Unmetered: true}), tiny(nothing...))
		m := load(t, newEngine(t, Config{CacheDir: dir}), tiny(nothing...))
		r := limited()
		require.NoError(t, m.Run(t.Context(), abi.ExportCall, r))
		require.Positive(t, r.UsedFuel, "it is metered")
	}
}

func TestHostsShareACache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			e, err := New(t.Context(), Config{CacheDir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = e.Close(context.Background()) }()
			m, err := e.Load(t.Context(), tiny(counts...), func(*Guest) error { return nil })
			if err != nil {
				t.Error(err)
				return
			}
			if err := m.Run(t.Context(), abi.ExportCall, limited()); err != nil {
				t.Error(err)
			}
			_ = m.Close(context.Background())
		})
	}
	wg.Wait()
	left, err := filepath.Glob(filepath.Join(dir, "*-*"))
	require.NoError(t, err)
	require.Len(t, left, 1, "only the runtime's folder is left: %v", left)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	e := newEngine(t, Config{Allowed: map[string]scan.Import{}})
	for title, tt := range map[string]struct {
		wasm []byte
		code string
		says string
	}{
		"what is no module":          {[]byte("no module"), abi.CodeNotWasm, "not a WebAssembly module"},
		"a body that is not valid":   {tiny(0x1a), abi.CodeMalformed, "not valid"},
		"a global that is not there": {tiny(0x41, 0, 0x24, 1), abi.CodeMalformed, "not valid"},
		"writing the fuel counter":   {tiny(0x42, 0, 0x24, 2), abi.CodeMalformed, "not valid"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := e.Load(t.Context(), tt.wasm, func(*Guest) error { return nil })
			var f *RunError
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.code, f.Code, f.Message)
			require.Contains(t, f.Message, tt.says)
		})
	}
}
