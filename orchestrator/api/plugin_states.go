package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) PromotePlugin(ctx context.Context, r *qidongv1.PromotePluginRequest) (*qidongv1.PromotePluginResponse, error) {
	p, err := moved(s.svc.PromotePlugin(ctx, ActorFrom(ctx), r.Name, r.Version))
	return &qidongv1.PromotePluginResponse{Plugin: p}, err
}

func (s *server) DeprecatePlugin(ctx context.Context, r *qidongv1.DeprecatePluginRequest) (*qidongv1.DeprecatePluginResponse, error) {
	p, err := moved(s.svc.DeprecatePlugin(ctx, ActorFrom(ctx), r.Name, r.Version, r.Reason))
	return &qidongv1.DeprecatePluginResponse{Plugin: p}, err
}

func (s *server) YankPlugin(ctx context.Context, r *qidongv1.YankPluginRequest) (*qidongv1.YankPluginResponse, error) {
	p, err := moved(s.svc.YankPlugin(ctx, ActorFrom(ctx), r.Name, r.Version, r.Reason, r.Force))
	return &qidongv1.YankPluginResponse{Plugin: p}, err
}

// moved is what a version became.
func moved(p orchestrator.Plugin, err error) (*qidongv1.Plugin, error) {
	if err != nil {
		return nil, err
	}
	return protoPlugin(p)
}

func (s *server) ListPluginUses(ctx context.Context, r *qidongv1.ListPluginUsesRequest) (*qidongv1.ListPluginUsesResponse, error) {
	list, err := s.svc.PluginUses(ctx, ActorFrom(ctx), r.Name, r.Version)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListPluginUsesResponse{Uses: each(list, func(u orchestrator.PluginUse) *qidongv1.PluginUse {
		return &qidongv1.PluginUse{Journey: u.Journey, Number: int32(u.Number), Newest: u.Newest, Live: u.Live}
	})}, nil
}
