package api

import (
	"context"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) ListPluginCalls(ctx context.Context, r *qidongv1.ListPluginCallsRequest) (*qidongv1.ListPluginCallsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "plugin calls", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	f := orchestrator.CallFilter{Plugin: r.Plugin, Version: r.Version, Code: r.Code, Failed: r.Failed, Enrollment: r.EnrollmentId}
	page, after, err := s.svc.PluginCalls(ctx, a, f, p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListPluginCallsResponse{Calls: each(page, protoCall), NextPageToken: s.pages.token(a, "plugin calls", after)}, nil
}

func (s *server) GetPluginCall(ctx context.Context, r *qidongv1.GetPluginCallRequest) (*qidongv1.GetPluginCallResponse, error) {
	c, recording, err := s.svc.PluginCall(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetPluginCallResponse{Call: protoCall(c), Recording: recording}, nil
}

func protoCall(c orchestrator.PluginCall) *qidongv1.PluginCall {
	return &qidongv1.PluginCall{
		Id: c.ID, Plugin: c.Plugin, Version: c.Version, Digest: c.Digest, Action: c.Action, EnrollmentId: c.Enrollment,
		CallTime: protoTime(c.At), Code: c.Code, Fuel: c.Fuel, Duration: durationpb.New(c.Duration), ExpireTime: protoTime(c.ExpiresAt),
	}
}
