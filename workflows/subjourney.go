package workflows

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// childGrace is what a child may take beyond its own deadline, for its undo and
// the way of its last word.
const childGrace = time.Hour

// outcomeHandedOver is how an enrollment ends that another journey takes over.
const outcomeHandedOver = "handed_over"

// subJourney begins another journey and waits for its end, or hands over.
func (r *run) subJourney(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	if b.Wait == nil {
		child, err := r.startChild(ctx, b, step)
		if err != nil {
			return stepResult{}, err
		}
		if step.Journey.Mode == orchestrator.ModeHandover {
			r.finish(outcomeHandedOver, false)
			return stepResult{detail: map[string]any{"child": child.Enrollment}}, nil
		}
		r.openWait(ctx, b, step.ID, "", r.now(ctx, b).Add(time.Duration(child.Deadline)+childGrace), false)
		if w := b.Wait; !w.Deadline && r.in.Pace.Factor > 0 {
			// A test's child takes its time by its own pace; this bound only has to
			// be later.
			w.Until = w.Opened.Add(w.Span)
		}
		if err := r.tell(ctx); err != nil {
			return stepResult{}, err
		}
	}
	end, err := r.sleep(ctx, b)
	switch {
	case errors.Is(err, errYield):
		return stepResult{}, err
	case err != nil:
		return stepResult{}, errors.Join(err, r.cancelChild(ctx, b, step))
	case end.event == nil:
		if err := r.cancelChild(ctx, b, step); err != nil {
			return stepResult{}, err
		}
		return stepResult{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("journey %s did not end within its deadline and %s; it is being ended now", step.Journey.Journey, childGrace), "CHILD_LATE", nil)
	}
	var left ChildLeft
	if err := json.Unmarshal(end.event.Data, &left); err != nil {
		return stepResult{}, fmt.Errorf("reading the last word of journey %s: %w", step.Journey.Journey, err)
	}
	if err := r.inherit(b, step, left.Undo); err != nil {
		return stepResult{}, err
	}
	data, _ := end.event.scope()["data"].(map[string]any)
	r.catchUp(ctx, b, text(data["at"]))
	return stepResult{
		bind:   map[string]any{"outcome": text(data["outcome"]), "enrollment": text(data["child"])},
		detail: map[string]any{"child": text(data["child"]), "outcome": text(data["outcome"])},
	}, nil
}

// startChild begins the other journey, once.
func (r *run) startChild(ctx workflow.Context, b *branch, step *journey.Step) (orchestrator.Child, error) {
	key, vars, err := r.program.SubJourney(step.ID, r.scope(ctx, b))
	if err != nil {
		return orchestrator.Child{}, err
	}
	in := ChildInput{Progress: r.progress(), Request: r.childRequest(step)}
	in.Request.Key, in.Request.Vars = key, vars
	var child orchestrator.Child
	return child, r.effect(ctx, activityStartChild, in, in.Progress, &child)
}

func (r *run) childRequest(step *journey.Step) orchestrator.ChildRequest {
	mode := step.Journey.Mode
	if mode == "" {
		mode = orchestrator.ModeChild
	}
	return orchestrator.ChildRequest{
		Workspace: r.in.Workspace, Parent: r.in.Enrollment, Step: step.ID, Visit: r.s.Visits[step.ID],
		Journey: step.Journey.Journey, Mode: mode, Hops: orchestrator.Hops(r.in.Entry),
	}
}

// cancelChild ends the other journey, with undo: this one has left the step. One
// that has ended already leaves its undos to this one.
func (r *run) cancelChild(ctx workflow.Context, b *branch, step *journey.Step) error {
	in := ChildInput{Progress: r.progress(), Request: r.childRequest(step)}
	var left ChildLeft
	if err := r.effect(ctx, activityCancelChild, in, in.Progress, &left); err != nil {
		return err
	}
	return r.inherit(b, step, left.Undo)
}

// catchUp moves a test's journey time on to when its child ended.
func (r *run) catchUp(ctx workflow.Context, b *branch, at string) {
	ended, err := time.Parse(time.RFC3339Nano, at)
	if err != nil || r.in.Pace.Factor <= 0 {
		return
	}
	b.Shift = max(b.Shift, ended.Sub(workflow.Now(ctx)))
}
