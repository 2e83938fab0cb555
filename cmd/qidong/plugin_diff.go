package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
)

// diffOptions are the arguments of `qidong plugin diff`.
type diffOptions struct {
	old, next  string
	recordings string
	count      int
}

// newPluginDiffCommand makes `qidong plugin diff`.
func newPluginDiffCommand(c *connection) *cobra.Command {
	o := diffOptions{}
	cmd := &cobra.Command{
		Use: "diff OLD NEW", Short: "Run recorded calls of a plugin version against another, and show what changed", Args: cobra.ExactArgs(2),
		Long: `Run recorded calls of a plugin version against another on this machine, and show
what changed: outputs, errors, and requests to the world outside. The new version
gets the recorded answers; nothing outside is reached. A change of the log or of
the fuel is shown, and is no difference.

OLD and NEW are NAME@VERSION on the server, or WebAssembly files. The calls are
the newest ones of OLD on the server, or those of OLD among --recordings: files
that "qidong plugin call" wrote. With two files and --recordings no server is
needed.

The exit status is 0 when there is no difference, 1 when there are some, and 2
when nothing could be compared.`,
		Example: "  qidong plugin diff bank@1.0.0 bank@1.1.0\n  qidong plugin diff bank-1.0.0.wasm build/bank.wasm --recordings calls/",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.old, o.next = args[0], args[1]
			return diffPlugins(cmd, c, o)
		},
	}
	cmd.Flags().StringVar(&o.recordings, "recordings", "", "file, or directory of .json files, with recorded calls (default: those of the server)")
	cmd.Flags().IntVar(&o.count, "count", 100, "how many calls, 1 to 500")
	return cmd
}

func diffPlugins(cmd *cobra.Command, c *connection, o diffOptions) error {
	report, err := diffCalls(cmd, c, o)
	if err != nil {
		return cannot(cmd, err)
	}
	if c.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = report.show(cmd.OutOrStdout())
	}
	if err == nil && report.Summary.differ() {
		return exitError{1}
	}
	return err
}

func diffCalls(cmd *cobra.Command, c *connection, o diffOptions) (*diffReport, error) {
	if o.count < 1 || o.count > 500 {
		return nil, fmt.Errorf("--count is %d; it may be 1 to 500", o.count)
	}
	ctx := cmd.Context()
	old, err := readVersion(cmd, o.old)
	if err != nil {
		return nil, err
	}
	next, err := readVersion(cmd, o.next)
	if err != nil {
		return nil, err
	}
	calls, err := callsOfVersion(cmd, c, old, o)
	if err != nil {
		return nil, err
	}
	if next.module == nil {
		if err := next.fetch(ctx, c); err != nil {
			return nil, err
		}
	}
	r, err := newReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close(ctx)
	if _, err := r.host.Describe(ctx, next.module); err != nil { // once, rather than at every call
		return nil, fmt.Errorf("loading %s: %w", o.next, err)
	}
	return r.diff(ctx, r.modules.add(next.module), calls, &diffReport{Old: o.old, New: o.next, Calls: []callDiff{}})
}

// diff runs the calls one after the other.
func (r *replayer) diff(ctx context.Context, digest string, calls iter.Seq[keptCall], report *diffReport) (*diffReport, error) {
	for call := range calls {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.add(r.diffCall(ctx, digest, call))
	}
	if s := report.Summary; s.Calls == 0 {
		return nil, fmt.Errorf("there are no recorded calls of %s. Calls that fail are recorded, and of the others the share \"record\" in the plugin's grant: "+
			"add \"record\": 0.1 to it with `qidong plugin update NAME@VERSION --grant`, and come back after some calls", report.Old)
	} else if s.Calls == s.Skipped {
		return nil, fmt.Errorf("none of the %d recorded calls of %s could be compared; of the first: %s", s.Calls, report.Old, report.Calls[0].Reason)
	}
	return report, nil
}

func (r *replayer) diffCall(ctx context.Context, digest string, call keptCall) callDiff {
	d := callDiff{Call: call.name, Verdict: verdictSkipped}
	if call.err != nil {
		d.Reason = call.err.Error()
		return d
	}
	recorded := call.recording
	d.Action, d.OldFuel, d.Reason = recorded.Action, recorded.Fuel, recorded.Irreproducible
	if d.Reason != "" {
		return d
	}
	replayed, err := r.host.Replay(ctx, recorded, digest)
	switch {
	case err != nil:
		d.Reason = err.Error()
		return d
	case replayed.Irreproducible != "":
		d.Reason = "On this machine it did not end in a minute, or the host failed: " + replayed.Irreproducible
		return d
	}
	d.Verdict, d.NewFuel = verdictSame, replayed.Fuel
	for _, one := range plugins.Compare(recorded, replayed) {
		d.note(one)
	}
	if d.Verdict != verdictRequest {
		d.FuelChange = percent(d.OldFuel, d.NewFuel)
	}
	return d
}
