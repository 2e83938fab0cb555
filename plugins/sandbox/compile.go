package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/sdk/abi"
)

// What compiling one module may take. Go guests of 6 MB take 1.5 s and 1.5 GB.
const (
	compileMemory = slowness * 2 << 30          // bytes of address space
	compileCPU    = slowness * 10 * time.Second // of the child's threads together
	compileTime   = slowness * 30 * time.Second // for a child that does not get the processor
)

// build scans, rewrites and compiles a module, or finds what that gave before.
// The module's Wasm is what the runtime is to be given.
//
// Compiling cannot be interrupted, and its cost cannot be told beforehand: so a
// child process does it, which is killed when it takes too much, and this
// process only loads what the child made.
func (e *Engine) build(ctx context.Context, wasm []byte) (*rewrite.Rewritten, error) {
	if r := e.cache.get(wasm); r != nil {
		return r, nil
	}
	r, stripped, err := e.check(wasm)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(wasm)
	outline, err := rewrite.Outline(r.Wasm, digest[:])
	if err != nil {
		return nil, err
	}
	if err := e.compiling.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("waiting to compile a plugin: %w", err)
	}
	defer e.compiling.Release(1) // compiling is the costliest thing that an upload makes the host do
	dir, err := os.MkdirTemp(e.cache.dir, "compile-")
	if err != nil {
		return nil, fmt.Errorf("compiling a plugin: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := e.runChild(ctx, dir, stripped, r.Wasm, outline); err != nil {
		return nil, err
	}
	built, err := e.cache.put(wasm, r, outline, dir)
	if err != nil {
		return nil, fmt.Errorf("keeping the native code of a plugin: %w", err)
	}
	return built, nil
}

func invalid(why string) *RunError {
	why, _, _ = strings.Cut(why, "\n")
	return failf(abi.CodeMalformed, "The module is not valid: %.300s. Build it again.", why)
}

// runChild runs this program again as a compiler; see compiler.go. The child
// gets no environment: nothing that this process was told is its business.
func (e *Engine) runChild(ctx context.Context, dir string, original, rewritten, outline []byte) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("compiling a plugin: finding this program: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, compileTime)
	defer cancel()
	job := compileJob{Dir: dir, MaxMemory: e.cfg.MaxMemory}
	child := exec.CommandContext(limited, self) //nolint:gosec // it is this program
	child.Env = []string{compilerEnv + "=" + job.String()}
	child.Dir = dir
	child.WaitDelay = time.Second
	child.Stdin = bytes.NewReader(parcel(original, rewritten, outline))
	out := &capped{most: 64 << 10}
	child.Stdout, child.Stderr = out, out
	killWithParent(child)
	start := time.Now()
	err = child.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("compiling a plugin: %w", ctx.Err())
	case !errors.As(err, &exit):
		return fmt.Errorf("compiling a plugin: starting the compiler: %w", err)
	case exit.ExitCode() == exitInvalid:
		return invalid(out.String())
	}
	e.cfg.Logger.DebugContext(ctx, "plugin compiler ended", "error", err, "duration", time.Since(start), "output", out.String())
	return failf(abi.CodeCompile, "The module takes more than %d s or %d MiB of memory to compile, which is the limit. Split its largest functions, or build with less inlining.",
		compileCPU/time.Second, compileMemory>>20)
}

// parcel packs modules, each behind its length in four bytes; unpack in
// compiler.go is its inverse.
func parcel(modules ...[]byte) []byte {
	var b []byte
	for _, m := range modules {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(m))), m...)
	}
	return b
}

// capped keeps the first bytes of what a child writes.
type capped struct {
	bytes.Buffer
	most int
}

// Write never fails: what is too much is dropped.
func (c *capped) Write(b []byte) (int, error) {
	_, _ = c.Buffer.Write(b[:min(len(b), max(0, c.most-c.Len()))])
	return len(b), nil
}
