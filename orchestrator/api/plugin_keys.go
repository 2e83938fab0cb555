package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) AddPluginKey(ctx context.Context, r *qidongv1.AddPluginKeyRequest) (*qidongv1.AddPluginKeyResponse, error) {
	k, err := s.svc.AddPluginKey(ctx, ActorFrom(ctx), r.Partner, r.PublicKey, r.Endorsement)
	if err != nil {
		return nil, err
	}
	return &qidongv1.AddPluginKeyResponse{Key: protoPluginKey(k)}, nil
}

func (s *server) ListPluginKeys(ctx context.Context, _ *qidongv1.ListPluginKeysRequest) (*qidongv1.ListPluginKeysResponse, error) {
	list, err := s.svc.PluginKeys(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListPluginKeysResponse{Keys: each(list, protoPluginKey)}, nil
}

func (s *server) RevokePluginKey(ctx context.Context, r *qidongv1.RevokePluginKeyRequest) (*qidongv1.RevokePluginKeyResponse, error) {
	k, deprecated, err := s.svc.RevokePluginKey(ctx, ActorFrom(ctx), r.Id, r.Reason)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(deprecated, protoPlugin)
	if err != nil {
		return nil, err
	}
	return &qidongv1.RevokePluginKeyResponse{Key: protoPluginKey(k), Deprecated: out}, nil
}

func protoPluginKey(k orchestrator.PluginKey) *qidongv1.PluginKey {
	return &qidongv1.PluginKey{
		Id: k.ID, Partner: k.Partner, PublicKey: k.Public, CreateTime: protoTime(k.AddedAt), AddedBy: k.AddedBy,
		EndorsedBy: k.EndorsedBy, RevokeTime: protoTime(k.RevokedAt), RevokedBy: k.RevokedBy, Reason: k.Reason,
	}
}
