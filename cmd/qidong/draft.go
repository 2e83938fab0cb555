package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newDraftCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "draft", Short: "Write journeys in steps: create, edit, check and publish drafts"})
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List drafts by name", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listDrafts(cmd, c) },
		},
		&cobra.Command{
			Use: "show NAME", Short: "Print a draft as YAML; a journey without one as it is published", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showDraft(cmd, c, args[0]) },
		},
		&cobra.Command{
			Use: "check NAME", Short: "List what keeps a draft from being published; status 1 when there is any", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return checkDraft(cmd, c, args[0]) },
		},
		newDraftCreateCommand(c), newDraftEditCommand(c), newDraftSetCommand(c),
		&cobra.Command{
			Use: "undo NAME", Short: "Take the last edit back", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return stepDraft(cmd, c, args[0], "undo") },
		},
		&cobra.Command{
			Use: "redo NAME", Short: "Take the last undo back", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return stepDraft(cmd, c, args[0], "redo") },
		},
		&cobra.Command{
			Use: "discard NAME", Short: "Throw a draft away; what is published stays", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return discardDraft(cmd, c, args[0]) },
		},
		newDraftPublishCommand(c),
	)
	return cmd
}

func listDrafts(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Drafts.ListDrafts(cmd.Context(), &qidongv1.ListDraftsRequest{})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, d := range resp.GetDrafts() {
		rows = append(rows, []string{d.GetJourney(), strconv.FormatInt(d.GetRevision(), 10), fromVersion(d.GetBase()), when(d.GetUpdateTime()), d.GetUpdatedBy()})
	}
	return printTable(cmd.OutOrStdout(), "There are no drafts: begin one with `qidong draft create NAME`.",
		"DRAFT | REVISION | FROM VERSION | EDITED | BY", rows)
}

func fromVersion(number int32) string {
	if number == 0 {
		return "–"
	}
	return strconv.Itoa(int(number))
}

// draftOf asks for a draft.
func draftOf(ctx context.Context, c *connection, name string) (*client.Client, *qidongv1.Draft, error) {
	api, err := c.dial()
	if err != nil {
		return nil, nil, err
	}
	resp, err := api.Drafts.GetDraft(ctx, &qidongv1.GetDraftRequest{Journey: name})
	if err != nil {
		return nil, nil, c.explain(err)
	}
	return api, resp.GetDraft(), nil
}

func showDraft(cmd *cobra.Command, c *connection, name string) error {
	_, d, err := draftOf(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), d)
	}
	_, err = cmd.OutOrStdout().Write(d.GetSource())
	return err
}

func checkDraft(cmd *cobra.Command, c *connection, name string) error {
	_, d, err := draftOf(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	if len(d.GetProblems()) > 0 {
		return refusedFile(cmd, c, name, d.GetProblems())
	}
	if c.json {
		return printJSON(cmd.OutOrStdout(), checkedFile{File: name, Journey: d.GetJourney(), Problems: []*qidongv1.Problem{}})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Draft %s, revision %d, can be published.\n", d.GetJourney(), d.GetRevision())
	return nil
}

func discardDraft(cmd *cobra.Command, c *connection, name string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Drafts.DiscardDraft(cmd.Context(), &qidongv1.DiscardDraftRequest{Journey: name})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Discarded the draft of %s.\n", name)
	return nil
}

func newDraftPublishCommand(c *connection) *cobra.Command {
	f := &planFlags{}
	return f.bind(&cobra.Command{
		Use: "publish NAME", Short: "Make a draft the newest version of its journey", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return publishDraft(cmd, c, f, args[0]) },
	})
}

func publishDraft(cmd *cobra.Command, c *connection, f *planFlags, name string) error {
	plan, err := f.proto()
	if err != nil {
		return err
	}
	api, d, err := draftOf(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	resp, err := api.Drafts.PublishDraft(cmd.Context(), &qidongv1.PublishDraftRequest{Journey: name, Revision: d.GetRevision(), Plan: plan})
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, name, problems)
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printPublished(cmd.OutOrStdout(), resp.GetVersion(), resp.GetMove(), f.plan)
	return nil
}
