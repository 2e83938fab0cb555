package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const campaignStatePrefix = "CAMPAIGN_STATE_"

func newCampaignCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "campaign", Short: "Take whole segments into journeys"})
	cmd.AddCommand(newCampaignStartCommand(c), newCampaignListCommand(c), newCampaignFiringsCommand(c),
		campaignCommand(c, "show", "Show a campaign with its counts", func(ctx context.Context, api *client.Client, id string) (campaignAnswer, error) {
			return api.Campaigns.GetCampaign(ctx, &qidongv1.GetCampaignRequest{Id: id})
		}),
		campaignCommand(c, "stop", "Stop a campaign for good; who has entered stays", func(ctx context.Context, api *client.Client, id string) (campaignAnswer, error) {
			return api.Campaigns.StopCampaign(ctx, &qidongv1.StopCampaignRequest{Id: id})
		}),
		campaignCommand(c, "pause", "Let a campaign wait until it is resumed", func(ctx context.Context, api *client.Client, id string) (campaignAnswer, error) {
			return api.Campaigns.PauseCampaign(ctx, &qidongv1.PauseCampaignRequest{Id: id})
		}),
		campaignCommand(c, "resume", "Let a paused campaign go on", func(ctx context.Context, api *client.Client, id string) (campaignAnswer, error) {
			return api.Campaigns.ResumeCampaign(ctx, &qidongv1.ResumeCampaignRequest{Id: id})
		}),
	)
	return cmd
}

// campaignAnswer is an answer that carries a campaign.
type campaignAnswer interface {
	proto.Message
	GetCampaign() *qidongv1.Campaign
}

// campaignCommand is a command about one campaign.
func campaignCommand(c *connection, verb, short string, call func(context.Context, *client.Client, string) (campaignAnswer, error)) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := call(cmd.Context(), api, args[0])
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			printCampaign(cmd.OutOrStdout(), resp.GetCampaign())
			return nil
		},
	}
}

func printCampaign(w io.Writer, c *qidongv1.Campaign) {
	fmt.Fprintf(w, "%s: segment %s into journey %s\n", c.GetId(), c.GetSegment(), c.GetJourney())
	fmt.Fprintf(w, "State     %s, %d customers a second\n", shortEnum(c.GetState().String(), campaignStatePrefix), c.GetRate())
	fmt.Fprintf(w, "Started   %s by %s\nEnded     %s\n", when(c.GetCreateTime()), printable(c.GetStartedBy()), when(c.GetEndTime()))
	fmt.Fprintf(w, "Asked     %d of %d\nEntered   %d\n", c.GetSeen(), c.GetTotal(), c.GetEntered())
	for _, code := range slices.Sorted(maps.Keys(c.GetRefused())) {
		fmt.Fprintf(w, "Not       %d %s\n", c.GetRefused()[code], code)
	}
	if c.GetGone() > 0 {
		fmt.Fprintf(w, "Gone      %d left the segment before\n", c.GetGone())
	}
}

func newCampaignStartCommand(c *connection) *cobra.Command {
	req := &qidongv1.StartCampaignRequest{}
	cmd := &cobra.Command{
		Use: "start JOURNEY SEGMENT", Short: "Take everybody who is in a segment now into a journey", Args: cobra.ExactArgs(2),
		Example: `  qidong campaign start movie-night regulars --rate 20 --key june`,
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Journey, req.Segment = args[0], args[1]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Campaigns.StartCampaign(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			printCampaign(cmd.OutOrStdout(), resp.GetCampaign())
			return nil
		},
	}
	cmd.Flags().Int32Var(&req.Rate, "rate", 0, "customers a second, 1 to 1000 (default 50)")
	cmd.Flags().StringVar(&req.Key, "key", "", "starting again with the same key is the same campaign")
	return cmd
}

func newCampaignListCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListCampaignsRequest{}
	cmd := &cobra.Command{
		Use: "list", Short: "List campaigns, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Campaigns.ListCampaigns(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, g := range resp.GetCampaigns() {
				rows = append(rows, []string{
					g.GetId(), g.GetJourney(), g.GetSegment(), shortEnum(g.GetState().String(), campaignStatePrefix),
					fmt.Sprintf("%d of %d", g.GetSeen(), g.GetTotal()), fmt.Sprint(g.GetEntered()), when(g.GetCreateTime()),
				})
			}
			if err := printTable(cmd.OutOrStdout(), "There are no campaigns.", "CAMPAIGN | JOURNEY | SEGMENT | STATE | ASKED | ENTERED | STARTED", rows); err != nil {
				return err
			}
			more(cmd, resp.GetNextPageToken())
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Journey, "journey", "", "only of this journey")
	f.Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	f.StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func newCampaignFiringsCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListFiringsRequest{}
	cmd := &cobra.Command{
		Use: "firings JOURNEY", Short: "List what a journey's schedule began and missed, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Journey = args[0]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Campaigns.ListFirings(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, f := range resp.GetFirings() {
				what := "campaign " + f.GetCampaignId()
				if f.GetCampaignId() == "" {
					what = fmt.Sprintf("missed %d: %s", f.GetCount(), f.GetReason())
				}
				rows = append(rows, []string{when(f.GetTime()), when(f.GetUntil()), what})
			}
			if err := printTable(cmd.OutOrStdout(), "Its schedule has not begun anything yet.", "FROM | UNTIL | WHAT", rows); err != nil {
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

// more tells how to see the next page, when there is one.
func more(cmd *cobra.Command, next string) {
	if next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
}
