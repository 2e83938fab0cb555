package program

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/simulation/hosted"
)

// simulateFlags are those of the command simulate.
type simulateFlags struct {
	customers int
	seed      uint64
	behavior  string
	further   []string
	plugins   string
	path      int
	workers   int
}

func newSimulate(o *Options) *cobra.Command {
	f := &simulateFlags{}
	cmd := &cobra.Command{
		Use: "simulate FILE", Short: "Predict what a definition does with many customers; needs no server", Args: cobra.ExactArgs(1),
		Long: `Take simulated customers through a journey: the interpreter and the plugins are
the real ones, weeks pass on a virtual clock, and nothing leaves this process.
What customers, partners and people decide is drawn from the seed, as the
behavior file says; the same seed gives the same report.

Without --behavior, NAME.behavior.yaml beside NAME.yaml is used if it is there;
else customers take every suggestion equally often and stay silent sometimes,
the events that the journey waits for come, and partners answer as the examples
of their plugins do.`,
		RunE: func(cmd *cobra.Command, args []string) error { return simulate(cmd, o, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.IntVarP(&f.customers, "customers", "n", 1000, "how many customers")
	flags.Uint64Var(&f.seed, "seed", 1, "what everything is drawn from")
	flags.StringVar(&f.behavior, "behavior", "", "behavior file (default: NAME.behavior.yaml beside the journey; - for none)")
	flags.StringArrayVar(&f.further, "journey", nil, "a further definition, for sub-journeys and events; may be repeated")
	flags.StringVar(&f.plugins, "plugins", "", "directory of .wasm files or of a server's data (default: the example plugins)")
	flags.IntVar(&f.path, "path", -1, "tell the path of this one customer, from 0, instead of the report")
	flags.IntVar(&f.workers, "workers", 0, "customers at the same time (default: one for each CPU)")
	return cmd
}

func simulate(cmd *cobra.Command, of *Options, f *simulateFlags, file string) error {
	o := simulation.Options{Customers: f.customers, Seed: f.seed, Workers: f.workers, Code: of.Code}
	var err error
	for _, name := range append([]string{file}, f.further...) {
		source, err := readInput(cmd.InOrStdin(), name)
		if err != nil {
			return err
		}
		o.Sources = append(o.Sources, source)
	}
	behavior := behaviorFile(f.behavior, file)
	if o.Behavior, err = readBehavior(behavior); err != nil {
		return explainSource(cmd.ErrOrStderr(), behavior, err)
	}
	loaded, err := hosted.Load(cmd.Context(), f.plugins)
	if err != nil {
		return err
	}
	defer loaded.Close()
	o.Plugins = loaded
	if f.path >= 0 {
		path, err := simulation.One(cmd.Context(), o, f.path)
		if err != nil {
			return explainSource(cmd.ErrOrStderr(), file, err)
		}
		if of.JSON {
			return printJSON(cmd.OutOrStdout(), path)
		}
		return path.Text(cmd.OutOrStdout())
	}
	began := time.Now()
	report, err := simulation.Run(cmd.Context(), o)
	if err != nil {
		return explainSource(cmd.ErrOrStderr(), file, err)
	}
	if of.JSON {
		return printJSON(cmd.OutOrStdout(), report)
	}
	if err := report.Text(cmd.OutOrStdout()); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "\nSimulated in %.1f s%s.\n", time.Since(began).Seconds(), behaviorNote(behavior))
	return nil
}

func behaviorNote(file string) string {
	if file == "" {
		return ", without a behavior file"
	}
	return ", behavior of " + file
}

// behaviorFile is the file that was named, or the one beside the journey; "" is
// none.
func behaviorFile(named, journey string) string {
	switch {
	case named == "-":
		return ""
	case named != "":
		return named
	}
	beside := strings.TrimSuffix(journey, filepath.Ext(journey)) + ".behavior.yaml"
	if _, err := os.Stat(beside); err != nil {
		return ""
	}
	return beside
}

func readBehavior(file string) (*simulation.Behavior, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // none is a behavior too: the default
	}
	source, err := readInput(nil, file)
	if err != nil {
		return nil, err
	}
	return simulation.ReadBehavior(source)
}

// explainSource prints the problems of a file, if that is what is wrong.
func explainSource(w io.Writer, file string, err error) error {
	var invalid *orchestrator.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	for _, p := range invalid.Problems {
		place := file
		if p.Line > 0 {
			place = fmt.Sprintf("%s:%d:%d", file, p.Line, p.Column)
		}
		text := p.Message
		if p.Path != "" {
			text = p.Path + ": " + text
		}
		fmt.Fprintln(w, printable(strings.TrimSpace(place+": "+text+" "+p.Mend)))
	}
	return ErrReported
}
