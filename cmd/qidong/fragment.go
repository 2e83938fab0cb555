package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newFragmentCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "fragment", Short: "Keep fragments: steps that journeys share"})
	var version int32
	show := &cobra.Command{
		Use: "show NAME", Short: "Print the source of a fragment", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return showFragment(cmd, c, args[0], version) },
	}
	show.Flags().Int32Var(&version, "version", 0, "its version (default: the newest)")
	cmd.AddCommand(
		&cobra.Command{
			Use: "publish FILE", Short: "Make a definition the newest version of its fragment", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return publishFragment(cmd, c, args[0]) },
		},
		&cobra.Command{
			Use: "list", Short: "List fragments by name", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listFragments(cmd, c) },
		},
		show,
	)
	return cmd
}

func publishFragment(cmd *cobra.Command, c *connection, file string) error {
	source, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Fragments.PublishFragment(cmd.Context(), &qidongv1.PublishFragmentRequest{Source: source})
	if problems := problemsOf(err); len(problems) > 0 {
		if c.json {
			err = printJSON(cmd.OutOrStdout(), checkedFile{File: file, Problems: problems})
		} else {
			printProblems(cmd.ErrOrStderr(), file, problems)
			err = nil
		}
		return errors.Join(err, exitError{1})
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	f := resp.GetFragment()
	fmt.Fprintf(cmd.OutOrStdout(), "Published fragment %s, version %d (%.12s).\n", f.GetName(), f.GetVersion(), f.GetDigest())
	return nil
}

func listFragments(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Fragments.ListFragments(cmd.Context(), &qidongv1.ListFragmentsRequest{})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, f := range resp.GetFragments() {
		rows = append(rows, []string{f.GetName(), fmt.Sprint(f.GetVersion()), fmt.Sprint(f.GetSteps()), when(f.GetPublishTime()), f.GetPublishedBy()})
	}
	return printTable(cmd.OutOrStdout(), "There are no fragments: publish one with `qidong fragment publish FILE`.",
		"FRAGMENT | VERSION | STEPS | PUBLISHED | BY", rows)
}

func showFragment(cmd *cobra.Command, c *connection, name string, version int32) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Fragments.GetFragment(cmd.Context(), &qidongv1.GetFragmentRequest{Name: name, Version: version})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	_, err = cmd.OutOrStdout().Write(resp.GetFragment().GetSource())
	return err
}
