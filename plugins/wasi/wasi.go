// Package wasi answers the part of WASI preview 1 that toolchains link into
// every module, without keeping any state in the host: no files, arguments,
// environment or sockets. All that one call can see or change is in [Call],
// which travels in the context.
//
// Time is virtual. The clock starts at Call.Now, moves on by a microsecond
// whenever it is read, and jumps when the guest sleeps, which takes no real
// time. Random bytes come from Call.Seed. So the same call gives the same
// bytes on every machine.
package wasi

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// Module is the name that guests import from.
const Module = "wasi_snapshot_preview1"

// Call is what one call sees of the system. It is not safe for concurrent use.
type Call struct {
	Now    time.Time
	Seed   [32]byte
	Stdout func([]byte) // what is written to descriptors 1 and 2; required
	Stderr func([]byte)
	// Charge is told of work before it is done, in instructions of the guest;
	// it panics to end the run. Required.
	Charge func(context.Context, int64)
	// Exited is set when the guest called proc_exit.
	Exited bool
	Code   uint32

	elapsed time.Duration
	random  *rand.ChaCha8
}

// Begin makes c ready for a call; Stdout, Stderr and Charge stay.
func (c *Call) Begin(now time.Time, seed [32]byte) {
	*c = Call{Now: now, Seed: seed, Stdout: c.Stdout, Stderr: c.Stderr, Charge: c.Charge}
}

type key struct{}

// With gives a call to the functions that run under ctx.
func With(ctx context.Context, c *Call) context.Context { return context.WithValue(ctx, key{}, c) }

func from(ctx context.Context) *Call {
	c, _ := ctx.Value(key{}).(*Call)
	return c
}

// read is the time since the call began; every reading takes a microsecond.
func (c *Call) read() time.Duration {
	c.elapsed += time.Microsecond
	return c.elapsed
}

// What work costs, in instructions of the guest that take about as long.
const (
	CallCost  = 100 // a call of any function
	entryCost = 16  // each subscription of poll_oneoff, each vector of fd_write
	ByteShare = 8   // so many bytes that are copied cost 1; random ones cost 1 each
)

// atOnce is how many bytes are written between two looks at the guest's limits.
const atOnce = 1 << 20

// maxElapsed keeps the virtual clock from overflowing.
const maxElapsed = 50 * 365 * 24 * time.Hour

func (c *Call) sleep(d time.Duration) {
	if d > 0 {
		c.elapsed = min(c.elapsed+min(d, maxElapsed), maxElapsed)
	}
}

func (c *Call) fill(ctx context.Context, b []byte) {
	if c.random == nil {
		c.random = rand.NewChaCha8(c.Seed)
	}
	for len(b) > 0 {
		part := b[:min(len(b), atOnce)]
		c.Charge(ctx, int64(len(part)))
		_, _ = c.random.Read(part) // never fails
		b = b[len(part):]
	}
}

// The errors that guests get.
const (
	ok      = 0
	badf    = 8
	fault   = 21
	invalid = 28
)

type function func(ctx context.Context, m api.Memory, s []uint64) uint64

// Instantiate adds the functions to r. ctx is not kept.
func Instantiate(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(Module)
	for _, f := range table {
		run := f.run
		if run == nil {
			run = noDescriptor
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, s []uint64) {
			from(ctx).Charge(ctx, CallCost)
			s[0] = run(ctx, m.Memory(), s)
		}), params(f.params), []api.ValueType{api.ValueTypeI32}).Export(f.name)
	}
	b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(exit), params("i"), nil).Export("proc_exit")
	_, err := b.Instantiate(ctx)
	return err
}

// Signatures are the functions that there are, with their types in the
// notation of package scan.
func Signatures() map[string]string {
	all := map[string]string{"proc_exit": "i:"}
	for _, f := range table {
		all[f.name] = f.params + ":i"
	}
	return all
}

func params(s string) []api.ValueType {
	var all []api.ValueType
	for _, c := range s {
		if c == 'I' {
			all = append(all, api.ValueTypeI64)
		} else {
			all = append(all, api.ValueTypeI32)
		}
	}
	return all
}

func exit(ctx context.Context, m api.Module, s []uint64) {
	c := from(ctx)
	c.Exited, c.Code = true, uint32(s[0])
	_ = m.CloseWithExitCode(ctx, c.Code)
	panic(sys.NewExitError(c.Code)) //nolint:forbidigo // how wazero unwinds the guest
}

