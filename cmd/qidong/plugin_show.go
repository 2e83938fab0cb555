package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginShowCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "show NAME[@VERSION]", Short: "Show what a plugin offers, asks for, is granted, and how it does", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, version, _ := strings.Cut(args[0], "@")
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Plugins.GetPlugin(cmd.Context(), &qidongv1.GetPluginRequest{Name: name, Version: version})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			return showPlugin(cmd.OutOrStdout(), resp.GetPlugin())
		},
	}
}

func showPlugin(w io.Writer, p *qidongv1.Plugin) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(label, text string) { fmt.Fprintln(t, label+"\t"+printable(text)) }
	m := p.GetManifest().GetFields()
	line("Plugin", fmt.Sprintf("%s@%s, %s", p.GetName(), p.GetVersion(), english(m["title"])))
	line("Partner", m["partner"].GetStringValue())
	line("State", strings.TrimSpace(shortEnum(p.GetState().String(), "PLUGIN_STATE_")+" "+p.GetStateReason()))
	line("Digest", p.GetDigest())
	line("Uploaded", when(p.GetCreateTime()))
	for _, a := range m["actions"].GetListValue().GetValues() {
		action := a.GetStructValue().GetFields()
		line("Action", fmt.Sprintf("%s (%s) %s", action["name"].GetStringValue(), action["effect"].GetStringValue(), english(action["title"])))
	}
	line("Config", compact(p.GetConfig()))
	line("Grant", compact(p.GetGrant()))
	for _, missing := range p.GetMissing() {
		line("Not granted", missingText(missing))
	}
	showHealth(line, p.GetHealth())
	return t.Flush()
}

func showHealth(line func(label, text string), h *qidongv1.PluginHealth) {
	if h == nil {
		line("Calls", "none lately")
		return
	}
	line("Circuit", circuitText(h))
	line("Calls", fmt.Sprintf("%d ended, %d run, %d wait", h.GetCalls(), h.GetRunning(), h.GetWaiting()))
	if h.GetP99() != nil {
		line("Took", fmt.Sprintf("p50 %s, p99 %s", h.GetP50().AsDuration(), h.GetP99().AsDuration()))
	}
	for _, code := range slices.Sorted(maps.Keys(h.GetFailures())) {
		line("Failed", fmt.Sprintf("%d with %s", h.GetFailures()[code], code))
	}
}

// circuitText says whether calls reach a plugin.
func circuitText(h *qidongv1.PluginHealth) string {
	text := strings.ReplaceAll(shortEnum(h.GetCircuit().String(), "CIRCUIT_STATE_"), "_", " ")
	if h.GetCircuitTime() != nil {
		text += " since " + when(h.GetCircuitTime())
	}
	return text
}

// missingText is what to grant, and the plugin's reason.
func missingText(m *qidongv1.MissingGrant) string {
	text := strings.TrimSpace(m.GetNeed() + " " + m.GetValue())
	if reason := m.GetReason()["en"]; reason != "" {
		text += ": " + reason
	}
	return text
}

// english is the English of a text in a manifest.
func english(v *structpb.Value) string { return v.GetStructValue().GetFields()["en"].GetStringValue() }

// compact is an object on one line.
func compact(s *structpb.Struct) string {
	if len(s.GetFields()) == 0 {
		return "{}"
	}
	raw, err := s.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
