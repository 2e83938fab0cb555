package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) GetGuardrails(ctx context.Context, _ *qidongv1.GetGuardrailsRequest) (*qidongv1.GetGuardrailsResponse, error) {
	g, err := s.svc.Guardrails(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetGuardrailsResponse{Guardrails: protoGuardrails(g)}, nil
}

func (s *server) SetGuardrails(ctx context.Context, r *qidongv1.SetGuardrailsRequest) (*qidongv1.SetGuardrailsResponse, error) {
	g, err := domainGuardrails(r.GetGuardrails())
	if err != nil {
		return nil, err
	}
	if g, err = s.svc.SetGuardrails(ctx, ActorFrom(ctx), g); err != nil {
		return nil, err
	}
	return &qidongv1.SetGuardrailsResponse{Guardrails: protoGuardrails(g)}, nil
}

func (s *server) GetConsents(ctx context.Context, r *qidongv1.GetConsentsRequest) (*qidongv1.GetConsentsResponse, error) {
	list, err := s.svc.Consents(ctx, ActorFrom(ctx), r.GetCustomerId())
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetConsentsResponse{Standings: each(list, func(st orchestrator.Standing) *qidongv1.Standing {
		out := &qidongv1.Standing{Channel: st.Channel, Category: st.Category, State: string(st.State)}
		if st.Decision != nil {
			out.Decision = protoConsent(*st.Decision)
		}
		return out
	})}, nil
}

func (s *server) SetConsent(ctx context.Context, r *qidongv1.SetConsentRequest) (*qidongv1.SetConsentResponse, error) {
	c := r.GetConsent()
	kept, err := s.svc.SetConsent(ctx, ActorFrom(ctx), orchestrator.Consent{
		Customer: c.GetCustomerId(), Channel: c.GetChannel(), Category: c.GetCategory(), State: orchestrator.ConsentState(c.GetState()),
		How: c.GetHow(), Note: c.GetNote(),
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.SetConsentResponse{Consent: protoConsent(kept)}, nil
}

func (s *server) ListConsentHistory(ctx context.Context, r *qidongv1.ListConsentHistoryRequest) (*qidongv1.ListConsentHistoryResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "consents", r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	list, after, err := s.svc.ConsentHistory(ctx, a, r.GetCustomerId(), p)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListConsentHistoryResponse{Consents: each(list, protoConsent), NextPageToken: s.pages.token(a, "consents", after)}, nil
}

func protoConsent(c orchestrator.Consent) *qidongv1.Consent {
	return &qidongv1.Consent{
		CustomerId: c.Customer, Channel: c.Channel, Category: c.Category, State: string(c.State), How: c.How, By: c.By, Note: c.Note,
		Time: protoTime(c.At),
	}
}

func protoGuardrails(g orchestrator.Guardrails) *qidongv1.Guardrails {
	out := &qidongv1.Guardrails{
		Marketing: g.Marketing, TimeZone: g.TimeZone, Channels: g.Channels, Patience: durationpb.New(time.Duration(g.Patience)),
		Caps: each(g.Caps, func(c orchestrator.GuardCap) *qidongv1.Cap {
			return &qidongv1.Cap{Category: c.Category, Messages: int32(c.Messages), Per: durationpb.New(time.Duration(c.Per))}
		}),
	}
	if q := g.Quiet; q != nil {
		out.Quiet = &qidongv1.QuietHours{From: q.From, To: q.To, Then: q.Then}
	}
	return out
}

func domainGuardrails(g *qidongv1.Guardrails) (orchestrator.Guardrails, error) {
	out := orchestrator.Guardrails{Marketing: g.GetMarketing(), TimeZone: g.GetTimeZone(), Channels: g.GetChannels()}
	var err error
	if out.Patience, err = domainDuration("patience", g.GetPatience()); err != nil {
		return out, err
	}
	for i, c := range g.GetCaps() {
		per, err := domainDuration(fmt.Sprintf("caps.%d.per", i), c.GetPer())
		if err != nil {
			return out, err
		}
		out.Caps = append(out.Caps, orchestrator.GuardCap{Category: c.GetCategory(), Messages: int(c.GetMessages()), Per: per})
	}
	if q := g.GetQuiet(); q != nil {
		out.Quiet = &journey.Quiet{From: q.GetFrom(), To: q.GetTo(), Then: q.GetThen()}
	}
	return out, nil
}

// domainDuration is 0 when unset.
func domainDuration(path string, d *durationpb.Duration) (journey.Duration, error) {
	if d == nil {
		return 0, nil
	}
	if err := d.CheckValid(); err != nil {
		return 0, fmt.Errorf("%w: %s is no duration: %w", orchestrator.ErrInvalid, path, err)
	}
	return journey.Duration(d.AsDuration()), nil
}
