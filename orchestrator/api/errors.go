package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// codes gives every error kind its code. An error of no kind is internal.
var codes = []struct {
	kind error
	code connect.Code
}{
	{orchestrator.ErrInvalid, connect.CodeInvalidArgument},
	{orchestrator.ErrNotFound, connect.CodeNotFound},
	{orchestrator.ErrConflict, connect.CodeAlreadyExists},
	{orchestrator.ErrPrecondition, connect.CodeFailedPrecondition},
	{orchestrator.ErrUnauthorized, connect.CodeUnauthenticated},
	{orchestrator.ErrForbidden, connect.CodePermissionDenied},
	{orchestrator.ErrLimit, connect.CodeResourceExhausted},
	{orchestrator.ErrUnavailable, connect.CodeUnavailable},
	{context.Canceled, connect.CodeCanceled},
	{context.DeadlineExceeded, connect.CodeDeadlineExceeded},
}

// toConnect gives err its code and its typed details. The text of an error of
// no kind may tell of our insides: it goes to the log, its id to the client.
func (s *server) toConnect(ctx context.Context, err error) *connect.Error {
	if coded := (*connect.Error)(nil); errors.As(err, &coded) {
		return coded
	}
	if invalid := (*orchestrator.ValidationError)(nil); errors.As(err, &invalid) {
		return withDetail(connect.NewError(connect.CodeInvalidArgument, invalid), &qidongv1.ValidationFailure{
			Subject: invalid.Subject, Problems: protoProblems(invalid.Problems),
		})
	}
	for _, c := range codes {
		if errors.Is(err, c.kind) {
			return connect.NewError(c.code, err)
		}
	}
	return s.internal(ctx, err)
}

func (s *server) internal(ctx context.Context, err error) *connect.Error {
	id := rand.Text()
	s.logger.ErrorContext(ctx, "request failed", slog.String("correlation_id", id), slog.Any("error", err))
	text := fmt.Errorf("something went wrong in the server: its log says more under correlation_id %s", id)
	return withDetail(connect.NewError(connect.CodeInternal, text), &qidongv1.Failure{CorrelationId: id})
}

func withDetail(e *connect.Error, m proto.Message) *connect.Error {
	if d, err := connect.NewErrorDetail(m); err == nil { // fails only for messages that do not marshal
		e.AddDetail(d)
	}
	return e
}

// mapErrors is an interceptor, so that handlers return domain errors.
func (s *server) mapErrors(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		resp, err := next(ctx, req)
		if err != nil {
			return nil, s.toConnect(ctx, err)
		}
		return resp, nil
	}
}

// recovered turns a panic into an internal error.
func (s *server) recovered(ctx context.Context, spec connect.Spec, _ http.Header, p any) error {
	return s.internal(ctx, fmt.Errorf("panicking in %s: %v", spec.Procedure, p))
}

// codeName is the code as POST /events writes it: INVALID_ARGUMENT.
func codeName(c connect.Code) string { return strings.ToUpper(c.String()) }
