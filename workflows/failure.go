package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// The failure policies of a step; anything else is "hold".
const (
	failArm  = "arm"
	failUndo = "undo"
	failExit = "exit"
)

// outcomeFailed is how the policies "undo" and "exit" end an enrollment.
const outcomeFailed = "failed"

// execute runs a step to its result. A step that fails for good goes on as its
// failure policy says, and is held for an operator where it says nothing:
// nobody is lost to an error. It returns an error only when the step was
// stopped (see stopped).
func (r *run) execute(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	for {
		if b.Incident == nil {
			err := r.load(ctx, step)
			var out stepResult
			if err == nil {
				out, err = r.attempt(ctx, b, step)
			}
			if err == nil {
				err = r.bind(ctx, step.ID, out)
			}
			if err == nil || r.stopped(ctx, err) {
				return out, err
			}
			b.Wait = nil
			if out, ok := r.fail(step, err); ok {
				return out, r.bind(ctx, step.ID, out)
			}
			r.hold(ctx, b, orchestrator.Incident{ID: r.key(step.ID), Step: step.ID, Visit: r.s.Visits[step.ID]}, err)
		}
		res, err := r.awaitResolution(ctx, b)
		if err != nil {
			return stepResult{}, err
		}
		switch res.Action {
		case resolveSupply:
			out := supplied(step, res.Result)
			return out, r.bind(ctx, step.ID, out)
		case resolveSkip:
			return stepResult{arm: res.Arm, detail: map[string]any{"skipped": true}}, nil
		}
	}
}

// fail applies the policies that need no operator; ok is false for the others.
func (r *run) fail(step *journey.Step, cause error) (out stepResult, ok bool) {
	code, message, attempts := explain(cause)
	failure := map[string]any{"code": code, "message": message}
	out.detail = map[string]any{"error": code, "message": message, "attempts": attempts}
	switch step.OnFailure {
	case failArm:
		out.arm, out.bind = journey.ArmFailed, map[string]any{"error": failure}
	case failUndo:
		r.finish(outcomeFailed, true)
	case failExit:
		r.finish(outcomeFailed, false)
	default:
		return stepResult{}, false
	}
	return out, true
}

// supplied makes a step's result from what an operator gave. For blocks the
// result names the arm to take.
func supplied(step *journey.Step, result map[string]any) stepResult {
	out := stepResult{bind: result, detail: map[string]any{"supplied": true}}
	if arm, ok := result["arm"].(string); ok && step.Call == nil {
		out.arm = arm
	}
	if out.bind == nil {
		out.bind = map[string]any{}
	}
	return out
}

// maxMessage bounds the sentence of a failure, in bytes.
const maxMessage = 2 << 10

// explain turns the failure of a step into an incident's code and sentence.
func explain(err error) (code, message string, attempts int) {
	code, message, attempts = "STEP_FAILED", err.Error(), 1
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var limit *limitError
	switch {
	case errors.As(err, &limit):
		code = limit.code
	case errors.As(err, &app):
		code, message = app.Type(), app.Message()
		if app.HasDetails() {
			_ = app.Details(&attempts) // stays 1 when an older worker gave none
		}
	case errors.As(err, &timeout):
		code, message = "TIMEOUT", "the call did not end in time ("+timeout.TimeoutType().String()+"); whether it had its effect is not known"
	}
	return code, cut(message, maxMessage), attempts
}

// cut shortens s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// limitError says that a bound of the interpreter was reached. It fails the
// step, and so becomes an incident, never the end of a workflow.
type limitError struct {
	code    string // the name of the limit
	message string
}

func (e *limitError) Error() string { return e.message }
