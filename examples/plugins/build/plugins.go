package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// plugin is one plugin that is built.
type plugin struct {
	name    string                                                // of the module
	dir     string                                                // of the source, from the root of the repository
	tools   []tool                                                // Go is there always
	compile func(ctx context.Context, p plugin, out string) error // out is absolute
}

// plugins are all that are built.
var plugins = []plugin{
	{name: "bank", dir: "examples/plugins/bank", compile: compileGo},
	{name: "cinema", dir: "examples/plugins/cinema", compile: compileGo},
	{name: "ride", dir: "examples/plugins/ride", compile: compileGo},
	{name: "points", dir: "plugins/points", compile: compileGo},
	{name: "calendar", dir: "plugins/calendar", compile: compileGo},
	{name: "survey", dir: "plugins/survey", compile: compileGo},
	{name: "discount-go", dir: "examples/plugins/discount/go", compile: compileGo},
	{name: "discount-rust", dir: "examples/plugins/discount/rust", tools: rustTools, compile: cached(compileRust)},
	{name: "discount-c", dir: "examples/plugins/discount/c", tools: cTools, compile: cached(compileC)},
	{name: "discount-as", dir: "examples/plugins/discount/assemblyscript", tools: assemblyScriptTools, compile: cached(compileAssemblyScript)},
}

// compileGo needs no cache but Go's own.
func compileGo(ctx context.Context, p plugin, out string) error {
	return run(ctx, p.dir, []string{
		"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0",
		"GOWORK=off", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=", "GOPROXY=off", "GOTOOLCHAIN=local",
	}, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", out, ".")
}

// compileRust uses Debian's compiler and Debian's crates, also where rustup
// has put others first in the path.
func compileRust(ctx context.Context, dir, out string) error {
	env := []string{"RUSTC=" + rustc, "CARGO_TARGET_DIR=target", "RUSTFLAGS=", "CARGO_ENCODED_RUSTFLAGS="}
	if err := run(ctx, dir, env, cargo, "build", "--quiet", "--offline", "--release", "--target", "wasm32-unknown-unknown"); err != nil {
		return err
	}
	return copyFile(out, filepath.Join(dir, "target/wasm32-unknown-unknown/release/discount.wasm"))
}

func compileC(ctx context.Context, dir, out string) error {
	sources, err := filepath.Glob(filepath.Join(dir, "*.c"))
	if err != nil {
		return fmt.Errorf("listing the sources: %w", err)
	}
	args := []string{
		"--target=wasm32-wasi", "-mexec-model=reactor", "-mbulk-memory", "-O2", "-Wall", "-Wextra",
		"-Wl,--strip-debug", "-o", out,
	}
	for _, s := range sources {
		args = append(args, filepath.Base(s))
	}
	return run(ctx, dir, nil, clang, args...)
}

func compileAssemblyScript(ctx context.Context, dir, out string) error {
	if err := run(ctx, dir, nil, "npm", "run", "--silent", "build"); err != nil {
		return err
	}
	return copyFile(out, filepath.Join(dir, "build/discount.wasm"))
}

func run(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // its arguments are ours
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s in %s: %w\n%s", name, dir, err, text)
	}
	return nil
}
