// Package api is the server side of API qidong.v1: Connect handlers, the intake
// of CloudEvents, and health. It turns protobuf into domain types and back,
// bearer tokens into actors, and errors into codes; it decides nothing else.
package api

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// The most bytes that one request may have, after decompression.
const (
	MaxRequest = 1 << 20 // every RPC but those of PluginService and DraftService
	MaxUpload  = 9 << 20 // PluginService: a module of 8 MiB and what goes with it; DraftService: a large journey
	MaxIntake  = 1 << 20 // POST /events
)

// Deps is what the API needs.
type Deps struct {
	Service *orchestrator.Service
	Logger  *slog.Logger
	// Session tells who is signed in by cookie, when there is no bearer token;
	// nil means that nobody is. Requests that count on it must not be
	// cross-origin.
	Session func(*http.Request) (orchestrator.Actor, bool)
	// PageKey authenticates page tokens. Servers behind one address share it;
	// nil is a random key, so that page tokens end with the process.
	PageKey []byte
}

// New returns the whole API as one handler, safe for concurrent use. The
// caller's http.Server bounds headers and the time that reading them may take.
func New(d Deps) http.Handler {
	mux := http.NewServeMux()
	Register(mux, d)
	return mux
}

// Register adds the API's routes to mux: one prefix for each service, POST
// /events, GET /livez and GET /readyz.
func Register(mux *http.ServeMux, d Deps) {
	if d.PageKey == nil {
		d.PageKey = make([]byte, 32)
		_, _ = rand.Read(d.PageKey) // never fails
	}
	s := &server{svc: d.Service, logger: d.Logger, pages: pager{key: d.PageKey}}
	opts := connect.WithHandlerOptions(
		connect.WithReadMaxBytes(MaxRequest),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(s.mapErrors)),
		connect.WithRecover(s.recovered),
	)
	auth := &authenticator{svc: d.Service, session: d.Session, writer: connect.NewErrorWriter(), mapError: s.toConnect}
	handle := func(prefix string, h http.Handler) { mux.Handle(prefix, auth.wrap(h)) }
	handle(qidongv1connect.NewJourneyServiceHandler(s, opts))
	handle(qidongv1connect.NewPluginServiceHandler(s, opts, connect.WithReadMaxBytes(MaxUpload)))
	handle(qidongv1connect.NewDraftServiceHandler(s, opts, connect.WithReadMaxBytes(MaxUpload)))
	handle(qidongv1connect.NewFragmentServiceHandler(s, opts))
	handle(qidongv1connect.NewSecretServiceHandler(s, opts))
	handle(qidongv1connect.NewCustomerServiceHandler(s, opts))
	handle(qidongv1connect.NewEnrollmentServiceHandler(s, opts))
	handle(qidongv1connect.NewIncidentServiceHandler(s, opts))
	handle(qidongv1connect.NewEventServiceHandler(s, opts))
	handle(qidongv1connect.NewTaskServiceHandler(s, opts))
	handle(qidongv1connect.NewEntryServiceHandler(s, opts))
	handle(qidongv1connect.NewSurveyServiceHandler(s, opts))
	handle(qidongv1connect.NewGuardrailServiceHandler(s, opts))
	handle(qidongv1connect.NewSegmentServiceHandler(s, opts))
	handle(qidongv1connect.NewCampaignServiceHandler(s, opts))
	mux.HandleFunc("POST /events", s.intake(auth))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "live"})
	})
	mux.HandleFunc("GET /readyz", s.ready)
}

// server implements every service; their method names do not overlap.
type server struct {
	svc    *orchestrator.Service
	logger *slog.Logger
	pages  pager
}

// ready tells an unauthenticated asker only whether, not why.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := s.svc.Ready(ctx); err != nil {
		s.logger.WarnContext(ctx, "not ready", slog.Any("error", err))
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}
