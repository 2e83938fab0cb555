// Command build compiles the example plugins and the first-party ones to
// WebAssembly, each as its partner would: the standard Go toolchain, in the
// plugin's own module, without network. Run it in the root of the repository:
//
//	go run ./examples/plugins/build [-o DIR]
//
// The same source gives the same bytes.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

// sources are the plugins' directories; the last part is the plugin's name.
var sources = []string{
	"examples/plugins/bank",
	"examples/plugins/cinema",
	"examples/plugins/ride",
	"plugins/points",
}

func main() {
	dir := flag.String("o", "examples/plugins/dist", "`directory` that gets the modules; it must exist")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be done by stop
	}
}

func run(ctx context.Context, out io.Writer, dist string) error {
	dist, err := filepath.Abs(dist)
	if err != nil {
		return fmt.Errorf("finding %s: %w", dist, err)
	}
	if _, err := os.Stat(dist); err != nil {
		return fmt.Errorf("there is no directory %s: run this in the root of the repository, or name a directory that exists with -o", dist)
	}
	var errs []error
	for _, dir := range sources {
		errs = append(errs, build(ctx, out, dir, dist))
	}
	return errors.Join(errs...)
}

func build(ctx context.Context, out io.Writer, dir, dist string) error {
	started := time.Now()
	name := filepath.Base(dir) + ".wasm"
	target := filepath.Join(dist, name)
	// Built beside the target and renamed, so that nobody embeds half a module.
	part := fmt.Sprintf("%s.%d.part", target, os.Getpid())
	defer func() { _ = os.Remove(part) }()
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", part, ".") //nolint:gosec // its arguments are ours
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0",
		"GOWORK=off", "GOFLAGS=", "GOWASM=", "GOEXPERIMENT=", "GOPROXY=off", "GOTOOLCHAIN=local")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", name, err, text)
	}
	module, err := os.ReadFile(part)
	if err != nil {
		return fmt.Errorf("building %s: %w", name, err)
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("building %s: %w", name, err)
	}
	_, err = fmt.Fprintf(out, "%-12s %5.2f MiB  sha256 %.12x  %v\n", name, float64(len(module))/(1<<20),
		sha256.Sum256(module), time.Since(started).Round(100*time.Millisecond))
	return err
}
