// Command worker runs a journey that is written in Go, beside those that are
// drawn: it appears in the same lists, counts, logs and incidents. With
// `qidong dev` running:
//
//	qidong journey publish examples/worker/journey.yaml
//	go run ./examples/worker --temporal ADDRESS   # that qidong dev has printed
//	qidong event send --type subscriber.activated --subject CUSTOMER
//
// Without any server, `go run ./examples/worker simulate FILE` predicts what the
// journey does, and `go run ./examples/worker test DIR` runs its tests.
//
// The worker only decides. Plugins are called and messages sent by Qidong's own
// workers, with their limits, grants and guardrails.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/qidong/qidong/simulation/program"
	"github.com/qidong/qidong/workflows"
)

// journeys are those that this worker runs, by the name in their definition.
var journeys = map[string]workflows.Code{"welcome": Welcome, "deposit": Deposit}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if !errors.Is(err, program.ErrReported) {
		fmt.Fprintln(os.Stderr, "worker:", err)
	}
	os.Exit(1)
}

func newCommand() *cobra.Command {
	var address, namespace string
	cmd := &cobra.Command{
		Use: "worker", Short: "Run the journeys that are written in Go", Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), address, namespace) },
	}
	cmd.Flags().StringVar(&address, "temporal", "127.0.0.1:7233", "address of Temporal's frontend")
	cmd.Flags().StringVar(&namespace, "namespace", "qidong", "Temporal namespace of the enrollments")
	o := &program.Options{Code: journeys}
	cmd.PersistentFlags().BoolVar(&o.JSON, "json", false, "print simulations and tests as JSON")
	cmd.AddCommand(program.Commands(o)...)
	return cmd
}

func run(ctx context.Context, address, namespace string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace, Logger: log.NewStructuredLogger(slog.Default())})
	if err != nil {
		return fmt.Errorf("connecting to Temporal at %s: %w", address, err)
	}
	defer c.Close()
	w := worker.New(c, "welcome", worker.Options{})
	for name, code := range journeys {
		workflows.RegisterCode(w, name, code)
	}
	stopped := make(chan any)
	go func() { <-ctx.Done(); close(stopped) }()
	return w.Run(stopped)
}
