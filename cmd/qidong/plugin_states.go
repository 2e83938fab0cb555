package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// stateName is a state as people read it.
func stateName(s qidongv1.PluginState) string {
	return strings.ReplaceAll(shortEnum(s.String(), "PLUGIN_STATE_"), "_", " ")
}

func newPluginVersionsCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "versions NAME", Short: "List the versions of a plugin, newest first, with the journeys that use them", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return listPluginVersions(cmd, c, args[0]) },
	}
}

func listPluginVersions(cmd *cobra.Command, c *connection, name string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	list, err := api.Plugins.ListPlugins(cmd.Context(), &qidongv1.ListPluginsRequest{PageSize: 500})
	if err != nil {
		return c.explain(err)
	}
	out := &qidongv1.ListPluginsResponse{}
	var rows [][]string
	for _, p := range list.GetPlugins() {
		if p.GetName() != name {
			continue
		}
		out.Plugins = append(out.Plugins, p)
		uses, err := api.Plugins.ListPluginUses(cmd.Context(), &qidongv1.ListPluginUsesRequest{Name: name, Version: p.GetVersion()})
		if err != nil {
			return c.explain(err)
		}
		rows = append(rows, []string{
			p.GetVersion(), stateText(p), usesText(uses.GetUses()), orDash(p.GetUploadedBy()), orDash(p.GetSignedBy()), when(p.GetCreateTime()), p.GetStateReason(),
		})
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), out)
	}
	return printTable(cmd.OutOrStdout(), "There is no plugin "+name+".", "VERSION | STATE | USED BY | UPLOADED BY | KEY | UPLOADED | WHY", rows)
}

// usesText is who uses a version: the journeys whose newest version does, and
// how many are under way in any.
func usesText(uses []*qidongv1.PluginUse) string {
	var journeys []string
	var live int64
	for _, u := range uses {
		live += u.GetLive()
		if u.GetNewest() {
			journeys = append(journeys, u.GetJourney())
		}
	}
	if live > 0 {
		journeys = append(journeys, strconv.FormatInt(live, 10)+" under way")
	}
	return orDash(strings.Join(journeys, ", "))
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func newPluginPromoteCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "promote NAME@VERSION", Short: "Make a version the one that journeys are published with", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return movePlugin(cmd, c, args[0], func(api *client.Client, name, version string) (pluginAnswer, error) {
				return api.Plugins.PromotePlugin(cmd.Context(), &qidongv1.PromotePluginRequest{Name: name, Version: version})
			})
		},
	}
}

func newPluginDeprecateCommand(c *connection) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "deprecate NAME@VERSION", Short: "Let a version run out: customers under way go on with it, no journey is published with it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return movePlugin(cmd, c, args[0], func(api *client.Client, name, version string) (pluginAnswer, error) {
				return api.Plugins.DeprecatePlugin(cmd.Context(), &qidongv1.DeprecatePluginRequest{Name: name, Version: version, Reason: reason})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, a sentence")
	return cmd
}

func newPluginYankCommand(c *connection) *cobra.Command {
	req := &qidongv1.YankPluginRequest{}
	cmd := &cobra.Command{
		Use: "yank NAME@VERSION", Short: "Take a version back for good: nobody may call it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return movePlugin(cmd, c, args[0], func(api *client.Client, name, version string) (pluginAnswer, error) {
				req.Name, req.Version = name, version
				return api.Plugins.YankPlugin(cmd.Context(), req)
			})
		},
	}
	cmd.Flags().StringVar(&req.Reason, "reason", "", "why, a sentence")
	cmd.Flags().BoolVar(&req.Force, "force", false, "also while customers under way need it: their next call fails and waits for an operator")
	return cmd
}

// pluginAnswer is an answer that tells what became of a version.
type pluginAnswer interface {
	proto.Message
	GetPlugin() *qidongv1.Plugin
}

// movePlugin takes NAME@VERSION to another state and says which.
func movePlugin(cmd *cobra.Command, c *connection, plugin string, do func(api *client.Client, name, version string) (pluginAnswer, error)) error {
	name, version, err := nameAndVersion(plugin)
	if err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := do(api, name, version)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s@%s is %s.\n", resp.GetPlugin().GetName(), resp.GetPlugin().GetVersion(), stateName(resp.GetPlugin().GetState()))
	return err
}
