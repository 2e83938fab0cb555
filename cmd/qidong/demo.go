package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/examples/demo"
	"github.com/qidong/qidong/sdk/client"
)

func newDemoCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "demo", Short: "Act as customers of an example journey"})
	var cfg demo.Config
	movieNight := &cobra.Command{
		Use: "movie-night", Short: "Act as N customers, then check outcomes, messages and the partners' books", Args: cobra.NoArgs,
		Long: `Act as N customers of the movie-night journey, through the public API and the partners' pages: some buy,
some decline, some never answer; one payment fails, one show is cancelled, one customer does not come. Waits
are shortened (--pace). In the end every outcome, message and entry in the partners' books is checked; status
1 says that something disagrees.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, c, cfg) },
	}
	f := movieNight.Flags()
	f.IntVar(&cfg.Customers, "customers", 20, fmt.Sprintf("how many, 1 to %d", demo.MaxCustomers))
	f.DurationVar(&cfg.Pace, "pace", 2*time.Second, "real time that a day of the journey takes")
	f.DurationVar(&cfg.Answer, "answer", 0, "least real time that the journey waits for a customer (default: 10s, and 200ms for each customer, since they share one machine)")
	f.Uint64Var(&cfg.Seed, "seed", 1, "who does what follows from it")
	f.DurationVar(&cfg.Timeout, "timeout", 10*time.Minute, "longest real time of the whole")
	f.BoolVar(&cfg.Tolerant, "tolerant", false, "accept customers who came too late, as when the server is killed meanwhile")
	cmd.AddCommand(movieNight)
	return cmd
}

func runDemo(cmd *cobra.Command, c *connection, cfg demo.Config) error {
	dev, err := c.resolve()
	if err != nil {
		return err
	}
	if len(dev.Backends) == 0 {
		return errors.New("the addresses of the partners are not known: say with --data where the data of a running `qidong dev` is")
	}
	if cfg.Answer == 0 {
		cfg.Answer = 10*time.Second + time.Duration(cfg.Customers)*200*time.Millisecond
	}
	cfg.Client, cfg.Backends = client.New(c.server, c.token), dev.Backends
	cfg.Progress = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
	began := time.Now()
	summary, err := demo.Run(cmd.Context(), cfg)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		err = printJSON(cmd.OutOrStdout(), summary)
	} else {
		printSummary(cmd.OutOrStdout(), summary, time.Since(began))
	}
	if err == nil && len(summary.Disagreements) > 0 {
		return exitError{1}
	}
	return err
}

func printSummary(w io.Writer, s demo.Summary, took time.Duration) {
	fmt.Fprintf(w, "%d customers, %d enrollments ended in %.0f s\n", s.Customers, s.Completed, took.Seconds())
	for _, outcome := range slices.Sorted(maps.Keys(s.Outcomes)) {
		fmt.Fprintf(w, "  %4d %s\n", s.Outcomes[outcome], outcome)
	}
	fmt.Fprintf(w, "The partners' books: %d charges, %d refunds, %d seats held\n", s.Charges, s.Refunds, s.SeatsHeld)
	if len(s.Disagreements) == 0 {
		fmt.Fprintln(w, "Everything agrees.")
		return
	}
	fmt.Fprintf(w, "%d disagreements:\n", len(s.Disagreements))
	for _, d := range s.Disagreements {
		fmt.Fprintln(w, "  "+printable(d))
	}
}
