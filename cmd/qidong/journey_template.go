package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// newJourneyTemplateCommand shows the journeys that drafts can begin as.
func newJourneyTemplateCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "template", Short: "Show the journeys that drafts can begin as"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List templates", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listTemplates(cmd, c) },
		},
		&cobra.Command{
			Use: "show NAME", Short: "Print a template as YAML", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showTemplate(cmd, c, args[0]) },
		},
	)
	return cmd
}

func journeyTemplates(ctx context.Context, c *connection) (*qidongv1.ListJourneyTemplatesResponse, error) {
	api, err := c.dial()
	if err != nil {
		return nil, err
	}
	resp, err := api.Drafts.ListJourneyTemplates(ctx, &qidongv1.ListJourneyTemplatesRequest{})
	if err != nil {
		return nil, c.explain(err)
	}
	return resp, nil
}

func listTemplates(cmd *cobra.Command, c *connection) error {
	resp, err := journeyTemplates(cmd.Context(), c)
	if err != nil {
		return err
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, t := range resp.GetTemplates() {
		rows = append(rows, []string{t.GetName(), strconv.Itoa(int(t.GetSteps())), t.GetTitle()["en"], t.GetDescription()["en"]})
	}
	return printTable(cmd.OutOrStdout(), "There are no templates: begin a blank draft with `qidong draft create NAME`.", "TEMPLATE | STEPS | TITLE | FOR", rows)
}

func showTemplate(cmd *cobra.Command, c *connection, name string) error {
	resp, err := journeyTemplates(cmd.Context(), c)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(resp.GetTemplates(), func(t *qidongv1.JourneyTemplate) bool { return t.GetName() == name })
	if at < 0 {
		var names []string
		for _, t := range resp.GetTemplates() {
			names = append(names, t.GetName())
		}
		return fmt.Errorf("there is no template %s: say one of %s", name, strings.Join(names, ", "))
	}
	t := resp.GetTemplates()[at]
	if c.json {
		return printProto(cmd.OutOrStdout(), t)
	}
	_, err = cmd.OutOrStdout().Write(t.GetSource())
	return err
}
