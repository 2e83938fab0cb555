package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginUpdateCommand(c *connection) *cobra.Command {
	var config, grant, state string
	cmd := &cobra.Command{
		Use:   "update NAME@VERSION",
		Short: "Change what a plugin version is allowed, its limits, its settings or its state",
		Long: `Change what a workspace has decided about a plugin version. Running enrollments
follow it from their next call on. What is not said stays as it is.

The grant is a JSON object, in place of the old one:
  {"http": ["bank.example"], "ledger": true, "kv": true,
   "secrets": [{"name": "bank_key", "host": "bank.example"}],
   "customer_fields": ["name"], "limits": {"fuel": 200000000}, "record": 0.1}`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return updatePlugin(cmd, c, args[0], config, grant, state)
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "the workspace's settings for it, a JSON object")
	cmd.Flags().StringVar(&grant, "grant", "", "what the workspace allows it, a JSON object; {} allows nothing")
	cmd.Flags().StringVar(&state, "state", "", "active, deprecated (for running enrollments only) or disabled (for nobody)")
	return cmd
}

func updatePlugin(cmd *cobra.Command, c *connection, plugin, config, grant, state string) (err error) {
	req := &qidongv1.UpdatePluginRequest{}
	if req.Name, req.Version, err = nameAndVersion(plugin); err != nil {
		return err
	}
	if req.Config, err = jsonObject("--config", config); err != nil {
		return err
	}
	if req.Grant, err = jsonObject("--grant", grant); err != nil {
		return err
	}
	if state != "" {
		number, ok := qidongv1.PluginState_value["PLUGIN_STATE_"+strings.ToUpper(state)]
		if !ok || number == 0 {
			return fmt.Errorf("--state %s is no state; use active, deprecated or disabled", state)
		}
		req.State = qidongv1.PluginState(number)
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.UpdatePlugin(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), plugin, problems)
		return exitError{1}
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	p := resp.GetPlugin()
	fmt.Fprintf(cmd.OutOrStdout(), "%s@%s is %s.\n", p.GetName(), p.GetVersion(), shortEnum(p.GetState().String(), "PLUGIN_STATE_"))
	printMissing(cmd.OutOrStdout(), p)
	return nil
}

// nameAndVersion reads NAME@VERSION.
func nameAndVersion(s string) (name, version string, err error) {
	name, version, ok := strings.Cut(s, "@")
	if !ok || name == "" || version == "" {
		return "", "", errors.New(s + " names no version of a plugin; write NAME@VERSION, like bank@1.0.0")
	}
	return name, version, nil
}

// printMissing says what a version waits for, and how to go on.
func printMissing(w io.Writer, p *qidongv1.Plugin) {
	if len(p.GetMissing()) == 0 {
		return
	}
	fmt.Fprintln(w, "It asks for what it was not granted; until then, journeys go on with the version before:")
	for _, m := range p.GetMissing() {
		fmt.Fprintln(w, "  "+printable(missingText(m)))
	}
	fmt.Fprintf(w, "Decide with `qidong plugin update %s@%s --grant '{…}'`.\n", p.GetName(), p.GetVersion())
}
