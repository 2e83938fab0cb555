package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/orchestrator"
)

// refusal is the body of an answer of POST /events that is not 202.
type refusal struct {
	Status   int                    `json:"-"`
	Code     string                 `json:"code"`
	Message  string                 `json:"message"` // a sentence
	Path     string                 `json:"path,omitempty"`
	Problems []orchestrator.Problem `json:"problems,omitempty"` // all of them
}

func (r *refusal) Error() string { return r.Message }

// statuses are those of the codes that intake can meet; 500 for any other.
var statuses = map[connect.Code]int{
	connect.CodeInvalidArgument:    http.StatusBadRequest,
	connect.CodeNotFound:           http.StatusNotFound,
	connect.CodeAlreadyExists:      http.StatusConflict,
	connect.CodeFailedPrecondition: http.StatusBadRequest,
	connect.CodeUnauthenticated:    http.StatusUnauthorized,
	connect.CodePermissionDenied:   http.StatusForbidden,
	connect.CodeResourceExhausted:  http.StatusTooManyRequests,
	connect.CodeUnavailable:        http.StatusServiceUnavailable,
	connect.CodeCanceled:           499, // the client has gone: nobody reads it
	connect.CodeDeadlineExceeded:   http.StatusGatewayTimeout,
}

// intake is POST /events: 202 once every event is stored, 200 when all of them
// were before, with one result each; else none is stored, and the body says why.
func (s *server) intake(auth *authenticator) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		results, err := s.accept(auth, w, r)
		if err != nil {
			refused := s.refuse(r.Context(), err)
			if refused.Status == http.StatusUnauthorized {
				w.Header().Set("WWW-Authenticate", "Bearer")
			}
			writeJSON(w, refused.Status, refused)
			return
		}
		status := http.StatusOK
		if slices.ContainsFunc(results, func(r eventResult) bool { return r.Status == accepted }) {
			status = http.StatusAccepted
		}
		writeJSON(w, status, map[string]any{"results": results})
	}
}

type eventResult struct {
	ID     string `json:"id"`
	Status string `json:"status"` // accepted | duplicate
}

const (
	accepted  = "accepted"
	duplicate = "duplicate" // source and id were known
)

func (s *server) accept(auth *authenticator, w http.ResponseWriter, r *http.Request) ([]eventResult, error) {
	actor, err := auth.actor(r)
	if err != nil {
		return nil, err
	}
	if err := allowed(actor, []string{orchestrator.ScopeAdmin, orchestrator.ScopeEvents}); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxIntake))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, &refusal{
			Status: http.StatusRequestEntityTooLarge, Code: "BODY_TOO_LARGE",
			Message: "The body is larger than 1 MiB (1048576 bytes), the most that one request may carry: send the events in several requests.",
		}
	} else if err != nil {
		return nil, &refusal{Status: http.StatusBadRequest, Code: "BODY_INCOMPLETE", Message: "The body ended before it was complete: send it again."}
	}
	events, err := readEvents(r.Header, body)
	if err != nil {
		return nil, err
	}
	fresh, err := s.svc.AcceptEvents(r.Context(), actor, events)
	if err != nil {
		return nil, err
	}
	results := make([]eventResult, len(events))
	for i, isNew := range fresh {
		results[i] = eventResult{ID: events[i].ID, Status: duplicate}
		if isNew {
			results[i].Status = accepted
		}
	}
	return results, nil
}

// refuse tells an error the HTTP way, by the same table as the RPCs.
func (s *server) refuse(ctx context.Context, err error) *refusal {
	if refused := (*refusal)(nil); errors.As(err, &refused) {
		return refused
	}
	if invalid := (*orchestrator.ValidationError)(nil); errors.As(err, &invalid) {
		return problemRefusal(invalid.Problems)
	}
	coded := s.toConnect(ctx, err)
	status, ok := statuses[coded.Code()]
	if !ok {
		status = http.StatusInternalServerError
	}
	return &refusal{Status: status, Code: codeName(coded.Code()), Message: coded.Message()}
}

// problemRefusal puts the first problem up front; there is at least one.
func problemRefusal(problems []orchestrator.Problem) *refusal {
	r := &refusal{Status: http.StatusBadRequest, Code: "INVALID_EVENT", Message: "The event is not valid.", Problems: problems}
	if len(problems) > 0 {
		r.Code, r.Path, r.Message = problems[0].Code, problems[0].Path, problems[0].Message
		if problems[0].Mend != "" {
			r.Message += " " + problems[0].Mend
		}
	}
	return r
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails only when the client is gone
}
