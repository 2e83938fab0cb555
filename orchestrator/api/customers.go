package api

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func (s *server) PutCustomer(ctx context.Context, r *qidongv1.PutCustomerRequest) (*qidongv1.PutCustomerResponse, error) {
	c := r.GetCustomer()
	stored, err := s.svc.PutCustomer(ctx, ActorFrom(ctx), orchestrator.Customer{
		ID: c.GetId(), Name: c.GetName(), Locale: c.GetLocale(), TimeZone: c.GetTimeZone(), Traits: domainMap(c.GetTraits()),
		Tags: c.GetTags(),
		Identities: each(c.GetIdentities(), func(i *qidongv1.Identity) orchestrator.Identity {
			return orchestrator.Identity{Kind: i.Kind, Value: i.Value}
		}),
	})
	if err != nil {
		return nil, err
	}
	out, err := protoCustomer(stored)
	if err != nil {
		return nil, err
	}
	return &qidongv1.PutCustomerResponse{Customer: out}, nil
}

func (s *server) GetCustomer(ctx context.Context, r *qidongv1.GetCustomerRequest) (*qidongv1.GetCustomerResponse, error) {
	c, err := s.svc.Customer(ctx, ActorFrom(ctx), r.Id)
	if err != nil {
		return nil, err
	}
	out, err := protoCustomer(c)
	if err != nil {
		return nil, err
	}
	return &qidongv1.GetCustomerResponse{Customer: out}, nil
}

func (s *server) TagCustomer(ctx context.Context, r *qidongv1.TagCustomerRequest) (*qidongv1.TagCustomerResponse, error) {
	c, err := s.svc.TagCustomer(ctx, ActorFrom(ctx), r.Id, r.Add, r.Remove)
	if err != nil {
		return nil, err
	}
	out, err := protoCustomer(c)
	if err != nil {
		return nil, err
	}
	return &qidongv1.TagCustomerResponse{Customer: out}, nil
}

func (s *server) ListCustomers(ctx context.Context, r *qidongv1.ListCustomersRequest) (*qidongv1.ListCustomersResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "customers", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Customers(ctx, a, r.Query, p)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(page, protoCustomer)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListCustomersResponse{Customers: out, NextPageToken: s.pages.token(a, "customers", after)}, nil
}

func (s *server) ListMessages(ctx context.Context, r *qidongv1.ListMessagesRequest) (*qidongv1.ListMessagesResponse, error) {
	a := ActorFrom(ctx)
	p, err := s.pages.request(a, "messages", r.PageSize, r.PageToken)
	if err != nil {
		return nil, err
	}
	page, after, err := s.svc.Messages(ctx, a, r.CustomerId, p)
	if err != nil {
		return nil, err
	}
	out, err := eachErr(page, protoMessage)
	if err != nil {
		return nil, err
	}
	return &qidongv1.ListMessagesResponse{Messages: out, NextPageToken: s.pages.token(a, "messages", after)}, nil
}

func (s *server) ReplyToMessage(ctx context.Context, r *qidongv1.ReplyToMessageRequest) (*qidongv1.ReplyToMessageResponse, error) {
	if err := s.svc.Reply(ctx, ActorFrom(ctx), r.CustomerId, r.MessageId, r.PostbackData); err != nil {
		return nil, err
	}
	return &qidongv1.ReplyToMessageResponse{}, nil
}

func protoCustomer(c orchestrator.Customer) (*qidongv1.Customer, error) {
	traits, err := protoMap(c.Traits)
	if err != nil {
		return nil, err
	}
	return &qidongv1.Customer{
		Id: c.ID, Name: c.Name, Locale: c.Locale, TimeZone: c.TimeZone, Traits: traits,
		Identities: each(c.Identities, func(i orchestrator.Identity) *qidongv1.Identity {
			return &qidongv1.Identity{Kind: i.Kind, Value: i.Value}
		}),
		Tags: c.Tags, CompanionPath: "/c/" + c.CompanionToken, CreateTime: protoTime(c.CreatedAt),
	}, nil
}

func protoMessage(m orchestrator.Message) (*qidongv1.Message, error) {
	parts, err := eachErr(m.Parts, func(p journey.Part) (*qidongv1.Part, error) {
		body, err := protoValue(p.Body)
		return &qidongv1.Part{ContentType: p.ContentType, Body: body}, err
	})
	if err != nil {
		return nil, err
	}
	return &qidongv1.Message{
		Id: m.ID, EnrollmentId: m.Enrollment, Step: m.Step, Visit: int32(m.Visit), Channel: m.Channel, Category: m.Category,
		Parts: parts, Qr: m.QR, SendTime: protoTime(m.SentAt), Answer: m.Answer, AnswerTime: protoTime(m.AnsweredAt),
	}, nil
}
