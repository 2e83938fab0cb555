package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// build compiles a Go guest as examples/plugins/build does: one toolchain and
// the same flags for both hosts. dir is relative to this directory, in which
// the command is run.
func build(ctx context.Context, dir string) ([]byte, error) {
	out, err := os.MkdirTemp("", "qidong-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for a guest: %w", err)
	}
	defer func() { _ = os.RemoveAll(out) }()
	file := filepath.Join(out, "guest.wasm")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", file, ".") //nolint:gosec // its arguments are ours
	cmd.Dir = filepath.FromSlash(dir)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the guest in %s: %w\n%s", dir, err, text)
	}
	return os.ReadFile(file)
}
