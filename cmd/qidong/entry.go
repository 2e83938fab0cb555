package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newEntryCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "entry", Short: "Why customers entered journeys or did not, and their doors"})
	cmd.AddCommand(newEntryWhyCommand(c), newEntryQRCommand(c), newEntryOpenCommand(c), newEntrySayCommand(c))
	return cmd
}

func newEntryWhyCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListEntryDecisionsRequest{}
	cmd := &cobra.Command{
		Use: "why", Short: "Say why a customer entered a journey, or did not", Args: cobra.NoArgs,
		Example: `  qidong entry why --customer c_1 --journey movie-night`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if req.GetCustomerId() == "" || req.GetJourney() == "" {
				return errors.New("say which: --customer and --journey")
			}
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Entries.ListEntryDecisions(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			return printDecisions(cmd.OutOrStdout(), resp)
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.CustomerId, "customer", "", "the customer's id")
	f.StringVar(&req.Journey, "journey", "", "the journey's name")
	f.Int32Var(&req.PageSize, "limit", 20, "how many decisions at most, 1 to 500")
	f.StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func printDecisions(w io.Writer, resp *qidongv1.ListEntryDecisionsResponse) error {
	if answer := resp.GetAnswer(); answer != "" {
		fmt.Fprintf(w, "%s\n", printable(answer))
	}
	if len(resp.GetDecisions()) == 0 {
		return nil
	}
	var rows [][]string
	for _, d := range resp.GetDecisions() {
		rows = append(rows, []string{when(d.GetTime()), d.GetCode(), d.GetDoor(), printable(d.GetEventType()), printable(d.GetEventId()), printable(d.GetReason())})
	}
	if err := printTable(w, "", "TIME | DECISION | DOOR | EVENT | ID | WHY", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(w, "There are more: --page %s\n", next)
	}
	return nil
}

func newEntryQRCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "qr JOURNEY", Short: "Show the QR links of a journey, one per place", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Entries.ListQRLinks(cmd.Context(), &qidongv1.ListQRLinksRequest{Journey: args[0]})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, l := range resp.GetLinks() {
				rows = append(rows, []string{printable(l.GetPlace()), strings.TrimRight(c.server, "/") + "/q/" + l.GetToken()})
			}
			return printTable(cmd.OutOrStdout(), "There are no links.", "PLACE | LINK", rows)
		},
	}
}

func newEntryOpenCommand(c *connection) *cobra.Command {
	req := &qidongv1.OpenQRLinkRequest{}
	cmd := &cobra.Command{
		Use: "open LINK", Short: "Open a QR link for a customer", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Token = args[0][strings.LastIndex(args[0], "/")+1:]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Entries.OpenQRLink(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			d := resp.GetDecision()
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", d.GetCode(), printable(d.GetReason()))
			return nil
		},
	}
	cmd.Flags().StringVar(&req.CustomerId, "customer", "", "who opens it")
	return cmd
}

func newEntrySayCommand(c *connection) *cobra.Command {
	req := &qidongv1.ReceiveMessageRequest{}
	cmd := &cobra.Command{
		Use: "say TEXT", Short: "Say something as a customer: a keyword, STOP, an answer", Args: cobra.ExactArgs(1),
		Example: `  qidong entry say --customer c_1 订票`,
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Text = args[0]
			api, err := c.dial()
			if err != nil {
				return err
			}
			if _, err := api.Entries.ReceiveMessage(cmd.Context(), req); err != nil {
				return c.explain(err)
			}
			if !c.json {
				fmt.Fprintln(cmd.OutOrStdout(), "received")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.CustomerId, "customer", "", "who says it")
	f.StringVar(&req.Channel, "channel", "handset", "where")
	f.StringVar(&req.Id, "id", "", "the channel's id of the message: the same again is one (default: a new one)")
	return cmd
}
