package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var campaignStates = map[orchestrator.CampaignState]qidongv1.CampaignState{
	orchestrator.CampaignRunning: qidongv1.CampaignState_CAMPAIGN_STATE_RUNNING,
	orchestrator.CampaignPaused:  qidongv1.CampaignState_CAMPAIGN_STATE_PAUSED,
	orchestrator.CampaignStopped: qidongv1.CampaignState_CAMPAIGN_STATE_STOPPED,
	orchestrator.CampaignDone:    qidongv1.CampaignState_CAMPAIGN_STATE_DONE,
}

func (s *server) StartCampaign(ctx context.Context, r *qidongv1.StartCampaignRequest) (*qidongv1.StartCampaignResponse, error) {
	c, err := s.svc.StartCampaign(ctx, ActorFrom(ctx), r.Journey, r.Segment, r.Key, int(r.Rate))
	if err != nil {
		return nil, err
	}
	return &qidongv1.StartCampaignResponse{Campaign: protoCampaign(c)}, nil
}

func (s *server) StopCampaign(ctx context.Context, r *qidongv1.StopCampaignRequest) (*qidongv1.StopCampaignResponse, error) {
	c, err := s.svc.StopCampaign(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.StopCampaignResponse{Campaign: protoCampaign(c)}, nil
}

func (s *server) PauseCampaign(ctx context.Context, r *qidongv1.PauseCampaignRequest) (*qidongv1.PauseCampaignResponse, error) {
	c, err := s.svc.PauseCampaign(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PauseCampaignResponse{Campaign: protoCampaign(c)}, nil
}

func (s *server) ResumeCampaign(ctx context.Context, r *qidongv1.ResumeCampaignRequest) (*qidongv1.ResumeCampaignResponse, error) {
	c, err := s.svc.ResumeCampaign(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ResumeCampaignResponse{Campaign: protoCampaign(c)}, nil
}

func (s *server) GetCampaign(ctx context.Context, r *qidongv1.GetCampaignRequest) (*qidongv1.GetCampaignResponse, error) {
	c, err := s.svc.Campaign(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetCampaignResponse{Campaign: protoCampaign(c)}, nil
}

func (s *server) ListCampaigns(ctx context.Context, r *qidongv1.ListCampaignsRequest) (*qidongv1.ListCampaignsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "campaigns", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Campaigns(ctx, a, r.Journey, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListCampaignsResponse{Campaigns: each(page, protoCampaign), NextPageToken: s.pages.token(a, "campaigns", after)}, nil
}

func (s *server) ListFirings(ctx context.Context, r *qidongv1.ListFiringsRequest) (*qidongv1.ListFiringsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "firings", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Firings(ctx, a, r.Journey, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListFiringsResponse{
		Firings: each(page, func(f orchestrator.Firing) *qidongv1.Firing {
			return &qidongv1.Firing{Time: protoTime(f.At), Until: protoTime(f.Until), Count: f.Count, CampaignId: f.Campaign, Reason: f.Reason}
		}),
		NextPageToken: s.pages.token(a, "firings", after),
	}, nil
}

func protoCampaign(c orchestrator.Campaign) *qidongv1.Campaign {
	out := &qidongv1.Campaign{
		Id: c.ID, Journey: c.Journey, Segment: c.Segment, Key: c.Key, Rate: int32(c.Rate), State: campaignStates[c.State],
		StartedBy: c.By, CreateTime: protoTime(c.CreatedAt), EndTime: protoTime(c.EndedAt), FiringTime: protoTime(c.Firing),
		Total: c.Total, Seen: c.Seen, Entered: c.Entered, Gone: c.Gone, Refused: map[string]int64{},
	}
	for code, n := range c.Refused {
		out.Refused[string(code)] = n
	}
	return out
}
