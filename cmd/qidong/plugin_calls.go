package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginCallsCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListPluginCallsRequest{}
	cmd := &cobra.Command{
		Use: "calls [NAME]", Short: "List recorded calls, newest first", Args: cobra.MaximumNArgs(1),
		Long: `List recorded calls, newest first: all that failed, and the share of the others
that "record" in the plugin's grant says. Recordings are kept for 7 days.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				req.Plugin = args[0]
			}
			return listPluginCalls(cmd, c, req)
		},
	}
	cmd.Flags().BoolVar(&req.Failed, "failed", false, "only those that failed")
	cmd.Flags().StringVar(&req.Version, "version", "", "only those of this version")
	cmd.Flags().StringVar(&req.Code, "code", "", "only those that failed with this code")
	cmd.Flags().StringVar(&req.EnrollmentId, "enrollment", "", "only those of this enrollment")
	cmd.Flags().Int32Var(&req.PageSize, "limit", 50, "how many, 1 to 500")
	return cmd
}

func listPluginCalls(cmd *cobra.Command, c *connection, req *qidongv1.ListPluginCallsRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.ListPluginCalls(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, call := range resp.GetCalls() {
		code := call.GetCode()
		if code == "" {
			code = "OK"
		}
		rows = append(rows, []string{
			call.GetId(), when(call.GetCallTime()), call.GetPlugin() + "@" + call.GetVersion(), call.GetAction(), code,
			strconv.FormatInt(call.GetFuel(), 10), call.GetDuration().AsDuration().String(), call.GetEnrollmentId(),
		})
	}
	return printTable(cmd.OutOrStdout(), "No such call is recorded: those that fail are, and of the others the share \"record\" in the plugin's grant.",
		"CALL | AT | PLUGIN | ACTION | RESULT | FUEL | TOOK | ENROLLMENT", rows)
}

func newPluginCallCommand(c *connection) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "call ID", Short: "Write the recording of a call as a JSON file, for replay on any machine", Args: cobra.ExactArgs(1),
		Long: `Write the recording of a call as JSON: what the plugin was given, what it asked
for, what it got, and how it ended. It may hold data of a customer, so that
reading it is audited; it holds no secret.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Plugins.GetPluginCall(cmd.Context(), &qidongv1.GetPluginCallRequest{Id: args[0]})
			if err != nil {
				return c.explain(err)
			}
			return writeOutput(cmd, out, append(resp.GetRecording(), '\n'))
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "-", "file to write; - is standard output")
	return cmd
}

func newPluginDownloadCommand(c *connection) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "download NAME@VERSION", Short: "Write the WebAssembly module of a plugin version", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return downloadPlugin(cmd, c, args[0], out) },
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write; - is standard output (default: NAME-VERSION.wasm)")
	return cmd
}

func downloadPlugin(cmd *cobra.Command, c *connection, plugin, out string) error {
	name, version, err := nameAndVersion(plugin)
	if err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	found, err := api.Plugins.GetPlugin(cmd.Context(), &qidongv1.GetPluginRequest{Name: name, Version: version})
	if err != nil {
		return c.explain(err)
	}
	resp, err := api.Plugins.GetPluginModule(cmd.Context(), &qidongv1.GetPluginModuleRequest{Digest: found.GetPlugin().GetDigest()})
	if err != nil {
		return c.explain(err)
	}
	if out == "" {
		out = resp.GetName() + "-" + resp.GetVersion() + ".wasm" // both were checked when it was uploaded
	}
	return writeOutput(cmd, out, resp.GetModule())
}

// writeOutput writes a file that only its owner reads, or standard output for "-".
func writeOutput(cmd *cobra.Command, name string, content []byte) error {
	if name == "-" {
		_, err := cmd.OutOrStdout().Write(content)
		return err
	}
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return fmt.Errorf("writing the file: %w", err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Wrote %s, %d bytes.\n", name, len(content))
	return nil
}
