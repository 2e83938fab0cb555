package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newEventInboxCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "inbox", Short: "Show how many events wait or were given up, and sources whose ids are not unique", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Events.GetInbox(cmd.Context(), &qidongv1.GetInboxRequest{})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "Pending  %d\nDead     %d\n", resp.GetPending(), resp.GetDead())
			if len(resp.GetConflicts()) == 0 {
				return nil
			}
			fmt.Fprintln(out, "\nSent known ids with other content (what came first was kept):")
			var rows [][]string
			for _, x := range resp.GetConflicts() {
				rows = append(rows, []string{printable(x.GetSource()), strconv.FormatInt(x.GetCount(), 10), printable(x.GetLastId()), when(x.GetLastTime())})
			}
			return printTable(out, "", "SOURCE | TIMES | LATEST ID | AT", rows)
		},
	}
}

func newEventDeadCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "dead", Short: "List and replay events that were given up"}
	req := &qidongv1.ListDeadEventsRequest{}
	list := &cobra.Command{
		Use: "list", Short: "List events that were given up, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listDeadEvents(cmd, c, req) },
	}
	list.Flags().Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	list.Flags().StringVar(&req.PageToken, "page", "", "page token of the list before")
	replay := &cobra.Command{
		Use: "replay SOURCE ID", Short: "Hand a dead event out again, once what was wrong is mended", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			if _, err := api.Events.ReplayEvent(cmd.Context(), &qidongv1.ReplayEventRequest{Source: args[0], Id: args[1]}); err != nil {
				return c.explain(err)
			}
			if !c.json {
				fmt.Fprintf(cmd.OutOrStdout(), "%s is handed out again\n", printable(args[1]))
			}
			return nil
		},
	}
	cmd.AddCommand(list, replay)
	return cmd
}

func listDeadEvents(cmd *cobra.Command, c *connection, req *qidongv1.ListDeadEventsRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Events.ListDeadEvents(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, d := range resp.GetEvents() {
		e := d.GetEvent()
		rows = append(rows, []string{
			when(e.GetReceiveTime()), printable(e.GetSource()), printable(e.GetId()), printable(e.GetType()), printable(e.GetSubject()), printable(d.GetReason()),
		})
	}
	if err := printTable(cmd.OutOrStdout(), "No event was given up.", "RECEIVED | SOURCE | ID | TYPE | SUBJECT | WHY", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
	return nil
}
