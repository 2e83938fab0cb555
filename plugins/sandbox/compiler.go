package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/tetratelabs/wazero"
)

// compilerEnv, when set in the environment, makes any program that links this
// package the compiler of one module, before its main begins. Then what starts
// a plugin host, a test included, needs no second program, and none can forget
// to call us.
const compilerEnv = "QIDONG_COMPILE_PLUGIN"

// How the compiler exits.
const (
	exitInvalid = 3 // the module is not valid; why is on standard output
	exitFailed  = 4
)

// compileJob is what the environment variable holds.
type compileJob struct {
	Dir       string `json:"dir"`        // for the native code
	MaxMemory int    `json:"max_memory"` // as in Config
}

func (j compileJob) String() string {
	b, _ := json.Marshal(j) // a string and a number
	return string(b)
}

func init() { //nolint:gochecknoinits // see compilerEnv
	if job := os.Getenv(compilerEnv); job != "" {
		os.Exit(compilerMain(job))
	}
}

func compilerMain(env string) int {
	var job compileJob
	if err := json.Unmarshal([]byte(env), &job); err != nil {
		report(err)
		return exitFailed
	}
	if err := limitSelf(); err != nil {
		report(err)
		return exitFailed
	}
	debug.SetMemoryLimit(compileMemory * 3 / 4) // collect before the address space ends
	in, err := io.ReadAll(os.Stdin)
	modules := unpack(in)
	if err != nil || len(modules) != 3 {
		report(fmt.Errorf("no modules on standard input: %w", err))
		return exitFailed
	}
	ctx := context.Background()
	// What was rewritten may be valid although the original is not: it has
	// more globals, for example.
	if err := validate(ctx, modules[0]); err != nil {
		report(err)
		return exitInvalid
	}
	for i, name := range []string{dirModule, dirOutline} {
		if _, _, err := compileInto(ctx, filepath.Join(job.Dir, name), modules[1+i], job.MaxMemory); err != nil {
			report(err)
			return exitInvalid
		}
	}
	return 0
}

// The directories that the compiler makes: for the native code of a module,
// and of its outline.
const (
	dirModule  = "module"
	dirOutline = "outline"
)

func unpack(b []byte) (modules [][]byte) {
	for len(b) >= 4 {
		n := binary.LittleEndian.Uint32(b)
		if b = b[4:]; uint64(n) > uint64(len(b)) {
			return nil
		}
		modules, b = append(modules, b[:n]), b[n:]
	}
	return modules
}

// report tells the parent what was wrong.
func report(err error) { fmt.Fprintln(os.Stdout, err) }

// validate decodes and checks a module, as the specification has it.
func validate(ctx context.Context, wasm []byte) error {
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	_, err := r.CompileModule(ctx, wasm)
	return errors.Join(err, r.Close(ctx))
}
