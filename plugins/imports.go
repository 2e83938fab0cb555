package plugins

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/qidong/qidong/plugins/sandbox"
	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// phase says what a run is for, and so what its imports do.
type phase int

const (
	initializing phase = iota // no input, no output, no capabilities
	describing                // output only
	calling
)

// state is what the functions of qidong_v1 see of one run.
type state struct {
	phase    phase
	input    []byte
	output   []byte
	result   []byte
	log      logBuffer
	answer   func(context.Context, []byte) ([]byte, error) // a capability request; set when calling
	requests int
	calls    int
	limits   Limits
}

func (s *state) begin(p phase, l Limits) {
	*s = state{phase: p, limits: l, output: s.output[:0]} // the buffer is used again
	s.log.most = l.Log
	if p == describing {
		s.limits.Output = abi.MaxManifest
	}
}

type stateKey struct{}

func withState(ctx context.Context, s *state) context.Context {
	return context.WithValue(ctx, stateKey{}, s)
}

// imports are the functions of qidong_v1. They panic with a *failure to end
// the run; wazero recovers and returns it.
var imports = []struct {
	name    string
	params  int
	results int
	run     func(ctx context.Context, s *state, m api.Memory, stack []uint64)
}{
	{abi.ImportInput, 2, 1, func(ctx context.Context, s *state, m api.Memory, stack []uint64) {
		stack[0] = copyOut(ctx, m, abi.ImportInput, s.input, stack)
	}},
	{abi.ImportOutput, 2, 0, func(ctx context.Context, s *state, m api.Memory, stack []uint64) {
		if s.phase == initializing {
			return
		}
		if size := uint32(stack[1]); int64(size) > int64(s.limits.Output) {
			panic(failf(abi.CodeOutputTooBig, "It put out %d bytes; at most %d are allowed.", size, s.limits.Output))
		}
		charge(ctx, int(uint32(stack[1])))
		s.output = append(s.output[:0], view(m, abi.ImportOutput, uint32(stack[0]), uint32(stack[1]))...)
	}},
	{abi.ImportLog, 3, 0, func(ctx context.Context, s *state, m api.Memory, stack []uint64) {
		b := view(m, abi.ImportLog, uint32(stack[1]), uint32(stack[2]))
		charge(ctx, min(len(b), abi.MaxLog))
		if uint32(stack[0]) == abi.LogError {
			s.log.line("error", b)
			return
		}
		s.log.line("info", b)
	}},
	{abi.ImportRequest, 2, 1, request},
	{abi.ImportResult, 2, 1, func(ctx context.Context, s *state, m api.Memory, stack []uint64) {
		stack[0] = copyOut(ctx, m, abi.ImportResult, s.result, stack)
	}},
}

func request(ctx context.Context, s *state, m api.Memory, stack []uint64) {
	if s.requests++; s.requests > s.limits.HostCalls {
		panic(failf(abi.CodeHostCalls, "It asked the host for more than %d capabilities, which is the limit for a call.", s.limits.HostCalls))
	}
	size := uint32(stack[1])
	if size > abi.MaxRequest {
		panic(failf(abi.CodeOutputTooBig, "It asked for a capability with %d bytes; at most %d are allowed.", size, abi.MaxRequest))
	}
	if s.phase != calling {
		panic(failf(abi.CodeDenied, "It asked for a capability outside of a call; only %s may.", abi.ExportCall))
	}
	charge(ctx, wasi.ByteShare*int(size)) // it is also parsed
	// A copy: the guest's memory must not change under the request.
	q := append([]byte(nil), view(m, abi.ImportRequest, uint32(stack[0]), size)...)
	answer, err := s.answer(ctx, q)
	if err != nil {
		panic(err)
	}
	s.result = answer
	stack[0] = uint64(len(s.result))
}

// charge takes what copying n bytes of b costs off the guest's fuel.
func charge(ctx context.Context, n int) { sandbox.Charge(ctx, int64(n/wasi.ByteShare)) }

// copyOut copies what fits of b to where the guest wants it, and returns the
// size of the whole.
func copyOut(ctx context.Context, m api.Memory, name string, b []byte, stack []uint64) uint64 {
	ptr, most := uint32(stack[0]), uint32(stack[1])
	charge(ctx, min(int(most), len(b)))
	if n := min(uint64(most), uint64(len(b))); n > 0 && !m.Write(ptr, b[:n]) {
		panic(badAddress(name, ptr, most))
	}
	return uint64(len(b))
}

func view(m api.Memory, name string, ptr, size uint32) []byte {
	b, ok := m.Read(ptr, size)
	if !ok {
		panic(badAddress(name, ptr, size))
	}
	return b
}

func badAddress(name string, ptr, size uint32) *failure {
	return failf(abi.CodeTrap, "It called %s with %d bytes at %#x, which is outside of its memory.", name, size, ptr)
}

func instantiateImports(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.Module)
	for _, f := range imports {
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
			s, _ := ctx.Value(stateKey{}).(*state)
			if s.calls++; s.calls > abi.MaxImportCalls {
				panic(failf(abi.CodeHostCalls, "It called the host's functions more than %d times, which is the limit for a call.", abi.MaxImportCalls))
			}
			sandbox.Charge(ctx, wasi.CallCost)
			f.run(ctx, s, m.Memory(), stack)
		}), i32s(f.params), i32s(f.results)).Export(f.name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func i32s(n int) []api.ValueType {
	all := make([]api.ValueType, n)
	for i := range all {
		all[i] = api.ValueTypeI32
	}
	return all
}
