package plugins_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/wasmtest"
	"github.com/qidong/qidong/sdk/abi"
)

// TestStress calls honest and hostile plugins at once: every honest answer is
// right, and when the host is closed nothing of it is left. `make test-stress`
// runs it for long, under the race detector.
//
//nolint:paralleltest // it counts goroutines, mappings and files of the process
func TestStress(t *testing.T) {
	long := 2 * time.Second
	if v := os.Getenv("QIDONG_STRESS"); v != "" {
		var err error
		long, err = time.ParseDuration(v)
		require.NoError(t, err, "QIDONG_STRESS is how long the stress test runs")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(5)) // what is freed too early is soon used for something else
	s := newStress(t)
	s.run(plugins.Config{}, 50*time.Millisecond) // what is opened once for all hosts is open now
	for title, cfg := range map[string]plugins.Config{
		"reset as the system can":   {},
		"memory is copied whole":    {CopyReset: true},
		"hardly anything is kept":   {Loaded: 3, Idle: 2},
		"memory for few at a time":  {Memory: 192 << 20},
		"no instance is used again": {Idle: -1},
	} {
		t.Run(title, func(t *testing.T) {
			s.t = t
			base := takeStock(t)
			t.Logf("%d calls", s.run(cfg, long/5))
			requireStock(t, base)
		})
	}
}

// stress is who is called.
type stress struct {
	t       *testing.T
	modules modules
	kinds   []kind
}

// kind is one kind of call.
type kind struct {
	name string
	call plugins.Call
	// codes are how it may end; none: with the answer.
	codes []string
	input func(i int) string
	// answer checks what an honest plugin gave.
	answer func(t *testing.T, i int, r plugins.Result)
}

func newStress(t *testing.T) *stress {
	s := &stress{t: t, modules: modules{}}
	s.honest(t)
	s.hostile()
	return s
}

// honest adds plugins that must be answered right each time.
func (s *stress) honest(t *testing.T) {
	e := echo()
	for n, pages := range []uint32{1, 7, 64} { // three modules, one after another's memory
		h := e
		h.manifest = named(fmt.Sprint("echo", n))
		h.change = func(m *wasmtest.Module) { e.change(m); m.Pages = 2 + pages }
		s.add(kind{name: "echo", call: s.act(h), input: func(i int) string { return fmt.Sprintf(`{"n":%d}`, i) }, answer: echoed})
	}
	guest := s.modules.add(guest(t))
	of := func(action string, grant plugins.Grant) plugins.Call {
		return plugins.Call{Digest: guest, Action: action, Grant: grant, Customer: "c_1", Now: now}
	}
	number := func(i int) string { return fmt.Sprintf(`{"n":%d}`, 1+i%1000) }
	text := func(i int) string { return fmt.Sprintf(`{"text":"canary %d"}`, i) }
	is := func(want func(i int) string) func(*testing.T, int, plugins.Result) {
		return func(t *testing.T, i int, r plugins.Result) { same(t, want(i), string(r.Output)) }
	}
	s.add(kind{name: "guest echo", call: of("echo", plugins.Grant{}), input: text, answer: is(text)})
	s.add(kind{name: "guest remembers nothing", call: of("remember", plugins.Grant{}), input: text, answer: is(func(int) string { return `{"text":""}` })})
	s.add(kind{name: "guest allocates", call: of("allocate", plugins.Grant{}), input: func(int) string { return `{"n":8000000}` }, answer: is(func(int) string { return `{"n":8000000}` })})
	s.add(kind{name: "guest gives points", call: of("grant", plugins.Grant{Ledger: true}), input: number, answer: is(number)})
	nothing := func(int) string { return `{}` }
	for action, codes := range map[string][]string{
		"panic": {"panic"}, "exit": {abi.CodeTrap}, "deadlock": {abi.CodeTrap}, "crash": {abi.CodeTrap},
	} {
		s.add(kind{name: "guest " + action, call: of(action, plugins.Grant{}), input: nothing, codes: codes})
	}
}

