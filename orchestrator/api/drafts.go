package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// maxWatch ends a stream, so that who watches is asked again who they are.
const maxWatch = 10 * time.Minute

func (s *server) GetDraft(ctx context.Context, r *qidongv1.GetDraftRequest) (*qidongv1.GetDraftResponse, error) {
	v, err := s.svc.Draft(ctx, ActorFrom(ctx), r.Journey)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetDraftResponse{Draft: protoDraft(v)}, nil
}

func (s *server) ListDrafts(ctx context.Context, _ *qidongv1.ListDraftsRequest) (*qidongv1.ListDraftsResponse, error) {
	list, err := s.svc.Drafts(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListDraftsResponse{Drafts: each(list, func(d orchestrator.Draft) *qidongv1.Draft {
		d.Source = ""
		return protoDraft(orchestrator.DraftView{Draft: d})
	})}, nil
}

func (s *server) CreateDraft(ctx context.Context, r *qidongv1.CreateDraftRequest) (*qidongv1.CreateDraftResponse, error) {
	source := string(r.Source)
	if r.Template != "" {
		if source != "" {
			return nil, fmt.Errorf("%w: there is a source and a template; send one of them", orchestrator.ErrInvalid)
		}
		for _, t := range edit.Templates() {
			if t.Name == r.Template {
				source = t.Source
			}
		}
		if source == "" {
			return nil, fmt.Errorf("%w: there is no template %.64q; ListJourneyTemplates lists them", orchestrator.ErrNotFound, r.Template)
		}
	}
	v, err := s.svc.NewDraft(ctx, ActorFrom(ctx), r.Journey, source)
	if err != nil {
		return nil, err
	}
	return &qidongv1.CreateDraftResponse{Draft: protoDraft(v)}, nil
}

func (s *server) EditDraft(ctx context.Context, r *qidongv1.EditDraftRequest) (*qidongv1.EditDraftResponse, error) {
	commands, err := eachErr(r.Commands, domainCommand)
	if err != nil {
		return nil, err
	}
	v, err := s.svc.EditDraft(ctx, ActorFrom(ctx), r.Journey, orchestrator.DraftEdit{
		Revision: r.Revision, Commands: commands, Session: r.Session,
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.EditDraftResponse{Draft: protoDraft(v), Change: &qidongv1.DraftChange{
		Added: v.Change.Added, Removed: v.Change.Removed, Touched: v.Change.Touched, Select: v.Change.Select,
	}}, nil
}

func (s *server) UndoDraft(ctx context.Context, r *qidongv1.UndoDraftRequest) (*qidongv1.UndoDraftResponse, error) {
	v, err := s.svc.UndoDraft(ctx, ActorFrom(ctx), r.Journey, r.Revision)
	if err != nil {
		return nil, err
	}
	return &qidongv1.UndoDraftResponse{Draft: protoDraft(v)}, nil
}

func (s *server) RedoDraft(ctx context.Context, r *qidongv1.RedoDraftRequest) (*qidongv1.RedoDraftResponse, error) {
	v, err := s.svc.RedoDraft(ctx, ActorFrom(ctx), r.Journey, r.Revision)
	if err != nil {
		return nil, err
	}
	return &qidongv1.RedoDraftResponse{Draft: protoDraft(v)}, nil
}

func (s *server) DiscardDraft(ctx context.Context, r *qidongv1.DiscardDraftRequest) (*qidongv1.DiscardDraftResponse, error) {
	return &qidongv1.DiscardDraftResponse{}, s.svc.DiscardDraft(ctx, ActorFrom(ctx), r.Journey)
}

func (s *server) PublishDraft(ctx context.Context, r *qidongv1.PublishDraftRequest) (*qidongv1.PublishDraftResponse, error) {
	o, err := domainPlan(r.Plan)
	if err != nil {
		return nil, err
	}
	p, err := s.svc.PublishDraft(ctx, ActorFrom(ctx), r.Journey, r.Revision, o)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PublishDraftResponse{
		Version: protoVersion(p.Version), Move: protoMove(p.Move), Open: p.Gate.Open, Checked: int32(p.Gate.Checked),
	}, nil
}

func (s *server) WatchDraft(ctx context.Context, r *qidongv1.WatchDraftRequest, out *connect.ServerStream[qidongv1.WatchDraftResponse]) error {
	ctx, cancel := context.WithTimeout(ctx, maxWatch)
	defer cancel()
	for revision := int64(-1); ; {
		now, err := s.svc.WatchDraft(ctx, ActorFrom(ctx), r.Journey, revision)
		switch {
		case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return nil
		case err != nil:
			return s.toConnect(ctx, err) // interceptors of unary calls do not see streams
		}
		if err := out.Send(&qidongv1.WatchDraftResponse{Revision: now}); err != nil {
			return err
		}
		revision = now
	}
}

func (s *server) ListJourneyTemplates(context.Context, *qidongv1.ListJourneyTemplatesRequest) (*qidongv1.ListJourneyTemplatesResponse, error) {
	return &qidongv1.ListJourneyTemplatesResponse{Templates: each(edit.Templates(), func(t edit.Template) *qidongv1.JourneyTemplate {
		return &qidongv1.JourneyTemplate{
			Name: t.Name, Title: t.Title, Description: t.Description, Steps: int32(t.Steps), Source: []byte(t.Source),
		}
	})}, nil
}

func protoDraft(v orchestrator.DraftView) *qidongv1.Draft {
	return &qidongv1.Draft{
		Journey: v.Journey, Revision: v.Revision, Source: []byte(v.Source), Base: int32(v.Base), Newest: int32(v.Newest),
		Problems: protoProblems(v.Problems), CanUndo: v.CanUndo, CanRedo: v.CanRedo,
		UpdateTime: protoTime(v.UpdatedAt), UpdatedBy: v.UpdatedBy,
	}
}

func domainCommand(c *qidongv1.DraftCommand) (edit.Command, error) {
	value, err := domainJSON(c.Value)
	if err != nil {
		return edit.Command{}, err
	}
	out := edit.Command{
		Op: edit.Op(c.Op), Steps: c.Steps, Field: c.Field, Value: value, Kind: c.Kind, ID: c.Id, Arm: c.Arm, Index: int(c.Index), Source: c.Source,
	}
	if p := c.Place; p != nil {
		out.Place = &edit.Place{After: p.After, In: p.Within, Arm: p.Arm}
	}
	return out, nil
}
