package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/qidong/qidong/orchestrator/journey"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newGuardrailCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "guardrail", Short: "Show and set what holds for every message of the workspace"})
	cmd.AddCommand(
		&cobra.Command{
			Use: "show", Short: "Show the workspace's guardrails", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return showGuardrails(cmd, c) },
		},
		newGuardrailSetCommand(c),
	)
	return cmd
}

// guardrailFlags are what `guardrail set` changes; what is not said stays.
type guardrailFlags struct {
	marketing, quiet, timeZone, patience string
	caps, channels                       []string
}

func newGuardrailSetCommand(c *connection) *cobra.Command {
	var flags guardrailFlags
	cmd := &cobra.Command{
		Use: "set", Short: "Change the workspace's guardrails; what is not said stays as it is", Args: cobra.NoArgs,
		Example: `  qidong guardrail set --marketing needed --cap marketing:2/1d --cap 5/7d --quiet 22:00-08:00
  qidong guardrail set --cap none --quiet none`,
		RunE: func(cmd *cobra.Command, _ []string) error { return setGuardrails(cmd, c, flags) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.marketing, "marketing", "", "needed: only who has agreed gets marketing; assumed: all who have not said no")
	f.StringArrayVar(&flags.caps, "cap", nil, "at most so many messages in a span: 5/7d, or of a category: marketing:2/1d; all that hold, or none")
	f.StringVar(&flags.quiet, "quiet", "", "hours without messages, 22:00-08:00; with /withhold those are not sent at all; or none")
	f.StringVar(&flags.timeZone, "timezone", "", "of customers who have none, such as Asia/Shanghai")
	f.StringSliceVar(&flags.channels, "channel", nil, "channels in use, in order of preference; or all")
	f.StringVar(&flags.patience, "patience", "", "how long a message waits before it is withheld, such as 72h")
	return cmd
}

func showGuardrails(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Guardrails.GetGuardrails(cmd.Context(), &qidongv1.GetGuardrailsRequest{})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printGuardrails(cmd.OutOrStdout(), resp.GetGuardrails())
	return nil
}

func printGuardrails(w io.Writer, g *qidongv1.Guardrails) {
	orNone := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	var caps []string
	for _, limit := range g.GetCaps() {
		text := fmt.Sprintf("%d/%s", limit.GetMessages(), journey.Duration(limit.GetPer().AsDuration()))
		if limit.GetCategory() != "" {
			text = limit.GetCategory() + ":" + text
		}
		caps = append(caps, text)
	}
	quiet, zone, channels := "", "UTC", "all"
	if q := g.GetQuiet(); q != nil {
		quiet = q.GetFrom() + "-" + q.GetTo() + "/" + q.GetThen()
	}
	if g.GetTimeZone() != "" {
		zone = g.GetTimeZone()
	}
	if len(g.GetChannels()) > 0 {
		channels = strings.Join(g.GetChannels(), ", ")
	}
	fmt.Fprintf(w, "Marketing  consent is %s\nCaps       %s\nQuiet      %s\nTime zone  %s, of customers who have none\nChannels   %s\nPatience   %s\n",
		g.GetMarketing(), orNone(strings.Join(caps, ", ")), orNone(quiet), zone, channels, journey.Duration(g.GetPatience().AsDuration()))
}

func setGuardrails(cmd *cobra.Command, c *connection, flags guardrailFlags) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	now, err := api.Guardrails.GetGuardrails(cmd.Context(), &qidongv1.GetGuardrailsRequest{})
	if err != nil {
		return c.explain(err)
	}
	g := now.GetGuardrails()
	if err := flags.apply(g); err != nil {
		return err
	}
	resp, err := api.Guardrails.SetGuardrails(cmd.Context(), &qidongv1.SetGuardrailsRequest{Guardrails: g})
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), "the guardrails", problems)
		return exitError{1}
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printGuardrails(cmd.OutOrStdout(), resp.GetGuardrails())
	return nil
}

// apply changes what the flags say.
func (f guardrailFlags) apply(g *qidongv1.Guardrails) error {
	if f.marketing != "" {
		g.Marketing = f.marketing
	}
	if f.timeZone != "" {
		g.TimeZone = f.timeZone
	}
	if len(f.channels) > 0 {
		if g.Channels = f.channels; f.channels[0] == "all" {
			g.Channels = nil
		}
	}
	if f.patience != "" {
		d, err := journey.ParseDuration(f.patience)
		if err != nil {
			return fmt.Errorf("--patience: %w", err)
		}
		g.Patience = durationpb.New(time.Duration(d))
	}
	if err := f.applyQuiet(g); err != nil || len(f.caps) == 0 {
		return err
	}
	g.Caps = nil
	for _, text := range f.caps {
		if text == "none" {
			continue
		}
		limit, err := readCap(text)
		if err != nil {
			return err
		}
		g.Caps = append(g.Caps, limit)
	}
	return nil
}

func (f guardrailFlags) applyQuiet(g *qidongv1.Guardrails) error {
	switch f.quiet {
	case "":
		return nil
	case "none":
		g.Quiet = nil
		return nil
	}
	hours, then, _ := strings.Cut(f.quiet, "/")
	from, to, ok := strings.Cut(hours, "-")
	if !ok {
		return fmt.Errorf("--quiet %s are no hours; write them like 22:00-08:00", f.quiet)
	}
	g.Quiet = &qidongv1.QuietHours{From: from, To: to, Then: then}
	return nil
}

// readCap reads "5/7d" or "marketing:2/1d".
func readCap(text string) (*qidongv1.Cap, error) {
	category, rest, ok := strings.Cut(text, ":")
	if !ok {
		category, rest = "", text
	}
	count, per, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseInt(count, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("--cap %s is no cap; write it like 5/7d or marketing:2/1d", text)
	}
	d, err := journey.ParseDuration(per)
	if err != nil {
		return nil, fmt.Errorf("--cap %s: %w", text, err)
	}
	return &qidongv1.Cap{Category: category, Messages: int32(n), Per: durationpb.New(time.Duration(d))}, nil
}
