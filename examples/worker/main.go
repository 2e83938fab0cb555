// Command worker runs a journey that is written in Go, beside those that are
// drawn: it appears in the same lists, counts, logs and incidents. With
// `qidong dev` running:
//
//	qidong journey publish examples/worker/journey.yaml
//	go run ./examples/worker --temporal ADDRESS   # that qidong dev has printed
//	qidong event send --type subscriber.activated --subject CUSTOMER
//
// The worker only decides. Plugins are called and messages sent by Qidong's own
// workers, with their limits, grants and guardrails.
package main

import (
	"flag"
	"fmt"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/qidong/qidong/workflows"
)

func main() {
	address := flag.String("temporal", "127.0.0.1:7233", "`address` of Temporal's frontend")
	namespace := flag.String("namespace", "qidong", "Temporal `namespace` of the enrollments")
	flag.Parse()
	if err := run(*address, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func run(address, namespace string) error {
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace})
	if err != nil {
		return fmt.Errorf("connecting to Temporal at %s: %w", address, err)
	}
	defer c.Close()
	w := worker.New(c, "welcome", worker.Options{})
	workflows.RegisterCode(w, "welcome", Welcome)
	return w.Run(worker.InterruptCh())
}
