package plugins_test

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/wasmtest"
)

// stock is what a process has that a host may leave behind.
type stock struct {
	goroutines, files   int
	snapshots, programs int   // mappings
	reserved            int64 // bytes of large mappings
}

func takeStock(t testing.TB) stock {
	t.Helper()
	runtime.GC() // some of it is given back by finalizers
	debug.FreeOSMemory()
	s := stock{goroutines: runtime.NumGoroutine()}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		s.files = len(files)
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return s // not on Linux
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		s.add(strings.Fields(lines.Text()))
	}
	return s
}

// add counts a line of /proc/self/maps: addresses, permissions, offset, device,
// inode, and a name if there is one.
func (s *stock) add(line []string) {
	anonymous := len(line) == 5
	switch {
	case strings.Contains(strings.Join(line, " "), "memfd:qidong-plugin"):
		s.snapshots++
	case anonymous && strings.HasPrefix(line[1], "r-x"):
		s.programs++
	case anonymous && line[1] == "rw-p":
		from, to, _ := strings.Cut(line[0], "-")
		a, _ := strconv.ParseInt(from, 16, 64)
		b, _ := strconv.ParseInt(to, 16, 64)
		if b-a >= 128<<20 {
			s.reserved += b - a
		}
	}
}

// more tells what s has that base has not; "" for nothing.
func (s stock) more(base stock) string {
	switch {
	case s.goroutines > base.goroutines:
		return fmt.Sprintf("%d goroutines, before were %d", s.goroutines, base.goroutines)
	case s.files > base.files:
		return fmt.Sprintf("%d open files, before were %d", s.files, base.files)
	case s.snapshots > base.snapshots:
		return fmt.Sprintf("%d mapped snapshots, before were %d", s.snapshots, base.snapshots)
	case s.programs > base.programs:
		return fmt.Sprintf("%d mappings of native code, before were %d", s.programs, base.programs)
	case s.reserved >= base.reserved+128<<20: // Go's own heap may have grown
		return fmt.Sprintf("%d bytes of large mappings, before were %d", s.reserved, base.reserved)
	}
	return ""
}

// requireStock waits until no more is there than base.
func requireStock(t testing.TB, base stock) {
	t.Helper()
	more := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if more = takeStock(t).more(base); more == "" {
			return
		}
	}
	t.Fatal("left over: " + more)
}

// instances is how many instances a host has, as its metrics tell.
func instances(t testing.TB, reg prometheus.Gatherer) (busy, idle int) {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch {
			case f.GetName() != "qidong_plugin_instances":
			case m.GetLabel()[0].GetValue() == "busy":
				busy = int(m.GetGauge().GetValue())
			default:
				idle = int(m.GetGauge().GetValue())
			}
		}
	}
	return busy, idle
}

// echo answers with {"call": the envelope of the call}. It fails unless memory,
// a global, and memory that it grows are as they should be at the start of each
// call, and leaves its marks on all of them.
func echo() handmade {
	const prefix, at, canary = `{"output":{"call":`, 65536, 8192
	trap := wasmtest.If(unreachable)
	load := func(address uint32) []byte { return seq(i32(address), []byte{0x2d, 0, 0}) }
	store := func(address, value uint32) []byte { return seq(i32(address), i32(value), []byte{0x3a, 0, 0}) }
	get, set := wasmtest.Op(0x23, 0), wasmtest.Op(0x24, 0)
	body := seq(
		load(canary), trap, store(canary, 1),
		load(canary+4096), trap, store(canary+4096, 1),
		get, trap, i32(1), set,
		// memory[size] after growing is 0, and 1 then; local 0 is its address
		i32(3), wasmtest.MemoryGrow, i32(16), []byte{0x74}, wasmtest.Op(0x22, 0), []byte{0x2d, 0, 0}, trap,
		wasmtest.Op(0x20, 0), i32(1), []byte{0x3a, 0, 0},
		// the envelope behind the prefix, and braces behind it
		i32(at+uint32(len(prefix))), i32(60000), wasmtest.Call(fnInput), wasmtest.Op(0x21, 0),
		i32(at+uint32(len(prefix))), wasmtest.Op(0x20, 0), wasmtest.I32Add, i32('}'|'}'<<8), []byte{0x3b, 0, 0},
		i32(at), wasmtest.Op(0x20, 0), i32(uint32(len(prefix))+2), wasmtest.I32Add, wasmtest.Call(fnOutput),
	)
	return handmade{call: body, data: prefix, dataAt: at, change: func(m *wasmtest.Module) {
		m.Pages = 2
		m.Globals = []wasmtest.Global{{Type: wasmtest.I32, Mutable: true}}
		m.Funcs[fnCall-fnDescribe].Locals = []wasmtest.Local{{Count: 1, Type: wasmtest.I32}}
	}}
}
