package main

import (
	"crypto/rand"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newDraftCreateCommand(c *connection) *cobra.Command {
	var template, file string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Begin a draft: blank, from a template, or from a file", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return createDraft(cmd, c, args[0], template, file) },
	}
	cmd.Flags().StringVar(&template, "template", "", "a template's name; `qidong journey template list` lists them")
	cmd.Flags().StringVar(&file, "file", "", "a definition in YAML or JSON, - for the standard input; the name in it is replaced")
	cmd.MarkFlagsMutuallyExclusive("template", "file")
	return cmd
}

func createDraft(cmd *cobra.Command, c *connection, name, template, file string) error {
	req := &qidongv1.CreateDraftRequest{Journey: name, Template: template}
	if file != "" {
		source, err := readInput(cmd.InOrStdin(), file)
		if err != nil {
			return err
		}
		req.Source = source
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Drafts.CreateDraft(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	return printDraft(cmd.OutOrStdout(), c, resp, resp.GetDraft(), "Began")
}

func newDraftEditCommand(c *connection) *cobra.Command {
	var revision int64
	cmd := &cobra.Command{
		Use: "edit NAME FILE", Short: "Put a definition in a draft's place, as one edit that can be undone", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := readInput(cmd.InOrStdin(), args[1])
			if err != nil {
				return err
			}
			return editDraft(cmd, c, args[0], revision, &qidongv1.DraftCommand{Op: "replace", Source: string(source)})
		},
	}
	bindRevision(cmd, &revision)
	return cmd
}

func newDraftSetCommand(c *connection) *cobra.Command {
	var revision int64
	cmd := &cobra.Command{
		Use: "set NAME FIELD VALUE", Short: "Set one field, as problems name it: steps.offer.send.text.en", Args: cobra.ExactArgs(3),
		Long: "Set one field of a draft. FIELD is a path as problems name it, like steps.offer.send.text.en or entry.event.type.\n" +
			"VALUE is YAML: 3, true, some words, {en: Hello}. null removes the field.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var value any
			if err := yaml.Unmarshal([]byte(args[2]), &value); err != nil {
				return fmt.Errorf("the value is no YAML: %w; put words with : or # in quotes", err)
			}
			v, err := structpb.NewValue(value)
			if err != nil {
				return fmt.Errorf("the value has no JSON form: %w", err)
			}
			return editDraft(cmd, c, args[0], revision, &qidongv1.DraftCommand{Op: "set", Field: args[1], Value: v})
		},
	}
	bindRevision(cmd, &revision)
	return cmd
}

func bindRevision(cmd *cobra.Command, revision *int64) {
	cmd.Flags().Int64Var(revision, "revision", -1, "the revision that the edit is made for: refuse when the same has been changed since (default: whatever it is at)")
}

func editDraft(cmd *cobra.Command, c *connection, name string, revision int64, command *qidongv1.DraftCommand) error {
	api, d, err := draftOf(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	if revision < 0 {
		revision = d.GetRevision()
	}
	resp, err := api.Drafts.EditDraft(cmd.Context(), &qidongv1.EditDraftRequest{
		Journey: name, Revision: revision, Session: "cli-" + rand.Text(), Commands: []*qidongv1.DraftCommand{command},
	})
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, name, problems)
	}
	if err != nil {
		return c.explain(err)
	}
	return printDraft(cmd.OutOrStdout(), c, resp, resp.GetDraft(), "Edited")
}

// stepDraft goes one edit back or forth.
func stepDraft(cmd *cobra.Command, c *connection, name, which string) error {
	api, d, err := draftOf(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	if which == "undo" {
		resp, err := api.Drafts.UndoDraft(cmd.Context(), &qidongv1.UndoDraftRequest{Journey: name, Revision: d.GetRevision()})
		if err != nil {
			return c.explain(err)
		}
		return printDraft(cmd.OutOrStdout(), c, resp, resp.GetDraft(), "Took an edit back in")
	}
	resp, err := api.Drafts.RedoDraft(cmd.Context(), &qidongv1.RedoDraftRequest{Journey: name, Revision: d.GetRevision()})
	if err != nil {
		return c.explain(err)
	}
	return printDraft(cmd.OutOrStdout(), c, resp, resp.GetDraft(), "Did an edit again in")
}

// printDraft tells what was done to a draft, and how much there is to mend.
func printDraft(w io.Writer, c *connection, answer proto.Message, d *qidongv1.Draft, done string) error {
	if c.json {
		return printProto(w, answer)
	}
	fmt.Fprintf(w, "%s draft %s, now at revision %d.\n", done, d.GetJourney(), d.GetRevision())
	if n := len(d.GetProblems()); n > 0 {
		fmt.Fprintf(w, "Problems to mend before it can be published: %d. See them: qidong draft check %s\n", n, d.GetJourney())
	}
	return nil
}
