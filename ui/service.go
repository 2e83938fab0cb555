package ui

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// Service is what the pages ask of the domain; *orchestrator.Service is one.
// Each area of the pages names what it needs.
type Service interface {
	SignIn(ctx context.Context, secret string) (orchestrator.Actor, error)
	homeService
	journeyService
	liveService
	draftService
	publishService
	simulateService
	enrollmentService
	customerService
	personService
	repairService
	peopleService
	watchService
	templateService
	pluginService
}

var _ Service = (*orchestrator.Service)(nil)

type journeyService interface {
	Journeys(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Journey, error)
	Journey(ctx context.Context, a orchestrator.Actor, name string) (orchestrator.Journey, orchestrator.Version, error)
	SetJourneyStatus(ctx context.Context, a orchestrator.Actor, name string, st orchestrator.JourneyStatus) error
}

type liveService interface {
	Live(ctx context.Context, a orchestrator.Actor, f orchestrator.LiveFilter) ([]orchestrator.StepLive, error)
	Stays(ctx context.Context, a orchestrator.Actor, f orchestrator.LiveFilter, p orchestrator.Page) ([]orchestrator.Enrollment, string, error)
	Versions(ctx context.Context, a orchestrator.Actor, name string) ([]orchestrator.Version, error)
}

type enrollmentService interface {
	Enroll(ctx context.Context, a orchestrator.Actor, r orchestrator.EnrollRequest) (orchestrator.Enrollment, error)
	Enrollments(ctx context.Context, a orchestrator.Actor, f orchestrator.EnrollmentFilter, p orchestrator.Page) ([]orchestrator.Enrollment, string, error)
	Enrollment(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.EnrollmentView, error)
	Incidents(ctx context.Context, a orchestrator.Actor, open bool, p orchestrator.Page) ([]orchestrator.Incident, string, error)
	Resolve(ctx context.Context, a orchestrator.Actor, enrollment string, r orchestrator.Resolution) error
}

type customerService interface {
	PutCustomer(ctx context.Context, a orchestrator.Actor, c orchestrator.Customer) (orchestrator.Customer, error)
	Customer(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Customer, error)
	Customers(ctx context.Context, a orchestrator.Actor, query string, p orchestrator.Page) ([]orchestrator.Customer, string, error)
	LatestMessages(ctx context.Context, a orchestrator.Actor, customer string, limit int) ([]orchestrator.Message, error)
	Events(ctx context.Context, a orchestrator.Actor, customer string, p orchestrator.Page) ([]orchestrator.Event, string, error)
	ReceiveMessage(ctx context.Context, a orchestrator.Actor, customer, channel, text, id string) error
	Receipt(ctx context.Context, a orchestrator.Actor, customer string, r orchestrator.Receipt, messages ...string) error
	Reply(ctx context.Context, a orchestrator.Actor, customer, messageID, postback string) error
	Companion(ctx context.Context, token string) (orchestrator.CompanionView, error)
	CompanionReply(ctx context.Context, token, messageID, postback string) error
	CompanionSay(ctx context.Context, token, text, id string) error
	MediaQR(ctx context.Context, mediaToken string, n int) (string, error)
}
