package ui

import (
	"context"
	"encoding/json"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// personService is what the pages of one customer ask, besides customerService.
type personService interface {
	FindCustomers(ctx context.Context, a orchestrator.Actor, f orchestrator.CustomerFilter, p orchestrator.Page) ([]orchestrator.Customer, string, error)
	History(ctx context.Context, a orchestrator.Actor, customer string, kinds []orchestrator.HistoryKind, p orchestrator.Page) ([]orchestrator.HistoryItem, string, error)
	Consents(ctx context.Context, a orchestrator.Actor, customer string) ([]orchestrator.Standing, error)
	SetConsent(ctx context.Context, a orchestrator.Actor, c orchestrator.Consent) (orchestrator.Consent, error)
	TagCustomer(ctx context.Context, a orchestrator.Actor, id string, add, remove []string) (orchestrator.Customer, error)
	SegmentsOf(ctx context.Context, a orchestrator.Actor, customer string) ([]orchestrator.Membership, error)
	EntryDecisions(ctx context.Context, a orchestrator.Actor, customer, journey string, p orchestrator.Page) (orchestrator.EntryAnswer, string, error)
	ExportCustomer(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.CustomerExport, error)
	PreviewErase(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.ErasePreview, error)
	EraseCustomer(ctx context.Context, a orchestrator.Actor, id string) (map[string]int64, error)
}

// repairService is what operators do to enrollments and incidents.
type repairService interface {
	Attempts(ctx context.Context, a orchestrator.Actor, enrollment string) ([]orchestrator.Attempt, error)
	MoveEnrollment(ctx context.Context, a orchestrator.Actor, id, step string) error
	RemoveEnrollment(ctx context.Context, a orchestrator.Actor, id string, undo bool) error
	FindIncidents(ctx context.Context, a orchestrator.Actor, f orchestrator.IncidentFilter, p orchestrator.Page) ([]orchestrator.Incident, string, error)
	IncidentGroups(ctx context.Context, a orchestrator.Actor, f orchestrator.IncidentFilter) ([]orchestrator.IncidentGroup, error)
	PreviewResolution(ctx context.Context, a orchestrator.Actor, f orchestrator.IncidentFilter, r orchestrator.Resolution) (orchestrator.ResolutionPreview, error)
	ResolveIncidents(ctx context.Context, a orchestrator.Actor, f orchestrator.IncidentFilter, r orchestrator.Resolution, expect int64) (orchestrator.BulkJob, error)
	BulkJob(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.BulkJob, error)
	BulkJobs(ctx context.Context, a orchestrator.Actor, journey string, p orchestrator.Page) ([]orchestrator.BulkJob, string, error)
	BulkItems(ctx context.Context, a orchestrator.Actor, id string, st orchestrator.BulkItemState, p orchestrator.Page) ([]orchestrator.BulkItem, string, error)
	StopBulkJob(ctx context.Context, a orchestrator.Actor, id string) error
}

// peopleService is people's work, and the groups that journeys reach.
type peopleService interface {
	Tasks(ctx context.Context, a orchestrator.Actor, f orchestrator.TaskFilter, p orchestrator.Page) ([]orchestrator.Task, string, error)
	Task(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Task, error)
	CompleteTask(ctx context.Context, a orchestrator.Actor, id string, result json.RawMessage) (orchestrator.Task, error)
	Segments(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Segment, error)
	Segment(ctx context.Context, a orchestrator.Actor, name string) (orchestrator.Segment, error)
	PutSegment(ctx context.Context, a orchestrator.Actor, g orchestrator.Segment) (orchestrator.Segment, error)
	DeleteSegment(ctx context.Context, a orchestrator.Actor, name string) error
	SegmentMembers(ctx context.Context, a orchestrator.Actor, name string, p orchestrator.Page) ([]orchestrator.Membership, string, error)
	PreviewSegment(ctx context.Context, a orchestrator.Actor, source string, limit int) (orchestrator.Preview, error)
	StartCampaign(ctx context.Context, a orchestrator.Actor, journey, segment, key string, rate int) (orchestrator.Campaign, error)
	StopCampaign(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Campaign, error)
	PauseCampaign(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Campaign, error)
	ResumeCampaign(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Campaign, error)
	Campaign(ctx context.Context, a orchestrator.Actor, id string) (orchestrator.Campaign, error)
	Campaigns(ctx context.Context, a orchestrator.Actor, journey string, p orchestrator.Page) ([]orchestrator.Campaign, string, error)
}

// watchService is how everything runs, who did what, and what is set.
type watchService interface {
	Operations(ctx context.Context, a orchestrator.Actor) (orchestrator.Operations, error)
	AuditPage(ctx context.Context, a orchestrator.Actor, f orchestrator.AuditFilter, p orchestrator.Page) ([]orchestrator.AuditRecord, string, error)
	CheckAudit(ctx context.Context, a orchestrator.Actor) (int, error)
	Settings(ctx context.Context, a orchestrator.Actor) (orchestrator.Settings, error)
	SetSettings(ctx context.Context, a orchestrator.Actor, v orchestrator.Settings) error
	Tokens(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Token, error)
	CreateToken(ctx context.Context, a orchestrator.Actor, name string, scopes []string, life time.Duration) (string, error)
	RevokeToken(ctx context.Context, a orchestrator.Actor, id string) error
	InviteLink(ctx context.Context, a orchestrator.Actor) (string, error)
	Guardrails(ctx context.Context, a orchestrator.Actor) (orchestrator.Guardrails, error)
	SetGuardrails(ctx context.Context, a orchestrator.Actor, g orchestrator.Guardrails) (orchestrator.Guardrails, error)
}
