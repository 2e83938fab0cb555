package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Engine is orchestrator.Engine over a Temporal client. It is safe for
// concurrent use.
type Engine struct {
	Client client.Client
	// Definitions are for replaying histories, and tell which journeys are
	// written in Go: without them none is. The workers' will do.
	Definitions Definitions
	signals     signalCounts
}

// workflowTaskTimeout bounds how long a task of a dead worker is waited for.
const workflowTaskTimeout = 2 * time.Second

// Start starts the workflow of an enrollment, once.
func (e *Engine) Start(ctx context.Context, n orchestrator.Enrollment, c orchestrator.Customer, vars map[string]any) error {
	var entry map[string]any
	if len(n.Entry) > 0 {
		if err := json.Unmarshal(n.Entry, &entry); err != nil {
			return fmt.Errorf("reading the entry data of %s: %w: %w", n.ID, err, orchestrator.ErrInvalid)
		}
	}
	options := client.StartWorkflowOptions{
		ID: n.ID, TaskQueue: TaskQueue, WorkflowTaskTimeout: workflowTaskTimeout,
		// The store's row is the lasting guard against a second enrollment; this
		// one covers a start that is tried again.
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         true,
	}
	workflowType, in := workflowEnrollment, Input{
		Enrollment: n.ID, Workspace: n.Workspace, Journey: n.Journey, Digest: n.Digest,
		Customer: c.Scope(), Vars: vars, Entry: entry, Pace: n.Pace,
	}
	coded, err := e.coded(n.Digest)
	if err != nil {
		return fmt.Errorf("starting enrollment %s: %w", n.ID, err)
	}
	if coded != nil {
		workflowType, in.Definition = codeType(n.Journey), coded
		options.TaskQueue, options.EnableEagerStart = coded.Worker.Queue, false // that worker is elsewhere
	}
	_, err = e.Client.ExecuteWorkflow(ctx, options, workflowType, in)
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &started) {
		return nil
	}
	return kind(err, "starting enrollment "+n.ID)
}

// coded is the definition if the journey is written in Go, else nil.
func (e *Engine) coded(digest string) (*journey.Definition, error) {
	if e.Definitions == nil {
		return nil, nil
	}
	program, err := e.Definitions.Program(digest)
	if err != nil || program.Definition().Worker == nil {
		return nil, err
	}
	return program.Definition(), nil
}

// Resolve resolves the open incident of an enrollment, and returns when the
// enrollment has taken the answer.
func (e *Engine) Resolve(ctx context.Context, enrollment string, r orchestrator.Resolution) error {
	err := e.update(ctx, nil, client.UpdateWorkflowOptions{WorkflowID: enrollment, UpdateName: updateResolve, Args: []any{r}})
	return kind(err, "resolving the incident of "+enrollment)
}

// State asks an enrollment for its state.
func (e *Engine) State(ctx context.Context, enrollment string) (json.RawMessage, error) {
	value, err := e.Client.QueryWorkflow(ctx, enrollment, "", queryState)
	if err != nil {
		return nil, kind(err, "asking enrollment "+enrollment)
	}
	var s json.RawMessage
	if err := value.Get(&s); err != nil {
		return nil, fmt.Errorf("reading the state of %s: %w", enrollment, err)
	}
	return s, nil
}

// Ping says whether Temporal answers.
func (e *Engine) Ping(ctx context.Context) error {
	_, err := e.Client.CheckHealth(ctx, &client.CheckHealthRequest{})
	return kind(err, "asking Temporal for its health")
}

// kind gives Temporal's errors the domain's kinds. Unknown ones stay internal.
func kind(err error, doing string) error {
	if err == nil {
		return nil
	}
	var (
		notFound    *serviceerror.NotFound
		unavailable *serviceerror.Unavailable
		deadline    *serviceerror.DeadlineExceeded
		app         *temporal.ApplicationError
	)
	switch {
	case errors.As(err, &notFound):
		return fmt.Errorf("%s: %w: %w", doing, orchestrator.ErrNotFound, err)
	case errors.As(err, &unavailable), errors.As(err, &deadline), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: %w: %w", doing, orchestrator.ErrUnavailable, err)
	case errors.As(err, &app) && app.Type() == "PRECONDITION":
		return fmt.Errorf("%s: %w: %s", doing, orchestrator.ErrPrecondition, app.Message())
	case errors.As(err, &app) && app.Type() == refusedForNow:
		return fmt.Errorf("%s: %w: %s", doing, orchestrator.ErrUnavailable, app.Message())
	case errors.As(err, &app) && app.Type() == "INVALID":
		return fmt.Errorf("%s: %w: %s", doing, orchestrator.ErrInvalid, app.Message())
	}
	return fmt.Errorf("%s: %w", doing, err)
}
