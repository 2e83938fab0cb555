package workflows

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// maxVars bounds the variables of an enrollment, in bytes of JSON.
const maxVars = 16 << 10

// update changes the customer, the variables, and tells the world. The
// variables are checked before anything happens: all of it does, or nothing.
func (r *run) update(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	c, err := r.program.Change(step.ID, r.scope(ctx, b))
	if err != nil {
		return stepResult{}, err
	}
	vars, err := r.variables(c.Vars)
	if err != nil {
		return stepResult{}, temporal.NewNonRetryableApplicationError(err.Error(), "BAD_VARIABLES", nil)
	}
	if len(c.Traits) > 0 || len(c.AddTags) > 0 || len(c.RemoveTags) > 0 || c.Emit != nil {
		if err := r.changeStored(ctx, step, c); err != nil {
			return stepResult{}, err
		}
	}
	r.in.Vars = vars
	return stepResult{detail: changeDetail(c)}, nil
}

// changeStored changes what the store keeps; the next step sees it.
func (r *run) changeStored(ctx workflow.Context, step *journey.Step, c journey.Change) error {
	in := ChangeInput{Progress: r.progress(), Change: orchestrator.Change{
		Key: r.key(step.ID), Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Customer: r.customer(),
		Traits: c.Traits, AddTags: c.AddTags, RemoveTags: c.RemoveTags, Emit: c.Emit,
		Hops: orchestrator.Hops(r.in.Entry), At: workflow.Now(ctx).UTC(),
	}}
	var customer map[string]any
	if err := r.effect(ctx, activityChangeCustomer, in, in.Progress, &customer); err != nil {
		return err
	}
	r.newCustomer(customer)
	return nil
}

// variables are those of the enrollment with some changed, as the journey's
// schema has them.
func (r *run) variables(changed map[string]any) (map[string]any, error) {
	if len(changed) == 0 {
		return r.in.Vars, nil
	}
	all := map[string]any{}
	maps.Copy(all, r.in.Vars)
	maps.Copy(all, changed)
	checked, err := r.program.Variables(all)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(checked)
	if err != nil {
		return nil, fmt.Errorf("writing the variables: %w", err)
	}
	if len(encoded) > maxVars {
		return nil, fmt.Errorf("the variables would have %d bytes; the limit vars is %d", len(encoded), maxVars)
	}
	return checked, nil
}

// changeDetail is what the log tells: what was changed, not to what.
func changeDetail(c journey.Change) map[string]any {
	detail := map[string]any{}
	for _, part := range []struct {
		name string
		list []string
	}{
		{"traits", slices.Sorted(maps.Keys(c.Traits))},
		{"tags_added", c.AddTags},
		{"tags_removed", c.RemoveTags},
		{"vars", slices.Sorted(maps.Keys(c.Vars))},
	} {
		if len(part.list) > 0 {
			detail[part.name] = part.list
		}
	}
	if c.Emit != nil {
		detail["event"] = c.Emit.Type
	}
	return detail
}
