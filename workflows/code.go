package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Code is a journey written in Go. It takes one customer through and returns
// the outcome under which the enrollment ends, "" for "completed". An error
// undoes what was done and ends it as "failed", except one of [Stopped].
//
// It is a Temporal workflow: it must be deterministic, and changes of it need
// workflow.GetVersion while enrollments are under way. What it does goes through
// the functions and methods for an [Enrollment]; the steps of all kinds behave
// as in a journey that was drawn: retried, held for an operator when they fail
// for good, logged, counted. The journey's definition, which names the worker,
// gives title, entry, exits, goals, guardrails and deadline.
type Code func(e *Enrollment) (outcome string, err error)

// codeType is the workflow type of a journey written in Go.
func codeType(name string) string { return "journey:" + name }

// workflowRegistry is what workers, replayers and simulations have in common.
type workflowRegistry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}

// RegisterCode registers a journey with an engineer's own worker, which listens
// on the task queue that the journey's definition names. Plugins are called, and
// messages sent, by Qidong's own workers, not by this one.
func RegisterCode(r workflowRegistry, name string, c Code) {
	r.RegisterWorkflowWithOptions(c.run, workflow.RegisterOptions{Name: codeType(name)})
}

// Stopped tells whether err says that the enrollment goes elsewhere: an exit
// criterion was met, its deadline has passed, an operator removed it. A [Code]
// passes such an error on at once.
func Stopped(err error) bool { return errors.Is(err, errStopped) }

// Enrollment is one customer's passage, as a journey written in Go sees it. It
// belongs to the coroutine it was given to.
type Enrollment struct {
	ctx workflow.Context
	r   *run
	b   *branch
}

// Context is for Temporal's own means: workflow.GetVersion, workflow.Now,
// workflow.GetLogger. It is cancelled when the enrollment is stopped.
func (e *Enrollment) Context() workflow.Context { return e.ctx }

// ID is the enrollment's, "e_…".
func (e *Enrollment) ID() string { return e.r.in.Enrollment }

// Program is the journey's definition with the steps that the code has come to
// so far, in that order. It changes with the next step; do not change it.
func (e *Enrollment) Program() *journey.Program { return e.r.program }

// Customer is what expressions know of the customer: id, name, locale, timezone,
// traits, tags, as they are now. Do not change it.
func (e *Enrollment) Customer() map[string]any { return e.r.in.Customer }

// Vars are the journey's variables. Do not change them; see journey.Update.
func (e *Enrollment) Vars() map[string]any { return e.r.in.Vars }

// Entry is the data of the event that began the enrollment. Do not change it.
func (e *Enrollment) Entry() map[string]any { return e.r.in.Entry }

// coded is what a run of Go code has beside the interpreter's.
type coded struct {
	steps  map[string]string // the steps come to so far, by id: their content
	bodies map[string]func(*Enrollment) error
}

// run is the workflow.
func (c Code) run(ctx workflow.Context, in Input) (Result, error) {
	if in.Definition == nil {
		return Result{}, temporal.NewNonRetryableApplicationError("the enrollment was not started as one of a journey written in Go", "INVALID", nil)
	}
	program, err := codePrograms.of(in.Definition, nil)
	if err != nil {
		return Result{}, fmt.Errorf("preparing the definition of %s: %w", in.Journey, err)
	}
	r := &run{in: in, program: program, code: &coded{steps: map[string]string{}, bodies: map[string]func(*Enrollment) error{}}}
	if err := r.handle(ctx); err != nil {
		return Result{}, err
	}
	r.begin(ctx)
	r.listen(ctx)
	if err := r.flush(ctx); err != nil {
		return Result{}, err
	}
	c.pass(ctx, r)
	if err := r.walk(ctx); err != nil {
		return Result{}, err
	}
	return Result{Outcome: r.s.Outcome}, nil
}

// pass runs the engineer's function, and decides how the enrollment ends unless
// that is decided already.
func (c Code) pass(ctx workflow.Context, r *run) {
	runCtx, cancel := workflow.WithCancel(ctx)
	r.stop = cancel
	defer func() { r.stop = nil; cancel() }()
	outcome, err := c(&Enrollment{ctx: runCtx, r: r, b: r.root()})
	switch {
	case r.leaving() || ctx.Err() != nil:
	case err != nil:
		_, message, _ := explain(err)
		r.log(ctx, r.root(), orchestrator.LogExit, "", map[string]any{"exit": outcomeFailed, "message": message})
		r.finish(outcomeFailed, true)
	case outcome == "":
		r.finish("completed", false)
	default:
		r.finish(outcome, false)
	}
}

// pursue runs a branch to its end: its steps, or the Go code of an arm.
func (r *run) pursue(ctx workflow.Context, b *branch) error {
	if r.code == nil {
		return r.follow(ctx, b)
	}
	return r.code.bodies[b.ID](&Enrollment{ctx: ctx, r: r, b: b})
}

// do runs one step of any kind. given is what its templates see as vars, nil for
// the journey's variables.
func (e *Enrollment) do(step *journey.Step, given map[string]any) (map[string]any, error) {
	if err := e.know(step); err != nil {
		return nil, err
	}
	r, b := e.r, e.b
	b.Cursor, b.Begun, b.given = step.ID, false, given
	err := errStopped
	for !r.leaving() && e.ctx.Err() == nil {
		if err = r.step(e.ctx, b); !errors.Is(err, errYield) {
			break
		}
		if err = r.halt(e.ctx); err != nil { // a command waits; the step goes on after it
			break
		}
		err = errStopped
	}
	b.Cursor, b.Begun, b.given = "", false, nil
	if err != nil {
		return nil, err
	}
	bound, _ := r.bound[step.ID].(map[string]any)
	return bound, nil
}

// know makes a step that the code comes to part of the program.
func (e *Enrollment) know(step *journey.Step) error {
	r, content := e.r, contentOf(step)
	switch known := r.code.steps[step.ID]; {
	case known == content:
		return nil
	case known != "":
		return fmt.Errorf("the step id %q is used for two different steps; give each an id of its own", step.ID)
	}
	if step.Wait != nil {
		for _, a := range step.Wait.Arms {
			if a.Event != "" && !r.program.Listens(a.Event) {
				return fmt.Errorf("step %s: the definition of journey %s does not name the event %s; add it to worker.events and publish again", step.ID, r.in.Journey, a.Event)
			}
		}
	}
	program, err := codePrograms.of(r.program.Definition(), step)
	if err != nil {
		return fmt.Errorf("step %s: %w", step.ID, err)
	}
	r.code.steps[step.ID], r.program = content, program
	return nil
}
