package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) PutSecret(ctx context.Context, r *qidongv1.PutSecretRequest) (*qidongv1.PutSecretResponse, error) {
	v, err := s.svc.PutSecret(ctx, ActorFrom(ctx), r.Name, r.Value)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PutSecretResponse{Secret: protoSecret(v)}, nil
}

func (s *server) ListSecrets(ctx context.Context, r *qidongv1.ListSecretsRequest) (*qidongv1.ListSecretsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "secrets", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	all, err := s.svc.Secrets(ctx, a)
	if err != nil {
		return nil, err
	}
	page, after := paginate(all, func(v orchestrator.Secret) string { return v.Name }, p)
	return &qidongv1.ListSecretsResponse{Secrets: each(page, protoSecret), NextPageToken: s.pages.token(a, "secrets", after)}, nil
}

func (s *server) DeleteSecret(ctx context.Context, r *qidongv1.DeleteSecretRequest) (*qidongv1.DeleteSecretResponse, error) {
	if err := s.svc.DeleteSecret(ctx, ActorFrom(ctx), r.Name); err != nil {
		return nil, err
	}
	return &qidongv1.DeleteSecretResponse{}, nil
}

func protoSecret(v orchestrator.Secret) *qidongv1.Secret {
	return &qidongv1.Secret{
		Name: v.Name, CreateTime: protoTime(v.CreatedAt), UpdateTime: protoTime(v.UpdatedAt),
		UsedBy: each(v.UsedBy, func(u orchestrator.SecretUse) *qidongv1.SecretUse {
			return &qidongv1.SecretUse{Plugin: u.Plugin, Version: u.Version, Host: u.Host}
		}),
	}
}
