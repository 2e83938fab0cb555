package virtual

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// fake is the client of a world. It answers as a server would, errors included.
type fake struct {
	client.Client // nil: what is not below is not for simulations
	env           *Env
}

// open finds a workflow that has not ended.
func (e *Env) open(id string) (*execution, error) {
	x := e.executions[id]
	if x == nil || x.ended {
		return nil, serviceerror.NewNotFound("there is no open workflow " + id)
	}
	return x, nil
}

// ExecuteWorkflow starts a workflow.
func (f *fake) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, kind any, args ...any) (client.WorkflowRun, error) {
	if f.env.executions[o.ID] != nil {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it has started already", "", o.ID)
	}
	name, ok := kind.(string)
	if !ok {
		return nil, fmt.Errorf("starting a workflow by %T: only names are known here", kind)
	}
	return started{id: o.ID}, f.env.begin(o.ID, name, args)
}

// started is all that is known of a workflow that has just begun.
type started struct {
	client.WorkflowRun
	id string
}

// GetID is the workflow's id.
func (s started) GetID() string { return s.id }

// SignalWorkflow hands over a signal.
func (f *fake) SignalWorkflow(_ context.Context, id, _, name string, arg any) error {
	x, err := f.env.open(id)
	if err != nil {
		return err
	}
	return x.signal(name, arg)
}

// CancelWorkflow cancels a workflow.
func (f *fake) CancelWorkflow(_ context.Context, id, _ string) error {
	x, err := f.env.open(id)
	if err == nil {
		x.cancel()
	}
	return err
}

// QueryWorkflow asks a workflow, also one that has ended.
func (f *fake) QueryWorkflow(_ context.Context, id, _, name string, args ...any) (converter.EncodedValue, error) {
	x := f.env.executions[id]
	if x == nil || x.queries[name] == nil {
		return nil, serviceerror.NewNotFound("workflow " + id + " answers no query " + name)
	}
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
	}
	out, err := call(x.queries[name], in)
	if err != nil {
		return nil, err
	}
	p, err := encode(out)
	if err != nil {
		return nil, err
	}
	return client.NewValue(p), nil
}

// UpdateWorkflow updates a workflow; the handle's Get waits for the answer.
func (f *fake) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	x, err := f.env.open(o.WorkflowID)
	if err != nil {
		return nil, err
	}
	h, ok := x.updates[o.UpdateName]
	if !ok {
		return nil, serviceerror.NewNotFound("workflow " + o.WorkflowID + " takes no update " + o.UpdateName)
	}
	in, err := copyArgs(h.handle, o.Args)
	if err != nil {
		return nil, err
	}
	if h.validate != nil {
		if _, err := call(h.validate, append([]reflect.Value{reflect.ValueOf(x.ctx)}, in...)); err != nil {
			return nil, refused(err)
		}
	}
	done := &updated{env: f.env, caller: f.env.current}
	workflow.GoNamed(x.ctx, "update "+o.UpdateName, func(ctx workflow.Context) {
		defer f.env.recover("update " + o.UpdateName)
		done.value, done.err = call(h.handle, append([]reflect.Value{reflect.ValueOf(ctx)}, in...))
		done.err = refused(done.err)
		done.ready = true
	})
	return done, nil
}

// refused is an error as it comes back from a server.
func refused(err error) error {
	if err == nil {
		return nil
	}
	c := temporal.GetDefaultFailureConverter()
	return c.FailureToError(c.ErrorToFailure(err))
}

// updated is an update under way.
type updated struct {
	client.WorkflowUpdateHandle
	env    *Env
	caller workflow.Context
	value  any
	err    error
	ready  bool
}

// Get waits, on the virtual clock, for the update to end.
func (u *updated) Get(_ context.Context, out any) error {
	if err := workflow.Await(u.caller, func() bool { return u.ready || u.env.fault != nil }); err != nil {
		return err
	}
	u.env.current = u.caller
	if !u.ready {
		return errors.New("the world broke before the update ended")
	}
	if u.err != nil || out == nil || u.value == nil {
		return u.err
	}
	p, err := encode(u.value)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayloads(p, out)
}
