package main

import (
	"fmt"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newConsentCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "consent", Short: "Show and record what customers have agreed to"})
	cmd.AddCommand(
		&cobra.Command{
			Use: "show CUSTOMER", Short: "Show what holds on every channel and in every category", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showConsents(cmd, c, args[0]) },
		},
		newConsentSetCommand(c),
		newConsentHistoryCommand(c),
	)
	return cmd
}

func showConsents(cmd *cobra.Command, c *connection, customer string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Guardrails.GetConsents(cmd.Context(), &qidongv1.GetConsentsRequest{CustomerId: customer})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, s := range resp.GetStandings() {
		how, since := "by the workspace's guardrails", ""
		if d := s.GetDecision(); d != nil {
			how, since = d.GetHow()+", "+printable(d.GetBy()), when(d.GetTime())
		}
		rows = append(rows, []string{s.GetChannel(), s.GetCategory(), s.GetState(), how, since})
	}
	return printTable(cmd.OutOrStdout(), "There are no channels.", "CHANNEL | CATEGORY | STATE | HOW | SINCE", rows)
}

func newConsentSetCommand(c *connection) *cobra.Command {
	consent := &qidongv1.Consent{}
	cmd := &cobra.Command{
		Use: "set CUSTOMER CATEGORY STATE", Short: "Record a decision: granted, denied or stopped",
		Example: "  qidong consent set c_lin marketing granted --how form --note 'card 4711'", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			consent.CustomerId, consent.Category, consent.State = args[0], args[1], args[2]
			return setConsent(cmd, c, consent)
		},
	}
	f := cmd.Flags()
	f.StringVar(&consent.Channel, "channel", "", "only on this channel (default: every one)")
	f.StringVar(&consent.How, "how", "api", "how the customer decided: page, keyword, form, import or api")
	f.StringVar(&consent.Note, "note", "", "where it is written down")
	return cmd
}

func setConsent(cmd *cobra.Command, c *connection, consent *qidongv1.Consent) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Guardrails.SetConsent(cmd.Context(), &qidongv1.SetConsentRequest{Consent: consent})
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), "the consent", problems)
		return exitError{1}
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	kept := resp.GetConsent()
	where := "every channel"
	if kept.GetChannel() != "" {
		where = kept.GetChannel()
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s messages to %s on %s: %s since %s\n",
		kept.GetCategory(), kept.GetCustomerId(), where, kept.GetState(), when(kept.GetTime()))
	return nil
}

func newConsentHistoryCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListConsentHistoryRequest{}
	cmd := &cobra.Command{
		Use: "history CUSTOMER", Short: "List all decisions of a customer, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.CustomerId = args[0]
			return listConsents(cmd, c, req)
		},
	}
	cmd.Flags().Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func listConsents(cmd *cobra.Command, c *connection, req *qidongv1.ListConsentHistoryRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Guardrails.ListConsentHistory(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, d := range resp.GetConsents() {
		channel := d.GetChannel()
		if channel == "" {
			channel = "every"
		}
		rows = append(rows, []string{when(d.GetTime()), channel, d.GetCategory(), d.GetState(), d.GetHow(), printable(d.GetBy()), printable(d.GetNote())})
	}
	if err := printTable(cmd.OutOrStdout(), "The customer has decided nothing.", "TIME | CHANNEL | CATEGORY | STATE | HOW | BY | NOTE", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
	return nil
}
