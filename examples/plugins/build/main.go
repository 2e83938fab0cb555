// Command build compiles the example plugins and the first-party ones to
// WebAssembly, each as its partner would: with the language's own toolchain, in
// the plugin's own directory, without network. Run it in the root of the
// repository:
//
//	go run ./examples/plugins/build [-o DIR] [NAME…]
//	go run ./examples/plugins/build -missing
//
// Without names it builds all plugins. Those in Go are always built; of the
// others, one whose toolchain is missing is left out with a sentence about it,
// unless REQUIRE_TOOLCHAINS=1 makes that a failure. -missing prints the Debian
// packages that would complete the toolchains.
//
// The same source gives the same bytes, under the same versions of the tools.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	dir := flag.String("o", "examples/plugins/dist", "`directory` that gets the modules; it must exist")
	missing := flag.Bool("missing", false, "print the Debian packages that are missing, and build nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := builder{out: os.Stdout, strict: os.Getenv("REQUIRE_TOOLCHAINS") == "1"}
	err := b.run(ctx, *dir, *missing, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be done by stop
	}
}

// builder builds plugins into a directory.
type builder struct {
	out    io.Writer
	strict bool // a missing toolchain is a failure
	dist   string
}

func (b *builder) run(ctx context.Context, dist string, missing bool, names []string) error {
	if missing {
		_, err := fmt.Fprintln(b.out, strings.Join(missingPackages(), " "))
		return err
	}
	var err error
	if b.dist, err = filepath.Abs(dist); err != nil {
		return fmt.Errorf("finding %s: %w", dist, err)
	}
	if _, err := os.Stat(b.dist); err != nil {
		return fmt.Errorf("there is no directory %s: run this in the root of the repository, or name a directory that exists with -o", b.dist)
	}
	chosen, err := choose(names)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range chosen {
		errs = append(errs, b.build(ctx, p))
	}
	return errors.Join(errs...)
}

func choose(names []string) ([]plugin, error) {
	if len(names) == 0 {
		return plugins, nil
	}
	var chosen []plugin
	for _, name := range names {
		i := slices.IndexFunc(plugins, func(p plugin) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no plugin %q", name)
		}
		chosen = append(chosen, plugins[i])
	}
	return chosen, nil
}

func (b *builder) build(ctx context.Context, p plugin) error {
	started := time.Now()
	target := filepath.Join(b.dist, p.name+".wasm")
	if lacks := p.missing(); len(lacks) > 0 {
		return b.leaveOut(p, lacks, target)
	}
	// Built beside the target and renamed, so that nobody embeds half a module.
	part := fmt.Sprintf("%s.%d.part", target, os.Getpid())
	defer func() { _ = os.Remove(part) }()
	if err := p.compile(ctx, p, part); err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	module, err := os.ReadFile(part)
	if err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	if err := os.Rename(part, target); err != nil {
		return fmt.Errorf("building %s: %w", p.name, err)
	}
	_, err = fmt.Fprintf(b.out, "%-13s %5.0f KiB  sha256 %.12x  %v\n", p.name, float64(len(module))/(1<<10),
		sha256.Sum256(module), time.Since(started).Round(100*time.Millisecond))
	return err
}

// leaveOut says what the toolchain of p lacks. A module of before would be
// older than its source, so it goes too.
func (b *builder) leaveOut(p plugin, lacks []tool, target string) error {
	names := make([]string, len(lacks))
	for i, t := range lacks {
		names[i] = t.name
	}
	sentence := fmt.Sprintf("%s is not built, because this machine lacks %s: run `make toolchains`, which needs root on Debian",
		p.name, strings.Join(names, ", "))
	if b.strict {
		return errors.New(sentence)
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("removing the old %s: %w", target, err)
	}
	_, err := fmt.Fprintln(b.out, sentence+".")
	return err
}
