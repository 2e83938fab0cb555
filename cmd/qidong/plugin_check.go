package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
)

// newPluginCheckCommand makes `qidong plugin check`, which talks to no server.
func newPluginCheckCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Tell whether a WebAssembly module conforms to the plugin contract, as an upload would", Args: cobra.ExactArgs(1),
		Long: `Tell whether a WebAssembly module conforms to the plugin contract: it is scanned,
compiled and asked for its manifest, and every example of every action is run,
twice. An upload makes the same check. Nothing outside is reached.

The exit status is 0 when the module conforms (there may be warnings), 1 when an
upload would be refused, and 2 when the check could not be made.`,
		RunE: func(cmd *cobra.Command, args []string) error { return checkPlugin(cmd, c.json, args[0]) },
	}
}

func checkPlugin(cmd *cobra.Command, asJSON bool, file string) error {
	report, err := checkFile(cmd, file)
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "qidong: "+printable(err.Error()))
		return exitError{2}
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		_, err = fmt.Fprint(cmd.OutOrStdout(), report)
	}
	if err == nil && !report.Conforms() {
		return exitError{1}
	}
	return err
}

func checkFile(cmd *cobra.Command, file string) (*conformance.Report, error) {
	module, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return nil, err
	}
	return conformance.Check(cmd.Context(), plugins.Config{}, module)
}

// checkUpload is the check of `qidong plugin check` at an upload: the manifest
// as JSON, or an *orchestrator.ValidationError with what refuses the module.
func checkUpload(ctx context.Context, host *plugins.Host, module []byte) (json.RawMessage, error) {
	report, err := conformance.Run(ctx, host, module)
	if err != nil {
		return nil, err
	}
	if report.Conforms() {
		return json.Marshal(report.Manifest)
	}
	invalid := &orchestrator.ValidationError{Subject: "plugin"}
	for _, f := range report.Refusals() {
		invalid.Problems = append(invalid.Problems, orchestrator.Problem{Path: f.Path, Code: f.Code, Message: f.Message, Mend: f.Mend})
	}
	return nil, invalid
}
