package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.temporal.io/sdk/temporal"
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
	definitions Definitions
	in          Input
	s           *State
	program     *journey.Program
	// bound is what expressions see as steps: the bindings of the state, and the
	// large ones that this run has loaded.
	bound map[string]any
	// stop ends the steps under way in all branches; nil while none runs.
	stop    workflow.CancelFunc
	alarm   *alarm    // the timer of the open waits; nil when none was set
	closing bool      // the state is handed to the next run: operators ask again
	renew   bool      // the definition has changed: continue as new
	rang    time.Time // the latest alarm that has rung
	watched time.Time // what the deadline's timer is set for; zero when none is
	code    *coded    // of a journey written in Go; nil when definitions are interpreted
}

// Enrollment is one customer's passage through one journey.
func (w *Workflows) Enrollment(ctx workflow.Context, in Input) (Result, error) {
	program, err := w.Definitions.Program(in.Digest)
	if err != nil {
		// Fails the workflow task, which is tried again, never the workflow: the
		// definition may be late on this worker, but it does exist.
		panic(fmt.Sprintf("loading definition %s: %v", in.Digest, err)) //nolint:forbidigo // the only way to fail a workflow task
	}
	r := &run{definitions: w.Definitions, in: in, program: program}
	if err := r.handle(ctx); err != nil { // before anything is waited for: whoever asks gets an answer
		return Result{}, err
	}
	r.begin(ctx)
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

// begin takes over the state of the run before, or makes that of a new
// enrollment.
func (r *run) begin(ctx workflow.Context) {
	if c := r.in.Carried; c != nil {
		var rest Input
		if err := r.get(ctx, *c, &rest); err != nil {
			// As with the definition: it does exist, or an operator restores it.
			panic(fmt.Sprintf("loading what the run before has stored: %v", err)) //nolint:forbidigo // the only way to fail a workflow task
		}
		r.in.Customer, r.in.Vars, r.in.Entry, r.in.State = rest.Customer, rest.Vars, rest.Entry, rest.State
	}
	r.s, r.in.State = r.in.State, nil
	if r.s == nil {
		r.s = &State{
			Phase: phaseRun, Exit: -1, StartedAt: workflow.Now(ctx).UTC(),
			Branches: []*branch{{Cursor: r.program.First()}},
		}
		r.log(ctx, r.root(), orchestrator.LogStarted, "", nil)
	}
	if r.s.Bindings == nil { // JSON leaves empty maps out
		r.s.Bindings = map[string]any{}
	}
	if r.s.Visits == nil {
		r.s.Visits = map[string]int{}
	}
	r.bound = maps.Clone(r.s.Bindings)
	for _, e := range r.in.Events {
		r.receive(ctx, e)
	}
	r.in.Events = nil
}

// walk runs the enrollment until it ends or its history is long enough to
// continue as new.
func (r *run) walk(ctx workflow.Context) error {
	for {
		if ctx.Err() != nil {
			ctx, _ = workflow.NewDisconnectedContext(ctx)
			r.cancelled(ctx)
		}
		r.changed(ctx)
		switch {
		case r.s.Phase == phaseEnd:
			if err := r.end(ctx); err != nil || r.s.Phase == phaseEnd {
				return err
			}
		case r.long(ctx):
			return nil
		case r.halting():
			if err := r.halt(ctx); err != nil {
				return err
			}
		case r.s.Phase == phaseStop:
			if err := r.wind(ctx); err != nil {
				return err
			}
		case r.s.Phase == phaseUndo:
			if err := r.unwind(ctx); err != nil {
				return err
			}
		case r.interrupted():
			if err := r.leave(ctx); err != nil {
				return err
			}
		default:
			if err := r.advance(ctx); err != nil {
				return err
			}
		}
	}
}

// advance runs the branches until the root reaches its end, or something stops
// them all.
func (r *run) advance(ctx workflow.Context) error {
	runCtx, cancel := workflow.WithCancel(ctx)
	r.stop = cancel
	defer func() { r.stop = nil; cancel() }()
	err := r.follow(runCtx, r.root())
	switch {
	case err == nil:
		r.finish("completed", false)
	case !r.stopped(runCtx, err):
		return err
	}
	return nil
}

// interrupted tells whether an exit criterion has been met and not acted on.
func (r *run) interrupted() bool { return r.s.Exit >= 0 && r.s.Outcome == "" && r.s.Phase == phaseRun }

// leave acts on the exit criterion that was met.
func (r *run) leave(ctx workflow.Context) error {
	exit := r.program.Definition().Exit[r.s.Exit]
	detail := map[string]any{"exit": exit.ID}
	if e := r.s.ExitEvent; e != nil {
		detail["event"], detail["event_id"] = e.Type, e.ID
		r.s.Bindings["exit"] = map[string]any{"event": e.scope()}
		r.bound["exit"] = r.s.Bindings["exit"]
	}
	r.log(ctx, r.root(), orchestrator.LogExit, "", detail)
	r.collapse(ctx, exit.ID)
	r.s.Outcome = exit.Outcome
	r.root().Cursor = r.program.ExitFirst(r.s.Exit)
	if exit.Undo {
		r.owe()
	}
	r.s.Phase = phaseUndo
	return r.flushIncidents(ctx)
}

// finish decides how the enrollment ends, with an undo first if asked, and
// stops all branches.
func (r *run) finish(outcome string, undo bool) {
	if r.s.Phase != phaseRun {
		return
	}
	if r.s.Outcome == "" {
		r.s.Outcome = outcome
	}
	r.s.Phase, r.s.UndoAll = phaseStop, undo
	if r.stop != nil {
		r.stop()
	}
}

// wind ends the branches of an enrollment whose outcome is decided.
func (r *run) wind(ctx workflow.Context) error {
	r.collapse(ctx, r.s.Outcome)
	if r.s.UndoAll {
		r.owe()
	}
	r.s.Phase = phaseUndo
	return r.flushIncidents(ctx)
}

// cancelled ends an enrollment that was cancelled by Temporal's own means, as an
// exit with an undo would.
func (r *run) cancelled(ctx workflow.Context) {
	if r.s.Phase == phaseRun {
		r.log(ctx, r.root(), orchestrator.LogExit, "", map[string]any{"exit": "cancelled"})
		r.finish("cancelled", true)
	}
}

// codeUndoFirst is an [orchestrator.ErrUndoFirst] on its way through Temporal.
const codeUndoFirst = "UNDO_FIRST"

// end tells the store that the enrollment is over. A child whose parent has left
// it in the meantime undoes what it did first: the phase says so.
func (r *run) end(ctx workflow.Context) error {
	r.log(ctx, r.root(), orchestrator.LogEnded, "", map[string]any{"outcome": r.s.Outcome})
	err := r.flush(ctx)
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) && refused.Type() == codeUndoFirst {
		r.s.Log = r.s.Log[:len(r.s.Log)-1] // not yet; of a refused end nothing is recorded
		r.s.LogSeq--
		r.owe()
		r.s.Phase = phaseUndo
		return nil
	}
	return err
}

