package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "plugin", Short: "Make, test, check, upload and list plugins"})
	cmd.AddCommand(newPluginPushCommand(c), &cobra.Command{
		Use: "list", Short: "List plugins", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listPlugins(cmd, c) },
	}, newPluginCheckCommand(c))
	cmd.AddCommand(newPluginNewCommand(c), newPluginBuildCommand(c), newPluginTestCommand(c), newPluginRunCommand(c), newPluginDevCommand(c))
	cmd.AddCommand(newPluginShowCommand(c), newPluginUpdateCommand(c), newPluginDownloadCommand(c),
		newPluginCallsCommand(c), newPluginCallCommand(c), newPluginReplayCommand(c), newPluginDiffCommand(c),
		newPluginKeygenCommand(), newPluginSignCommand(), newPluginKeyCommand(c))
	cmd.AddCommand(newPluginVersionsCommand(c), newPluginPromoteCommand(c), newPluginDeprecateCommand(c), newPluginYankCommand(c))
	return cmd
}

func listPlugins(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.ListPlugins(cmd.Context(), &qidongv1.ListPluginsRequest{PageSize: 500})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, p := range resp.GetPlugins() {
		rows = append(rows, []string{
			p.GetName(), p.GetVersion(), stateText(p), circuitOf(p), callsOf(p),
			strconv.FormatInt(p.GetSize()>>10, 10) + " KiB", fmt.Sprintf("%.12s", p.GetDigest()), when(p.GetCreateTime()),
		})
	}
	return printTable(cmd.OutOrStdout(), "There are no plugins: upload one with `qidong plugin push FILE`.",
		"PLUGIN | VERSION | STATE | CIRCUIT | CALLS | SIZE | DIGEST | UPLOADED", rows)
}

// stateText is the state, and whether something waits to be granted.
func stateText(p *qidongv1.Plugin) string {
	state := stateName(p.GetState())
	if n := len(p.GetMissing()); n > 0 {
		state += fmt.Sprintf(", %d not granted", n)
	}
	return state
}

func circuitOf(p *qidongv1.Plugin) string {
	if p.GetHealth() == nil {
		return "–"
	}
	return strings.ReplaceAll(shortEnum(p.GetHealth().GetCircuit().String(), "CIRCUIT_STATE_"), "_", " ")
}

// callsOf is how many calls ended, and how many of them by the plugin's fault.
func callsOf(p *qidongv1.Plugin) string {
	var failed int64
	for _, n := range p.GetHealth().GetFailures() {
		failed += n
	}
	text := strconv.FormatInt(p.GetHealth().GetCalls(), 10)
	if failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}
