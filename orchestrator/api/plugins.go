package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var pluginStates = map[orchestrator.PluginState]qidongv1.PluginState{
	orchestrator.PluginActive:     qidongv1.PluginState_PLUGIN_STATE_ACTIVE,
	orchestrator.PluginDeprecated: qidongv1.PluginState_PLUGIN_STATE_DEPRECATED,
}

func (s *server) UploadPlugin(ctx context.Context, r *qidongv1.UploadPluginRequest) (*qidongv1.UploadPluginResponse, error) {
	config, err := domainObject(r.Config)
	if err != nil {
		return nil, err
	}
	grant, err := domainObject(r.Grant)
	if err != nil {
		return nil, err
	}
	stored, err := s.svc.UploadPlugin(ctx, ActorFrom(ctx), r.Module, config, grant)
	if err != nil {
		return nil, err
	}
	out, err := protoPlugin(stored)
	if err != nil {
		return nil, err
	}
	return &qidongv1.UploadPluginResponse{Plugin: out}, nil
}

func (s *server) ListPlugins(ctx context.Context, r *qidongv1.ListPluginsRequest) (*qidongv1.ListPluginsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "plugins", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	all, err := s.svc.Plugins(ctx, a)
	if err != nil {
		return nil, err
	}
	page, after := paginate(all, func(p orchestrator.Plugin) string { return p.Name + "@" + p.Version }, p)
	out, err := eachErr(page, protoPlugin)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListPluginsResponse{Plugins: out, NextPageToken: s.pages.token(a, "plugins", after)}, nil
}

func protoPlugin(p orchestrator.Plugin) (*qidongv1.Plugin, error) {
	manifest, err := protoStruct(p.Manifest)
	if err != nil {
		return nil, err
	}
	config, err := protoStruct(p.Config)
	if err != nil {
		return nil, err
	}
	grant, err := protoStruct(p.Grant)
	if err != nil {
		return nil, err
	}
	return &qidongv1.Plugin{
		Name: p.Name, Version: p.Version, Digest: p.Digest, State: pluginStates[p.State],
		Manifest: manifest, Config: config, Grant: grant, Size: p.Size, CreateTime: protoTime(p.CreatedAt),
	}, nil
}
