package api

import (
	"context"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) SendEvents(ctx context.Context, r *qidongv1.SendEventsRequest) (*qidongv1.SendEventsResponse, error) {
	events, err := eachErr(r.Events, domainEvent)
	if err != nil {
		return nil, err
	}
	accepted, err := s.svc.AcceptEvents(ctx, ActorFrom(ctx), events)
	if err != nil {
		return nil, err
	}
	out := &qidongv1.SendEventsResponse{}
	for i, ok := range accepted {
		out.Results = append(out.Results, &qidongv1.EventResult{Id: events[i].ID, Accepted: ok})
	}
	return out, nil
}

func (s *server) ListEvents(ctx context.Context, r *qidongv1.ListEventsRequest) (*qidongv1.ListEventsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "events", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Events(ctx, a, r.CustomerId, p)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(page, protoEvent)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListEventsResponse{Events: out, NextPageToken: s.pages.token(a, "events", after)}, nil
}

func domainEvent(e *qidongv1.Event) (orchestrator.Event, error) {
	data, err := domainJSON(e.Data)
	if err != nil {
		return orchestrator.Event{}, err
	}
	var at time.Time // zero is now
	if e.Time != nil {
		if err := e.Time.CheckValid(); err != nil {
			return orchestrator.Event{}, fmt.Errorf("%w: time of event %q: %w", orchestrator.ErrInvalid, e.Id, err)
		}
		at = e.Time.AsTime()
	}
	return orchestrator.Event{ID: e.Id, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: at, Data: data}, nil
}

func protoEvent(e orchestrator.Event) (*qidongv1.Event, error) {
	data, err := protoValue(e.Data)
	return &qidongv1.Event{
		Id: e.ID, Source: e.Source, Type: e.Type, Subject: e.Subject, Time: protoTime(e.Time),
		Data: data, ReceiveTime: protoTime(e.ReceivedAt),
	}, err
}

func (s *server) GetInbox(ctx context.Context, _ *qidongv1.GetInboxRequest) (*qidongv1.GetInboxResponse, error) {
	in, err := s.svc.Inbox(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetInboxResponse{
		Pending: in.Pending, Dead: in.Dead, Conflicts: each(in.Conflicts, func(c orchestrator.EventConflict) *qidongv1.EventConflict {
			return &qidongv1.EventConflict{Source: c.Source, Count: c.Count, LastId: c.LastID, LastTime: protoTime(c.LastAt)}
		}),
	}, nil
}

func (s *server) ListDeadEvents(ctx context.Context, r *qidongv1.ListDeadEventsRequest) (*qidongv1.ListDeadEventsResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "dead", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.DeadEvents(ctx, a, p)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(page, func(e orchestrator.Event) (*qidongv1.DeadEvent, error) {
		wire, err := protoEvent(e)
		return &qidongv1.DeadEvent{Event: wire, Reason: e.Reason, Attempts: int32(e.Attempts)}, err
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListDeadEventsResponse{Events: out, NextPageToken: s.pages.token(a, "dead", after)}, nil
}

func (s *server) ReplayEvent(ctx context.Context, r *qidongv1.ReplayEventRequest) (*qidongv1.ReplayEventResponse, error) {
	if err := s.svc.ReplayEvent(ctx, ActorFrom(ctx), r.Source, r.Id); err != nil {
		return nil, err
	}
	return &qidongv1.ReplayEventResponse{}, nil
}
