package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) PublishFragment(ctx context.Context, r *qidongv1.PublishFragmentRequest) (*qidongv1.PublishFragmentResponse, error) {
	f, err := s.svc.PublishFragment(ctx, ActorFrom(ctx), r.Source)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PublishFragmentResponse{Fragment: protoFragment(f)}, nil
}

func (s *server) GetFragment(ctx context.Context, r *qidongv1.GetFragmentRequest) (*qidongv1.GetFragmentResponse, error) {
	f, err := s.svc.Fragment(ctx, ActorFrom(ctx), r.Name, int(r.Version))
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetFragmentResponse{Fragment: protoFragment(f)}, nil
}

func (s *server) ListFragments(ctx context.Context, _ *qidongv1.ListFragmentsRequest) (*qidongv1.ListFragmentsResponse, error) {
	list, err := s.svc.Fragments(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListFragmentsResponse{Fragments: each(list, protoFragment)}, nil
}

func protoFragment(f orchestrator.Fragment) *qidongv1.Fragment {
	return &qidongv1.Fragment{
		Name: f.Name, Version: int32(f.Version), Digest: f.Digest, Title: f.Title, Steps: int32(f.StepCount),
		Source: []byte(f.Source), PublishTime: protoTime(f.PublishedAt), PublishedBy: f.PublishedBy,
	}
}