// table lists every function but proc_exit: i is i32, I is i64. One without
// run answers that there is no such descriptor.
var table = []struct {
	name, params string
	run          function
}{
	{"args_get", "ii", nothing},
	{"args_sizes_get", "ii", zeros},
	{"environ_get", "ii", nothing},
	{"environ_sizes_get", "ii", zeros},
	{"clock_res_get", "ii", clockResolution},
	{"clock_time_get", "iIi", clockTime},
	{"random_get", "ii", random},
	{"sched_yield", "", nothing},
	{"poll_oneoff", "iiii", poll},
	{"fd_write", "iiii", write},
	{"fd_fdstat_get", "ii", fdstat},
	{"fd_fdstat_set_flags", "ii", nil},
	{"fd_close", "i", nil},
	{"fd_read", "iiii", nil},
	{"fd_seek", "iIii", nil},
	{"fd_tell", "ii", nil},
	{"fd_sync", "i", nil},
	{"fd_datasync", "i", nil},
	{"fd_pread", "iiiIi", nil},
	{"fd_pwrite", "iiiIi", nil},
	{"fd_readdir", "iiiIi", nil},
	{"fd_renumber", "ii", nil},
	{"fd_filestat_get", "ii", nil},
	{"fd_filestat_set_size", "iI", nil},
	{"fd_filestat_set_times", "iIIi", nil},
	{"fd_prestat_get", "ii", nil},
	{"fd_prestat_dir_name", "iii", nil},
	{"path_create_directory", "iii", nil},
	{"path_filestat_get", "iiiii", nil},
	{"path_filestat_set_times", "iiiiIIi", nil},
	{"path_link", "iiiiiii", nil},
	{"path_open", "iiiiiIIii", nil},
	{"path_readlink", "iiiiii", nil},
	{"path_remove_directory", "iii", nil},
	{"path_rename", "iiiiii", nil},
	{"path_symlink", "iiiii", nil},
	{"path_unlink_file", "iii", nil},
}

func noDescriptor(context.Context, api.Memory, []uint64) uint64 { return badf }

func nothing(context.Context, api.Memory, []uint64) uint64 { return ok }

func zeros(_ context.Context, m api.Memory, s []uint64) uint64 {
	if !m.WriteUint32Le(uint32(s[0]), 0) || !m.WriteUint32Le(uint32(s[1]), 0) {
		return fault
	}
	return ok
}

func clockResolution(_ context.Context, m api.Memory, s []uint64) uint64 {
	if !m.WriteUint64Le(uint32(s[1]), uint64(time.Microsecond)) {
		return fault
	}
	return ok
}

func clockTime(ctx context.Context, m api.Memory, s []uint64) uint64 {
	c := from(ctx)
	t := uint64(c.read())
	if uint32(s[0]) == 0 {
		t += uint64(c.Now.UnixNano())
	}
	if !m.WriteUint64Le(uint32(s[2]), t) {
		return fault
	}
	return ok
}

func random(ctx context.Context, m api.Memory, s []uint64) uint64 {
	b, inside := m.Read(uint32(s[0]), uint32(s[1]))
	if !inside {
		return fault
	}
	from(ctx).fill(ctx, b)
	return ok
}

func write(ctx context.Context, m api.Memory, s []uint64) uint64 {
	fd, vectors, n, written := uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])
	c := from(ctx)
	sink := c.Stdout
	switch {
	case fd == 2:
		sink = c.Stderr
	case fd != 1:
		return badf
	case n > 1024:
		return invalid
	}
	var total uint32
	for i := range n {
		v, inside := m.Read(vectors+8*i, 8)
		if !inside {
			return fault
		}
		b, inside := m.Read(binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:]))
		if !inside {
			return fault
		}
		c.Charge(ctx, int64(entryCost+len(b)/ByteShare))
		sink(b)
		total += uint32(len(b))
	}
	if !m.WriteUint32Le(written, total) {
		return fault
	}
	return ok
}

// fdstat describes the descriptors that fd_write knows, as terminals: guests
// then write through.
func fdstat(_ context.Context, m api.Memory, s []uint64) uint64 {
	b, inside := m.Read(uint32(s[1]), 24)
	switch {
	case uint32(s[0]) > 2:
		return badf
	case !inside:
		return fault
	}
	clear(b)
	b[0] = 2    // character device
	b[8] = 0x40 // right to write
	return ok
}