// full tells whether the branches must let go: to continue as new, or because
// an operator's command waits for it.
func (r *run) full(ctx workflow.Context) bool { return r.halting() || r.long(ctx) }

// long tells whether the workflow should continue as new: its history is long,
// or another definition is to be loaded.
func (r *run) long(ctx workflow.Context) bool {
	if r.renew {
		return true
	}
	if r.code != nil {
		return false // Go code stands in the middle of itself
	}
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
	r.closing = true
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	r.drain(ctx)
	in, err := r.carry(ctx)
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, workflowEnrollment, in)
}

// carry is the input of the next run: by value when it is small, else by
// reference, with the events that came while it was being stored.
func (r *run) carry(ctx workflow.Context) (Input, error) {
	for {
		in := r.in
		in.State, in.Carried, in.Drop = r.s, nil, nil
		if c := r.in.Carried; c != nil {
			r.s.Drop = append(r.s.Drop, c.SHA)
		}
		in.Drop, r.s.Drop = r.s.Drop, nil
		body, err := json.Marshal(in)
		if err != nil {
			return Input{}, fmt.Errorf("encoding the state: %w", err)
		}
		if len(body) <= maxPayload {
			return in, nil
		}
		ref, err := r.put(ctx, fmt.Sprintf("%s/state/%d", r.in.Enrollment, r.s.LogSeq), in)
		if err != nil {
			return Input{}, err
		}
		late := r.arrived(ctx)
		if size := sizeOfEvents(late); size <= maxPayload {
			in.Customer, in.Vars, in.Entry, in.State = nil, nil, nil, nil
			in.Carried, in.Events = &ref, late
			return in, nil
		}
		for _, e := range late {
			r.receive(ctx, e)
		}
		r.in.Carried = &ref
		r.s.Drop = append(r.s.Drop, in.Drop...)
	}
}

// scope is what the expressions of a branch see now.
func (r *run) scope(ctx workflow.Context, b *branch) journey.Scope {
	vars := r.in.Vars
	if b.given != nil {
		vars = b.given
	}
	return journey.Scope{
		Now: r.now(ctx, b), Customer: r.in.Customer, Vars: vars, Entry: r.in.Entry, Steps: r.bound,
	}
}

// key is the idempotency key of a step's effect.
func (r *run) key(step string) string {
	return fmt.Sprintf("%s/%s/%d", r.in.Enrollment, step, r.s.Visits[step])
}
