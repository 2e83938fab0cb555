package project

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Test runs the project's own tests. What they say goes to out; the error is
// that they failed, or could not be run.
func (p *Project) Test(ctx context.Context, out io.Writer) error {
	switch p.Language {
	case Rust:
		tools, err := findRust(ctx)
		if err != nil {
			return err
		}
		return p.run(ctx, out, tools.env(), tools.cargo, "test", "--quiet")
	case C:
		return p.testC(ctx, out)
	case AssemblyScript:
		if err := p.findAssemblyScript(); err != nil {
			return err
		}
		return p.run(ctx, out, nil, "npm", "test", "--silent")
	case Go:
	}
	if err := need("go", "install Go 1.25 or newer from https://go.dev/doc/install"); err != nil {
		return err
	}
	return p.run(ctx, out, []string{"GOWORK=off"}, "go", "test", "./...")
}

// testC compiles the test with all sources but those of the exports, which need
// a host.
func (p *Project) testC(ctx context.Context, out io.Writer) error {
	if err := findClang(ctx); err != nil {
		return err
	}
	sources, _ := filepath.Glob(filepath.Join(p.Dir, "*.c")) // it fails for a malformed pattern only
	sources = slices.DeleteFunc(baseNames(sources), func(name string) bool { return name == "plugin.c" })
	if err := os.MkdirAll(filepath.Join(p.Dir, "build"), 0o755); err != nil { //nolint:gosec // as modules
		return fmt.Errorf("making room for the test: %w", err)
	}
	program := filepath.Join(p.Dir, "build", "test")
	if err := p.run(ctx, nil, nil, "clang", append([]string{"-Wall", "-Wextra", "-o", program}, sources...)...); err != nil {
		return err
	}
	return p.run(ctx, out, nil, program)
}
