package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
)

// newPluginReplayCommand makes `qidong plugin replay`.
func newPluginReplayCommand(c *connection) *cobra.Command {
	var module string
	cmd := &cobra.Command{
		Use: "replay CALL", Short: "Make a recorded call again on this machine, and tell whether it is the same bit for bit", Args: cobra.ExactArgs(1),
		Long: `Make a recorded call again on this machine, and tell whether it is the same bit
for bit: output, error, requests, log, fuel and memory. The plugin gets the
recorded answers; nothing outside is reached.

CALL is the id of a recorded call, as "qidong plugin calls" lists it, or a file
that "qidong plugin call" wrote. With --module, a file needs no server.

The exit status is 0 when it is the same, 1 when it differs, and 2 when it could
not be made again.`,
		Example: "  qidong plugin replay pc_2k3…\n  qidong plugin replay call.json --module bank-1.0.0.wasm",
		RunE:    func(cmd *cobra.Command, args []string) error { return replayPlugin(cmd, c, args[0], module) },
	}
	cmd.Flags().StringVar(&module, "module", "", "WebAssembly file of the recorded plugin version (default: the server's)")
	return cmd
}

// replayReport is what `qidong plugin replay --json` prints.
type replayReport struct {
	Call        string               `json:"call"`
	Same        bool                 `json:"same"`
	Differences []plugins.Difference `json:"differences"`
	Recorded    *plugins.Recording   `json:"recorded"`
	Replayed    *plugins.Recording   `json:"replayed"`
}

func replayPlugin(cmd *cobra.Command, c *connection, call, module string) error {
	report, err := replayCall(cmd, c, call, module)
	if err != nil {
		return cannot(cmd, err)
	}
	if c.json {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		err = showReplay(cmd.OutOrStdout(), report)
	}
	if err == nil && !report.Same {
		return exitError{1}
	}
	return err
}

func replayCall(cmd *cobra.Command, c *connection, call, module string) (*replayReport, error) {
	ctx := cmd.Context()
	recorded, err := recordedCallOf(cmd, c, call)
	if err != nil {
		return nil, err
	}
	wasm, err := recordedModule(cmd, c, recorded, module)
	if err != nil {
		return nil, err
	}
	r, err := newReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer r.close(ctx)
	if digest := r.modules.add(wasm); digest != recorded.Digest {
		return nil, fmt.Errorf("the module is not the one that was recorded: its digest is %.12s, that of %s@%s is %.12s; to compare versions use `qidong plugin diff`",
			digest, recorded.Plugin, recorded.Version, recorded.Digest)
	}
	replayed, err := r.host.Replay(ctx, recorded, "")
	if err != nil {
		return nil, err
	}
	report := &replayReport{Call: call, Recorded: recorded, Replayed: replayed, Differences: plugins.Compare(recorded, replayed)}
	report.Same = len(report.Differences) == 0
	if report.Same {
		report.Differences = []plugins.Difference{}
	}
	return report, nil
}

// recordedCallOf reads a recording from a file, or from the server by its id.
func recordedCallOf(cmd *cobra.Command, c *connection, call string) (*plugins.Recording, error) {
	switch {
	case isFile(call):
		return readRecording(cmd, call)
	case strings.HasPrefix(call, "pc_"):
		return c.recordingOf(cmd.Context(), call)
	}
	return nil, fmt.Errorf("%s is no file, and no id of a recorded call, like pc_2k3…; `qidong plugin calls` lists them", call)
}

func recordedModule(cmd *cobra.Command, c *connection, r *plugins.Recording, file string) ([]byte, error) {
	if file != "" {
		return readInput(cmd.InOrStdin(), file)
	}
	module, err := c.moduleOf(cmd.Context(), r.Digest)
	if err != nil {
		return nil, fmt.Errorf("fetching the module of %s@%s: %w; or name its file with --module", r.Plugin, r.Version, err)
	}
	return module, nil
}

func showReplay(w io.Writer, report *replayReport) error {
	r := report.Replayed
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(label, text string) { fmt.Fprintln(t, label+"\t"+text) }
	line("Call", printable(fmt.Sprintf("%s, recorded %s", report.Call, report.Recorded.At.Local().Format("2006-01-02 15:04:05"))))
	line("Action", printable(fmt.Sprintf("%s of %s@%s (%.12s)", r.Action, r.Plugin, r.Version, r.Digest)))
	line("Read", brief(r.Envelope, 1000))
	for i, x := range r.Exchanges {
		line(fmt.Sprintf("Request %d", i+1), brief(string(x.Request), 500))
		line("  answer", brief(string(x.Response), 500))
	}
	if r.Error != nil {
		line("Failed", brief(r.Error.Code+": "+r.Error.Message, 2500))
	} else {
		line("Output", brief(r.Output, 1000))
	}
	for i, frame := range r.Stack {
		line([]string{"Stack", ""}[min(i, 1)], printable(frame))
	}
	i := 0
	for text := range strings.Lines(r.Log) {
		line([]string{"Log", ""}[min(i, 1)], brief(strings.TrimSuffix(text, "\n"), 500))
		i++
	}
	line("Fuel", fmt.Sprintf("%d instructions", r.Fuel))
	line("Memory", fmt.Sprintf("%d KiB", r.Memory>>10))
	line("Took", fmt.Sprintf("%.1f ms, recorded were %.1f ms", r.TookMS, report.Recorded.TookMS))
	if err := t.Flush(); err != nil {
		return err
	}
	return showVerdict(w, report)
}

func showVerdict(w io.Writer, report *replayReport) error {
	if report.Same {
		_, err := fmt.Fprintln(w, "\nThe same as recorded, bit for bit: output, error, requests, log, fuel and memory.")
		return err
	}
	fmt.Fprintln(w, "\nIt differs from the recording (recorded → now):")
	for _, d := range report.Differences {
		fmt.Fprintln(w, "  "+differenceText(d))
	}
	if why := report.Recorded.Irreproducible; why != "" {
		fmt.Fprintln(w, "The recording says why it may: "+printable(why))
	}
	return nil
}