// hostile adds plugins that end in all the ways there are.
func (s *stress) hostile() {
	for code, bodies := range map[string][][]byte{
		abi.CodeTrap: {
			unreachable, invoke(fnExit, 1), invoke(fnOutput, 0xfffffff0, 100),
			seq(i32(0), i32(255), i32(60<<10), wasmtest.MemoryFill, unreachable),
		},
		abi.CodeFuel:         {forever, growForever, loop(seq(invoke(fnRandom, 8192, 50000), wasmtest.Drop)), loop(seq(clockTime, wasmtest.Drop))},
		abi.CodeDepth:        {recurse},
		abi.CodeMemory:       {seq(invokeGrow(100), wasmtest.Drop, i32(0), i32(1), i32(5<<20), wasmtest.MemoryFill, invokeGrow(2000), wasmtest.Drop, unreachable)},
		abi.CodeHostCalls:    {loop(invoke(fnOutput, 0, 16)), loop(invoke(fnLog, 1, 0, 16))},
		abi.CodeOutputTooBig: {invoke(fnOutput, 0, abi.DefaultOutput+1)},
		abi.CodeBadOutput:    {nil, invoke(fnOutput, 0, 100)},
	} {
		for n, body := range bodies {
			h := handmade{manifest: named(fmt.Sprintf("hostile%d", len(s.kinds))), call: body}
			k := kind{name: fmt.Sprint(code, n), call: s.act(h), codes: []string{code}, input: func(int) string { return `{}` }}
			k.call.Grant.Limits.Fuel = 5_000_000
			s.add(k)
		}
	}
}

func (s *stress) act(h handmade) plugins.Call {
	return plugins.Call{Digest: s.modules.add(h.wasm()), Action: "act", Now: now}
}

func (s *stress) add(k kind) { s.kinds = append(s.kinds, k) }

// balance is a ledger that answers with what was posted.
type balance struct{}

func (balance) Post(ctx context.Context, workspace, customer string, amount int64, reason, key string) (int64, error) {
	runtime.Gosched() // others run while the world outside answers
	return amount, ctx.Err()
}

// run makes calls for a while, in a host of its own, and returns how many.
func (s *stress) run(cfg plugins.Config, long time.Duration) int64 {
	reg := prometheus.NewRegistry()
	cfg.Modules, cfg.Ledger, cfg.CacheDir, cfg.Metrics = s.modules, balance{}, cacheDir, reg
	h, err := plugins.New(s.t.Context(), cfg)
	require.NoError(s.t, err)
	var count atomic.Int64
	var callers sync.WaitGroup
	end := time.Now().Add(long)
	for c := range 16 {
		callers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(c), 1))
			for time.Now().Before(end) && !s.t.Failed() {
				s.one(h, r, int(count.Add(1)))
			}
		})
	}
	callers.Wait()
	busy, _ := instances(s.t, reg)
	require.Zero(s.t, busy, "instances at work")
	require.NoError(s.t, h.Close(s.t.Context()))
	return count.Load()
}

// one makes a call and checks how it ends.
func (s *stress) one(h *plugins.Host, r *rand.Rand, i int) {
	k := s.kinds[r.IntN(len(s.kinds))]
	c := k.call
	c.Workspace, c.IdempotencyKey, c.Input = fmt.Sprint("w", r.IntN(5)), fmt.Sprint("key ", i), json.RawMessage(k.input(i))
	if k.codes != nil {
		c.Workspace = fmt.Sprint("hostile", i) // none is suspended
	}
	result, err := h.Call(s.t.Context(), c)
	var failed *plugins.CallError
	switch {
	case errors.As(err, &failed) && failed.Code == abi.CodeBusy: // 16 callers are too many for some configurations
	case k.codes == nil && err == nil:
		k.answer(s.t, i, result)
	case k.codes == nil || failed == nil || !slices.Contains(k.codes, failed.Code):
		s.t.Errorf("%s ended with %v, log %q", k.name, err, result.Log)
	}
}

func same(t *testing.T, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("the answer is %s, expected was %s", got, want)
	}
}

// echoed checks the answer of echo.
func echoed(t *testing.T, i int, r plugins.Result) {
	var out struct{ Call abi.Call }
	if err := json.Unmarshal(r.Output, &out); err != nil {
		t.Error(err)
	}
	same(t, fmt.Sprintf(`{"n":%d}`, i), string(out.Call.Input))
	same(t, fmt.Sprint("key ", i), out.Call.IdempotencyKey)
}
