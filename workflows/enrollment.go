package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Definitions finds definitions by digest. A digest names content, so asking
// is deterministic: the answer never changes. Implementations cache.
type Definitions interface {
	Program(digest string) (*journey.Program, error)
}

// Workflows holds the workflow types. Register it with [Register].
type Workflows struct {
	Definitions Definitions
}

// run is an enrollment while a worker has it in memory.
type run struct {
	in      Input
	s       *State
	program *journey.Program
	// interrupt cancels the step under way; nil between steps.
	interrupt workflow.CancelFunc
	// resolution is an operator's answer not yet acted on.
	resolution *orchestrator.Resolution
}

// Enrollment is one customer's passage through one journey.
func (w *Workflows) Enrollment(ctx workflow.Context, in Input) (Result, error) {
	program, err := w.Definitions.Program(in.Digest)
	if err != nil {
		// Fails the workflow task, which is tried again, never the workflow: the
		// definition may be late on this worker, but it does exist.
		panic(fmt.Sprintf("loading definition %s: %v", in.Digest, err)) //nolint:forbidigo // the only way to fail a workflow task
	}
	r := &run{in: in, s: in.State, program: program}
	if r.s == nil {
		r.begin(ctx)
	}
	if r.s.Bindings == nil { // JSON leaves empty maps out
		r.s.Bindings = map[string]any{}
	}
	if r.s.Visits == nil {
		r.s.Visits = map[string]int{}
	}
	if err := r.handle(ctx); err != nil {
		return Result{}, err
	}
	stopListening := r.listen(ctx)
	if err := r.walk(ctx); err != nil {
		return Result{}, err
	}
	if r.s.Phase != phaseEnd {
		if err := stopListening(ctx); err != nil {
			return Result{}, err
		}
		return Result{}, r.continueAsNew(ctx)
	}
	return Result{Outcome: r.s.Outcome}, nil
}

// begin makes the state of a new enrollment.
func (r *run) begin(ctx workflow.Context) {
	r.s = &State{
		Phase: phaseRun, Cursor: r.program.First(), Exit: -1,
		StartedAt: workflow.Now(ctx).UTC(),
	}
	r.log(ctx, orchestrator.LogStarted, "", nil)
}

// walk runs the enrollment until it ends or its history is long enough to
// continue as new.
func (r *run) walk(ctx workflow.Context) error {
	for {
		if ctx.Err() != nil {
			ctx, _ = workflow.NewDisconnectedContext(ctx)
			if err := r.cancelled(ctx); err != nil {
				return err
			}
		}
		r.judgeExits(ctx)
		switch {
		case r.s.Phase == phaseEnd:
			return r.end(ctx)
		case r.full(ctx):
			return nil
		case r.s.Phase == phaseUndo:
			if err := r.unwind(ctx); err != nil {
				return err
			}
		case r.interrupted():
			if err := r.leave(ctx); err != nil {
				return err
			}
		case r.s.Cursor == "":
			r.finish("completed", false)
		default:
			if err := r.step(ctx); err != nil {
				return err
			}
		}
	}
}

// step runs the step at the cursor and moves the cursor on. An exit criterion
// met meanwhile interrupts it.
func (r *run) step(ctx workflow.Context) error {
	step := r.program.Step(r.s.Cursor)
	if step == nil {
		return fmt.Errorf("definition %s has no step %q", r.in.Digest, r.s.Cursor)
	}
	if r.fresh() {
		r.s.Visits[step.ID]++
		r.log(ctx, orchestrator.LogEntered, step.ID, nil)
	}
	stepCtx, cancel := workflow.WithCancel(ctx)
	r.interrupt = cancel
	defer func() { r.interrupt = nil; cancel() }()

	out, err := r.execute(stepCtx, step)
	switch {
	case err == nil && r.s.Phase != phaseRun: // the step ended the enrollment
		r.log(ctx, orchestrator.LogDone, step.ID, out.detail)
	case err == nil:
		r.done(ctx, step, out)
	case !r.stopped(ctx, err):
		return err
	}
	return nil
}

