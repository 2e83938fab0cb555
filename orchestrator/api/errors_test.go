package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func TestEveryErrorKindHasACode(t *testing.T) {
	t.Parallel()
	want := map[string]connect.Code{
		"ErrInvalid":      connect.CodeInvalidArgument,
		"ErrNotFound":     connect.CodeNotFound,
		"ErrConflict":     connect.CodeAlreadyExists,
		"ErrPrecondition": connect.CodeFailedPrecondition,
		"ErrUnauthorized": connect.CodeUnauthenticated,
		"ErrForbidden":    connect.CodePermissionDenied,
		"ErrLimit":        connect.CodeResourceExhausted,
		"ErrUnavailable":  connect.CodeUnavailable,
	}
	kinds := map[string]error{
		"ErrInvalid": orchestrator.ErrInvalid, "ErrNotFound": orchestrator.ErrNotFound,
		"ErrConflict": orchestrator.ErrConflict, "ErrPrecondition": orchestrator.ErrPrecondition,
		"ErrUnauthorized": orchestrator.ErrUnauthorized, "ErrForbidden": orchestrator.ErrForbidden,
		"ErrLimit": orchestrator.ErrLimit, "ErrUnavailable": orchestrator.ErrUnavailable,
	}
	s := &server{logger: slog.New(slog.DiscardHandler)}
	for _, name := range declaredKinds(t) {
		if name == "ErrUndoFirst" { // between the engine and the store; it reaches no caller
			continue
		}
		require.Contains(t, want, name, "errors.go declares a kind that this test does not know")
		got := s.toConnect(t.Context(), fmt.Errorf("finding it: %w", kinds[name]))
		require.Equal(t, want[name], got.Code(), name)
		require.NotZero(t, statuses[got.Code()], "intake has no HTTP status for %s", name)
	}
}

// declaredKinds reads the names of the kinds from the domain's source.
func declaredKinds(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../errors.go", nil, 0)
	require.NoError(t, err)
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Err") {
			names = append(names, v.Names[0].Name)
		}
		return true
	})
	require.NotEmpty(t, names)
	return names
}

func TestToConnect(t *testing.T) {
	t.Parallel()

	t.Run("a validation error carries every problem as a typed detail", func(t *testing.T) {
		t.Parallel()
		s := &server{logger: slog.New(slog.DiscardHandler)}
		problem := orchestrator.Problem{Path: "steps.a", Step: "a", Line: 3, Column: 5, Code: "UNKNOWN_FIELD", Message: "There is no field x.", Mend: "Remove it."}
		got := s.toConnect(t.Context(), fmt.Errorf("publishing: %w", &orchestrator.ValidationError{Subject: "journey j", Problems: []orchestrator.Problem{problem}}))
		require.Equal(t, connect.CodeInvalidArgument, got.Code())
		require.Len(t, got.Details(), 1)
		detail, err := got.Details()[0].Value()
		require.NoError(t, err)
		want := &qidongv1.ValidationFailure{Subject: "journey j", Problems: []*qidongv1.Problem{{
			Path: "steps.a", Step: "a", Line: 3, Column: 5, Code: "UNKNOWN_FIELD", Message: "There is no field x.", Mend: "Remove it.",
		}}}
		require.Empty(t, cmp.Diff(want, detail, protocmp.Transform()))
	})

	t.Run("the text of an unknown error is only in the log, under the id that the client gets", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		s := &server{logger: slog.New(slog.NewTextHandler(&log, nil))}
		got := s.toConnect(t.Context(), errors.New("disk /secret/path is full"))
		require.Equal(t, connect.CodeInternal, got.Code())
		require.NotContains(t, got.Error(), "secret")
		detail, err := got.Details()[0].Value()
		require.NoError(t, err)
		id := detail.(*qidongv1.Failure).GetCorrelationId()
		require.Contains(t, got.Message(), id)
		require.Contains(t, log.String(), "correlation_id="+id)
		require.Contains(t, log.String(), "/secret/path")
	})

	t.Run("a panic is an internal error", func(t *testing.T) {
		t.Parallel()
		s := &server{logger: slog.New(slog.DiscardHandler)}
		require.Equal(t, connect.CodeInternal, connect.CodeOf(s.recovered(t.Context(), connect.Spec{}, nil, "boom")))
	})

	t.Run("a call that its caller gave up is no failure of the server", func(t *testing.T) {
		t.Parallel()
		s := &server{}
		require.Equal(t, connect.CodeCanceled, s.toConnect(t.Context(), fmt.Errorf("asking: %w", context.Canceled)).Code())
		require.Equal(t, connect.CodeDeadlineExceeded, s.toConnect(t.Context(), fmt.Errorf("asking: %w", context.DeadlineExceeded)).Code())
	})
}

func TestRefusalsOfIntakeFollowTheSameTable(t *testing.T) {
	t.Parallel()
	s := &server{logger: slog.New(slog.DiscardHandler)}
	got := s.refuse(t.Context(), fmt.Errorf("%w: too many", orchestrator.ErrLimit))
	require.Equal(t, http.StatusTooManyRequests, got.Status)
	require.Equal(t, "RESOURCE_EXHAUSTED", got.Code)
	require.Equal(t, http.StatusInternalServerError, s.refuse(t.Context(), errors.New("boom")).Status)
}
