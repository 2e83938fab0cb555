// Package client talks to a Qidong server: the services of API qidong.v1,
// and events as CloudEvents.
package client

import (
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// maxResponse bounds what a client reads of one response.
const maxResponse = 64 << 20

// Client is one server as seen with one token. It is safe for concurrent use.
// Its calls have no time limit of their own: give them a context with one.
type Client struct {
	Journeys    qidongv1connect.JourneyServiceClient
	Drafts      qidongv1connect.DraftServiceClient
	Fragments   qidongv1connect.FragmentServiceClient
	Plugins     qidongv1connect.PluginServiceClient
	Secrets     qidongv1connect.SecretServiceClient
	Customers   qidongv1connect.CustomerServiceClient
	Enrollments qidongv1connect.EnrollmentServiceClient
	Events      qidongv1connect.EventServiceClient
	Tasks       qidongv1connect.TaskServiceClient
	Segments    qidongv1connect.SegmentServiceClient
	Campaigns   qidongv1connect.CampaignServiceClient
	Entries     qidongv1connect.EntryServiceClient
	Surveys     qidongv1connect.SurveyServiceClient
	Guardrails  qidongv1connect.GuardrailServiceClient
	Incidents   qidongv1connect.IncidentServiceClient

	base string
	http *http.Client
}

// New returns a client of the server at baseURL ("http://127.0.0.1:7780"; a
// trailing slash does not matter) which sends token with every request. It does
// not connect; a wrong address or token shows in the first call.
func New(baseURL, token string) *Client {
	base := strings.TrimRight(baseURL, "/")
	hc := &http.Client{
		Transport: bearer{token: token, next: http.DefaultTransport},
		// A redirect would carry the token to whatever host it names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	limit := connect.WithReadMaxBytes(maxResponse)
	return &Client{
		Journeys:    qidongv1connect.NewJourneyServiceClient(hc, base, limit),
		Drafts:      qidongv1connect.NewDraftServiceClient(hc, base, limit),
		Fragments:   qidongv1connect.NewFragmentServiceClient(hc, base, limit),
		Plugins:     qidongv1connect.NewPluginServiceClient(hc, base, limit),
		Secrets:     qidongv1connect.NewSecretServiceClient(hc, base, limit),
		Customers:   qidongv1connect.NewCustomerServiceClient(hc, base, limit),
		Enrollments: qidongv1connect.NewEnrollmentServiceClient(hc, base, limit),
		Events:      qidongv1connect.NewEventServiceClient(hc, base, limit),
		Tasks:       qidongv1connect.NewTaskServiceClient(hc, base, limit),
		Segments:    qidongv1connect.NewSegmentServiceClient(hc, base, limit),
		Campaigns:   qidongv1connect.NewCampaignServiceClient(hc, base, limit),
		Entries:     qidongv1connect.NewEntryServiceClient(hc, base, limit),
		Surveys:     qidongv1connect.NewSurveyServiceClient(hc, base, limit),
		Guardrails:  qidongv1connect.NewGuardrailServiceClient(hc, base, limit),
		Incidents:   qidongv1connect.NewIncidentServiceClient(hc, base, limit),
		base:        base,
		http:        hc,
	}
}

// bearer adds the token to every request.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}