// fresh tells whether the step at the cursor begins now, rather than goes on
// after continue-as-new.
func (r *run) fresh() bool { return r.s.Wait == nil && r.s.Incident == nil }

// errYield ends a step's execution early: it goes on after continue-as-new.
var errYield = errors.New("continue as new")

// interrupted tells whether an exit criterion has been met and not acted on.
func (r *run) interrupted() bool { return r.s.Exit >= 0 && r.s.Outcome == "" && r.s.Phase == phaseRun }

// expired tells whether the enrollment's deadline has ended it.
func (r *run) expired() bool { return r.s.Phase == phaseEnd }

// stepResult is what a step gave: what it binds, and the arm it took.
type stepResult struct {
	bind   map[string]any
	arm    string
	detail map[string]any // for the journey log
}

// done binds a step's result and moves the cursor on.
func (r *run) done(ctx workflow.Context, step *journey.Step, out stepResult) {
	if out.bind != nil {
		r.s.Bindings[step.ID] = out.bind
	}
	detail := out.detail
	if out.arm != "" {
		if detail == nil {
			detail = map[string]any{}
		}
		detail["arm"] = out.arm
	}
	r.log(ctx, orchestrator.LogDone, step.ID, detail)
	r.s.Cursor = r.program.Next(step.ID, out.arm)
}

// leave acts on the exit criterion that was met.
func (r *run) leave(ctx workflow.Context) error {
	exit := r.program.Definition().Exit[r.s.Exit]
	r.s.Wait = nil
	r.log(ctx, orchestrator.LogExit, "", map[string]any{"exit": exit.ID, "event": r.s.ExitEvent.Type, "event_id": r.s.ExitEvent.ID})
	if r.s.Incident != nil {
		r.resolved(ctx, "exit", exit.ID)
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	r.s.Bindings["exit"] = map[string]any{"event": r.s.ExitEvent.scope()}
	r.s.Outcome = exit.Outcome
	r.s.Cursor = r.program.ExitFirst(r.s.Exit)
	if exit.Undo {
		r.s.Phase = phaseUndo
	}
	return nil
}

// finish decides how the enrollment ends, with an undo first if asked.
func (r *run) finish(outcome string, undo bool) {
	if r.s.Outcome == "" {
		r.s.Outcome = outcome
	}
	r.s.Cursor, r.s.Phase = "", phaseEnd
	if undo {
		r.s.Phase = phaseUndo
	}
}

// cancelled ends an enrollment that was cancelled by Temporal's own means, as an
// exit with an undo would.
func (r *run) cancelled(ctx workflow.Context) error {
	if r.s.Phase != phaseRun {
		return nil
	}
	r.s.Wait = nil
	r.log(ctx, orchestrator.LogExit, "", map[string]any{"exit": "cancelled"})
	r.finish("cancelled", true)
	if r.s.Incident == nil {
		return nil
	}
	r.resolved(ctx, "exit", "cancelled")
	return r.flush(ctx)
}

// end tells the store that the enrollment is over.
func (r *run) end(ctx workflow.Context) error {
	r.log(ctx, orchestrator.LogEnded, "", map[string]any{"outcome": r.s.Outcome})
	return r.flush(ctx)
}

// full tells whether the history is so long that the workflow should continue
// as new.
func (r *run) full(ctx workflow.Context) bool {
	limit := r.in.HistoryLimit
	if limit == 0 {
		limit = 2048
	}
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > limit
}

// continueAsNew hands the state to the next run. Updates under way end first,
// and every signal that has arrived goes along.
func (r *run) continueAsNew(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	r.drain(ctx)
	in := r.in
	in.State = r.s
	return workflow.NewContinueAsNewError(ctx, workflowEnrollment, in)
}

// scope is what expressions see now.
func (r *run) scope(ctx workflow.Context) journey.Scope {
	return journey.Scope{
		Now: r.now(ctx), Customer: r.in.Customer, Vars: r.in.Vars, Entry: r.in.Entry, Steps: r.s.Bindings,
	}
}

// key is the idempotency key of a step's effect.
func (r *run) key(step string) string {
	return fmt.Sprintf("%s/%s/%d", r.in.Enrollment, step, r.s.Visits[step])
}
