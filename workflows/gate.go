package workflows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// Command tells an enrollment what an operator wants. The answer says whether
// that is done; otherwise it is once the steps under way let go. [ErrNotFound]:
// it has ended, or has not begun.
func (e *Engine) Command(ctx context.Context, enrollment string, c orchestrator.Command) (done bool, err error) {
	var answer string
	err = e.update(ctx, &answer, client.UpdateWorkflowOptions{
		WorkflowID: enrollment, UpdateName: updateCommand, UpdateID: c.ID, Args: []any{c},
	})
	return answer == commandDone, kind(err, "telling enrollment "+enrollment+" to "+c.Action)
}

// update tells an enrollment something and waits until it has taken it. When the
// enrollment is between two runs it is asked again.
func (e *Engine) update(ctx context.Context, answer any, o client.UpdateWorkflowOptions) error {
	o.WaitForStage = client.WorkflowUpdateStageCompleted
	for attempt := 1; ; attempt++ {
		handle, err := e.Client.UpdateWorkflow(ctx, o)
		if err == nil {
			err = handle.Get(ctx, answer)
		}
		var app *temporal.ApplicationError
		if !errors.As(err, &app) || app.Type() != refusedForNow || attempt == maxAsked {
			return err
		}
		if o.UpdateID != "" {
			o.UpdateID += "+" // a refusal is remembered under the id
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond): //nolint:forbidigo // no workflow code
		}
	}
}

// maxAsked is how often an enrollment between two runs is asked.
const maxAsked = 20

// maxReplayed bounds the events of a history that is replayed, well above where
// an enrollment continues as new.
const maxReplayed = 20_000

// history fetches the history of an enrollment's latest run.
func (e *Engine) history(ctx context.Context, enrollment string) (*historypb.History, error) {
	h := &historypb.History{}
	events := e.Client.GetWorkflowHistory(ctx, enrollment, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, kind(err, "fetching the history of "+enrollment)
		}
		if h.Events = append(h.Events, event); len(h.Events) > maxReplayed {
			return nil, fmt.Errorf("fetching the history of %s: %w: it has more than %d events", enrollment, orchestrator.ErrLimit, maxReplayed)
		}
	}
	if len(h.Events) == 0 {
		return nil, fmt.Errorf("fetching the history of %s: %w", enrollment, orchestrator.ErrNotFound)
	}
	return h, nil
}

// Replay runs this process's interpreter over the enrollment's history. An
// [orchestrator.ErrPrecondition] says how it does not fit.
func (e *Engine) Replay(ctx context.Context, enrollment string) error {
	h, err := e.history(ctx, enrollment)
	if err != nil {
		return err
	}
	return e.replay(enrollment, h)
}

func (e *Engine) replay(enrollment string, h *historypb.History) error {
	if t := h.Events[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName(); t != workflowEnrollment {
		return nil // a journey written in Go: its engineer's tests replay it
	}
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions((&Workflows{Definitions: e.Definitions}).Enrollment, workflow.RegisterOptions{Name: workflowEnrollment})
	if err := r.ReplayWorkflowHistory(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)), h); err != nil {
		return fmt.Errorf("%w: the history of %s does not replay: %w", orchestrator.ErrPrecondition, enrollment, err)
	}
	return nil
}

// Rehearse tells whether an enrollment could be moved to another version as it
// stands now, without changing it. An [orchestrator.ErrPrecondition] says why
// not: a step from which the mapping leads nowhere, a result that later steps
// need and this enrollment has gone past without, an expression of the step
// where it goes on that cannot be evaluated.
func (e *Engine) Rehearse(ctx context.Context, enrollment string, m orchestrator.Rehearsal) error {
	h, err := e.history(ctx, enrollment)
	if err != nil {
		return err
	}
	var in Input
	started := h.Events[0].GetWorkflowExecutionStartedEventAttributes()
	if err := converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in); err != nil {
		return fmt.Errorf("reading the input of %s: %w", enrollment, err)
	}
	value, err := e.Client.QueryWorkflow(ctx, enrollment, "", queryState)
	if err != nil {
		return kind(err, "asking enrollment "+enrollment)
	}
	s := &State{}
	if err := value.Get(s); err != nil {
		return fmt.Errorf("reading the state of %s: %w", enrollment, err)
	}
	r := &run{in: in, s: s, program: m.New, bound: s.Bindings}
	if err := r.rehearse(m, time.Now()); err != nil { //nolint:forbidigo // no workflow code
		return fmt.Errorf("%w: enrollment %s: %w", orchestrator.ErrPrecondition, enrollment, err)
	}
	return nil
}

// rehearse looks at what a migrate would do.
func (r *run) rehearse(m orchestrator.Rehearsal, now time.Time) error {
	if r.ending() {
		return nil // it ends on its version
	}
	plan, problem := planMove(r.s.Branches, m.Old, m.New, m.Mapping)
	if problem != nil {
		return errors.New(problem.Message)
	}
	for _, p := range plan {
		if err := r.rehearseBranch(p, now); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) rehearseBranch(m branchMove, now time.Time) error {
	bound := func(step string) bool {
		_, large := r.s.Large[step]
		return large || r.s.Bindings[step] != nil
	}
	if missing := r.program.Unbound(m.target, bound); len(missing) > 0 {
		return fmt.Errorf("from step %s on, the new version needs the result of %s, which this enrollment has gone past without", m.target, missing[0])
	}
	if len(r.s.Large) > 0 || r.in.Carried != nil {
		return nil // what expressions see is not all here
	}
	step, scope := r.program.Step(m.target), r.scopeAt(now.Add(m.b.Shift))
	if w := m.b.Wait; w != nil && step.Wait != nil {
		scope.Now = w.Opened.Add(m.b.Shift)
	}
	var err error
	switch {
	case step.Wait != nil:
		_, _, err = r.program.Timeout(step.ID, scope)
	case step.Call != nil:
		_, err = r.program.Input(step.ID, scope)
	case step.Choose != nil:
		_, err = r.program.ChooseArm(step.ID, scope)
	}
	if err != nil {
		return fmt.Errorf("at step %s of the new version: %w", m.target, err)
	}
	return nil
}
