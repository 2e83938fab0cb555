package api

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

var pluginStates = map[orchestrator.PluginState]qidongv1.PluginState{
	orchestrator.PluginActive:     qidongv1.PluginState_PLUGIN_STATE_ACTIVE,
	orchestrator.PluginDeprecated: qidongv1.PluginState_PLUGIN_STATE_DEPRECATED,
	orchestrator.PluginDisabled:   qidongv1.PluginState_PLUGIN_STATE_DISABLED,
	orchestrator.PluginChecked:    qidongv1.PluginState_PLUGIN_STATE_CHECKED,
	orchestrator.PluginInReview:   qidongv1.PluginState_PLUGIN_STATE_IN_REVIEW,
	orchestrator.PluginYanked:     qidongv1.PluginState_PLUGIN_STATE_YANKED,
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
	stored, err := s.svc.PushPlugin(ctx, ActorFrom(ctx), orchestrator.PluginPush{
		Module: r.Module, Config: config, Grant: grant, Signature: r.Signature, Hold: r.Hold,
	})
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

func (s *server) GetPlugin(ctx context.Context, r *qidongv1.GetPluginRequest) (*qidongv1.GetPluginResponse, error) {
	p, err := s.svc.Plugin(ctx, ActorFrom(ctx), r.Name, r.Version)
	if err != nil {
		return nil, err
	}
	out, err := protoPlugin(p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetPluginResponse{Plugin: out}, nil
}

func (s *server) UpdatePlugin(ctx context.Context, r *qidongv1.UpdatePluginRequest) (*qidongv1.UpdatePluginResponse, error) {
	u, err := domainUpdate(r)
	if err != nil {
		return nil, err
	}
	p, err := s.svc.UpdatePlugin(ctx, ActorFrom(ctx), r.Name, r.Version, u)
	if err != nil {
		return nil, err
	}
	out, err := protoPlugin(p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.UpdatePluginResponse{Plugin: out}, nil
}

func domainUpdate(r *qidongv1.UpdatePluginRequest) (u orchestrator.PluginUpdate, err error) {
	if u.Config, err = domainObject(r.Config); err != nil {
		return u, err
	}
	if u.Grant, err = domainObject(r.Grant); err != nil {
		return u, err
	}
	if r.State == qidongv1.PluginState_PLUGIN_STATE_UNSPECIFIED {
		return u, nil
	}
	for state, known := range pluginStates {
		if known == r.State {
			u.State = state
			return u, nil
		}
	}
	return u, fmt.Errorf("%w: state %d is not known", orchestrator.ErrInvalid, r.State)
}

func (s *server) GetPluginModule(ctx context.Context, r *qidongv1.GetPluginModuleRequest) (*qidongv1.GetPluginModuleResponse, error) {
	p, module, err := s.svc.PluginModule(ctx, ActorFrom(ctx), r.Digest)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetPluginModuleResponse{Name: p.Name, Version: p.Version, Module: module}, nil
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
		Name: p.Name, Version: p.Version, Digest: p.Digest, State: pluginStates[p.State], StateReason: p.Reason,
		Manifest: manifest, Config: config, Grant: grant, Size: p.Size, CreateTime: protoTime(p.CreatedAt),
		Missing: each(p.Missing, func(m orchestrator.MissingGrant) *qidongv1.MissingGrant {
			return &qidongv1.MissingGrant{Need: m.Need, Value: m.Value, Reason: m.Reason}
		}),
		Health: protoHealth(p.Health), UploadedBy: p.UploadedBy, SignedBy: p.SignedBy,
		Held: p.Held, ReviewedBy: p.ReviewedBy,
	}, nil
}

var circuitStates = map[string]qidongv1.CircuitState{
	"closed":    qidongv1.CircuitState_CIRCUIT_STATE_CLOSED,
	"open":      qidongv1.CircuitState_CIRCUIT_STATE_OPEN,
	"half_open": qidongv1.CircuitState_CIRCUIT_STATE_HALF_OPEN,
}

// protoHealth leaves nil unset.
func protoHealth(h *orchestrator.PluginHealth) *qidongv1.PluginHealth {
	if h == nil {
		return nil
	}
	out := &qidongv1.PluginHealth{
		Circuit: circuitStates[h.Circuit], CircuitTime: protoTime(h.Since), Running: int32(h.Running), Waiting: int32(h.Waiting),
		Calls: h.Calls, Failures: h.Failures,
	}
	if h.P99 > 0 {
		out.P50, out.P99 = durationpb.New(h.P50), durationpb.New(h.P99)
	}
	return out
}
