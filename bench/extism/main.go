// Command extism measures a Go guest in Qidong's plugin host and, with the same
// logic, in Extism's Go SDK: one process, the same input, rounds that take
// turns. It is a module of its own, so that the product does not depend on
// Extism. Run it with
//
//	make bench-plugins
//
// When the product's dependencies change, run `go mod tidy` here.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/qidong/qidong/plugins/bench"
)

func main() {
	asJSON := flag.Bool("json", false, "print the report as JSON")
	rounds := flag.Int("rounds", 9, "how `often` each figure is measured")
	strict := flag.Bool("strict", false, "fail when a bound is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *asJSON, *strict); err != nil {
		fmt.Fprintln(os.Stderr, "extism:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be done by stop
	}
}

func run(ctx context.Context, rounds int, asJSON, strict bool) error {
	if rounds < 1 || rounds > 1000 {
		return fmt.Errorf("-rounds %d is out of range; use 1 to 1000", rounds)
	}
	p, err := newPair(ctx)
	if err != nil {
		return err
	}
	defer p.close(context.WithoutCancel(ctx))
	report := &bench.Report{Machine: bench.ThisMachine()}
	if err := p.compare(ctx, rounds, moment, report); err != nil {
		return err
	}
	return report.Print(os.Stdout, asJSON, strict)
}
