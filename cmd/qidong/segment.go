package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newSegmentCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "segment", Short: "Keep segments: rules over customers"})
	cmd.AddCommand(newSegmentPutCommand(c), newSegmentPreviewCommand(c), newSegmentMembersCommand(c),
		&cobra.Command{
			Use: "list", Short: "List segments by name", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listSegments(cmd, c) },
		},
		&cobra.Command{
			Use: "show NAME", Short: "Show a segment and how far its rule has been judged", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showSegment(cmd, c, args[0]) },
		},
		&cobra.Command{
			Use: "delete NAME", Short: "Delete a segment that no journey takes its customers from", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return deleteSegment(cmd, c, args[0]) },
		},
	)
	return cmd
}

func newSegmentPutCommand(c *connection) *cobra.Command {
	req := &qidongv1.PutSegmentRequest{Segment: &qidongv1.Segment{}}
	cmd := &cobra.Command{
		Use: "put NAME RULE|FILE|-", Short: "Store a segment; its rule is judged for everybody, in the background",
		Example: `  qidong segment put regulars 'count("order.placed", "30d") >= 3'
  qidong segment put asleep asleep.cel --title en="Has not bought for a month"`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, file, err := readRule(cmd, args[1])
			if err != nil {
				return err
			}
			req.Segment.Name, req.Segment.Rule = args[0], rule
			return putSegment(cmd, c, req, file)
		},
	}
	f := cmd.Flags()
	f.StringToStringVar(&req.Segment.Title, "title", nil, "its title by language, such as en=Regulars,zh-CN=常客")
	f.Int32Var(&req.Rate, "rate", 0, "customers judged a second, 1 to 10000 (default 2000)")
	f.BoolVar(&req.Announce, "announce", false, "journeys are told of everybody who is found in it, as if they had joined just now")
	return cmd
}

// readRule is the rule as it stands, or the content of a file when there is one
// of that name. file is how problems name it.
func readRule(cmd *cobra.Command, arg string) (rule, file string, err error) {
	if arg != "-" && !isFile(arg) {
		return arg, "rule", nil
	}
	raw, err := readInput(cmd.InOrStdin(), arg)
	return strings.TrimSpace(string(raw)), arg, err
}

func putSegment(cmd *cobra.Command, c *connection, req *qidongv1.PutSegmentRequest, file string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Segments.PutSegment(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), file, problems)
		return errors.New("the segment was not stored")
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	g := resp.GetSegment()
	fmt.Fprintf(cmd.OutOrStdout(), "%s version %d", g.GetName(), g.GetVersion())
	if b := g.GetBackfill(); b.GetRunning() {
		fmt.Fprintf(cmd.OutOrStdout(), "; judging %d customers: qidong segment show %s", b.GetTotal(), g.GetName())
	}
	fmt.Fprintln(cmd.OutOrStdout())
	return nil
}

func newSegmentPreviewCommand(c *connection) *cobra.Command {
	req := &qidongv1.PreviewSegmentRequest{}
	cmd := &cobra.Command{
		Use: "preview RULE|FILE|-", Short: "Show how many customers and whom a rule would give, without storing it", Args: cobra.ExactArgs(1),
		Example: `  qidong segment preview 'last("order.placed") < now - duration("720h")'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, file, err := readRule(cmd, args[0])
			if err != nil {
				return err
			}
			req.Rule = rule
			return previewSegment(cmd, c, req, file)
		},
	}
	cmd.Flags().Int32Var(&req.Limit, "limit", 0, "customers judged at most (default 10000)")
	return cmd
}

func previewSegment(cmd *cobra.Command, c *connection, req *qidongv1.PreviewSegmentRequest, file string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	p, err := api.Segments.PreviewSegment(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), file, problems)
		return errors.New("the rule is not usable")
	}
	if err != nil {
		return c.explain(err)
	}
	w := cmd.OutOrStdout()
	if c.json {
		return printProto(w, p)
	}
	fmt.Fprintf(w, "%d of %d customers", p.GetMembers(), p.GetJudged())
	if p.GetJudged() < p.GetTotal() {
		fmt.Fprintf(w, " judged (there are %d)", p.GetTotal())
	}
	fmt.Fprintln(w)
	if p.GetTroubled() > 0 {
		fmt.Fprintf(w, "%d cannot be judged and are not in it: %s\n", p.GetTroubled(), printable(p.GetTrouble()))
	}
	if p.GetTimed() {
		fmt.Fprintln(w, "Customers join and leave by the passing of time as well.")
	}
	for _, id := range p.GetCustomerIds() {
		fmt.Fprintln(w, "  "+id)
	}
	return nil
}

func listSegments(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Segments.ListSegments(cmd.Context(), &qidongv1.ListSegmentsRequest{})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, g := range resp.GetSegments() {
		rows = append(rows, []string{g.GetName(), fmt.Sprint(g.GetMembers()), judged(g.GetBackfill()), g.GetRule()})
	}
	return printTable(cmd.OutOrStdout(), "There are no segments.", "SEGMENT | MEMBERS | JUDGED | RULE", rows)
}

// judged is how far a backfill is.
func judged(b *qidongv1.Backfill) string {
	if b.GetRunning() {
		return fmt.Sprintf("%d of %d", b.GetSeen(), b.GetTotal())
	}
	return "all"
}

func showSegment(cmd *cobra.Command, c *connection, name string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Segments.GetSegment(cmd.Context(), &qidongv1.GetSegmentRequest{Name: name})
	if err != nil {
		return c.explain(err)
	}
	w, g := cmd.OutOrStdout(), resp.GetSegment()
	if c.json {
		return printProto(w, resp)
	}
	b := g.GetBackfill()
	fmt.Fprintf(w, "%s version %d\nRule      %s\nMembers   %d\nChanged   %s by %s\nJudged    %s\n",
		g.GetName(), g.GetVersion(), printable(g.GetRule()), g.GetMembers(), when(g.GetUpdateTime()), printable(g.GetUpdatedBy()), judged(b))
	fmt.Fprintf(w, "          %d joined, %d left", b.GetJoined(), b.GetLeft())
	if b.GetTroubled() > 0 {
		fmt.Fprintf(w, ", %d cannot be judged: qidong segment preview says why", b.GetTroubled())
	}
	fmt.Fprintln(w)
	return nil
}

func deleteSegment(cmd *cobra.Command, c *connection, name string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	if _, err := api.Segments.DeleteSegment(cmd.Context(), &qidongv1.DeleteSegmentRequest{Name: name}); err != nil {
		return c.explain(err)
	}
	if !c.json {
		fmt.Fprintf(cmd.OutOrStdout(), "%s is deleted\n", name)
	}
	return nil
}

func newSegmentMembersCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListSegmentMembersRequest{}
	cmd := &cobra.Command{
		Use: "members NAME", Short: "List who is in a segment, in the order of joining", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Name = args[0]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Segments.ListSegmentMembers(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, m := range resp.GetMembers() {
				rows = append(rows, []string{m.GetCustomerId(), when(m.GetSince())})
			}
			if err := printTable(cmd.OutOrStdout(), "Nobody is in it.", "CUSTOMER | SINCE", rows); err != nil {
				return err
			}
			more(cmd, resp.GetNextPageToken())
			return nil
		},
	}
	cmd.Flags().Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}
