package api_test

import (
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const broadcast = `qidong: v1
journey: hello
title: {en: Hello, zh-CN: 你好}
entry:
  schedule: {cron: "0 9 * * 5", zone: Asia/Shanghai, segment: gold}
deadline: 30d
steps:
  - id: end
    exit: {outcome: done}
`

func TestSegmentsAndCampaigns(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	_, err := c.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Id: "c_1", Tags: []string{"vip"}}})
	require.NoError(t, err)
	tagged, err := c.Customers.TagCustomer(ctx, &qidongv1.TagCustomerRequest{Id: "c_1", Add: []string{"gold"}, Remove: []string{"vip"}})
	require.NoError(t, err)
	require.Equal(t, []string{"gold"}, tagged.GetCustomer().GetTags())

	_, err = c.Segments.PutSegment(ctx, &qidongv1.PutSegmentRequest{Segment: &qidongv1.Segment{Name: "gold", Rule: "true &&\n customer.tag == 1"}})
	problem := failure(t, err).GetProblems()[0]
	require.EqualValues(t, 2, problem.GetLine())
	require.Equal(t, "Did you mean tags?", problem.GetMend())
	preview, err := c.Segments.PreviewSegment(ctx, &qidongv1.PreviewSegmentRequest{Rule: `"gold" in customer.tags`})
	require.NoError(t, err)
	require.Equal(t, []string{"c_1"}, preview.GetCustomerIds())

	_, err = c.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: []byte(broadcast)})
	require.Equal(t, "UNKNOWN_SEGMENT", failure(t, err).GetProblems()[0].GetCode())
	stored, err := c.Segments.PutSegment(ctx, &qidongv1.PutSegmentRequest{Segment: &qidongv1.Segment{
		Name: "gold", Title: map[string]string{"zh-CN": "金卡"}, Rule: `"gold" in customer.tags`,
	}, Rate: 7, Announce: true})
	require.NoError(t, err)
	require.EqualValues(t, 1, stored.GetSegment().GetVersion())
	require.True(t, stored.GetSegment().GetBackfill().GetRunning())
	require.EqualValues(t, 7, stored.GetSegment().GetBackfill().GetRate())
	_, err = c.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: []byte(broadcast)})
	require.NoError(t, err)

	list, err := c.Segments.ListSegments(ctx, &qidongv1.ListSegmentsRequest{})
	require.NoError(t, err)
	require.Equal(t, "金卡", list.GetSegments()[0].GetTitle()["zh-CN"])
	members, err := c.Segments.ListSegmentMembers(ctx, &qidongv1.ListSegmentMembersRequest{Name: "gold"})
	require.NoError(t, err)
	require.Empty(t, members.GetMembers(), "nothing runs here that judges")
	of, err := c.Segments.ListCustomerSegments(ctx, &qidongv1.ListCustomerSegmentsRequest{CustomerId: "c_1"})
	require.NoError(t, err)
	require.Empty(t, of.GetMemberships())
	_, err = c.Segments.DeleteSegment(ctx, &qidongv1.DeleteSegmentRequest{Name: "gold"})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))

	started, err := c.Campaigns.StartCampaign(ctx, &qidongv1.StartCampaignRequest{Journey: "hello", Segment: "gold", Key: "june", Rate: 3})
	require.NoError(t, err)
	id := started.GetCampaign().GetId()
	require.Equal(t, qidongv1.CampaignState_CAMPAIGN_STATE_DONE, started.GetCampaign().GetState(), "nobody is in it yet")
	got, err := c.Campaigns.GetCampaign(ctx, &qidongv1.GetCampaignRequest{Id: id})
	require.NoError(t, err)
	require.EqualValues(t, 3, got.GetCampaign().GetRate())
	_, err = c.Campaigns.StopCampaign(ctx, &qidongv1.StopCampaignRequest{Id: id})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
	_, err = c.Campaigns.PauseCampaign(ctx, &qidongv1.PauseCampaignRequest{Id: id})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
	_, err = c.Campaigns.ResumeCampaign(ctx, &qidongv1.ResumeCampaignRequest{Id: id})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
	campaigns, err := c.Campaigns.ListCampaigns(ctx, &qidongv1.ListCampaignsRequest{Journey: "hello"})
	require.NoError(t, err)
	require.Len(t, campaigns.GetCampaigns(), 1)
	firings, err := c.Campaigns.ListFirings(ctx, &qidongv1.ListFiringsRequest{Journey: "hello"})
	require.NoError(t, err)
	require.Empty(t, firings.GetFirings())

	t.Run("another workspace finds nothing of it (W01)", func(t *testing.T) {
		eve := i.as(i.other)
		_, err := eve.Segments.GetSegment(ctx, &qidongv1.GetSegmentRequest{Name: "gold"})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
		_, err = eve.Segments.ListSegmentMembers(ctx, &qidongv1.ListSegmentMembersRequest{Name: "gold"})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
		_, err = eve.Customers.TagCustomer(ctx, &qidongv1.TagCustomerRequest{Id: "c_1", Add: []string{"x"}})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
		_, err = eve.Campaigns.GetCampaign(ctx, &qidongv1.GetCampaignRequest{Id: id})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
		_, err = eve.Campaigns.ListFirings(ctx, &qidongv1.ListFiringsRequest{Journey: "hello"})
		require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	})
}
