package virtual

import (
	"errors"
	"fmt"
	"reflect"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// execution is one workflow.
type execution struct {
	env     *Env
	id      string
	kind    string
	ctx     workflow.Context
	cancel  workflow.CancelFunc
	signals map[string]workflow.Channel
	queries map[string]any
	updates map[string]updateHandler
	ended   bool
	err     error
}

type updateHandler struct{ handle, validate any }

type executionKey struct{}

// executionOf finds whose context it is; nil for the world's own.
func executionOf(ctx workflow.Context) *execution {
	x, _ := ctx.Value(executionKey{}).(*execution)
	return x
}

// begin starts a workflow.
func (e *Env) begin(id, kind string, args []any) error {
	w := e.workflowTypes[kind]
	if w == nil {
		return fmt.Errorf("there is no workflow type %q", kind)
	}
	x := &execution{
		env: e, id: id, kind: kind, signals: map[string]workflow.Channel{},
		queries: map[string]any{}, updates: map[string]updateHandler{},
	}
	x.ctx, x.cancel = workflow.WithCancel(workflow.WithValue(e.root, executionKey{}, x))
	in, err := copyArgs(w, args)
	if err != nil {
		return err
	}
	e.executions[id] = x
	workflow.GoNamed(x.ctx, id, func(ctx workflow.Context) {
		defer e.recover("workflow " + id)
		x.run(ctx, w, in)
	})
	return nil
}

// run runs the workflow, again when it continues as new.
func (x *execution) run(ctx workflow.Context, w any, in []reflect.Value) {
	defer func() { x.ended = true }()
	for {
		_, err := call(w, append([]reflect.Value{reflect.ValueOf(ctx)}, in...))
		var again *continued
		if !errors.As(err, &again) {
			x.err = err
			return
		}
		if in, err = copyArgs(w, again.args); err != nil {
			x.err = err
			return
		}
		clear(x.queries)
		clear(x.updates)
	}
}

// continued asks for the workflow to be run again.
type continued struct{ args []any }

func (*continued) Error() string { return "continue as new" }

// signal hands a signal to the workflow.
func (x *execution) signal(name string, arg any) error {
	payload, err := encode(arg)
	if err != nil {
		return err
	}
	x.channel(name).SendAsync(payload)
	return nil
}

func (x *execution) channel(name string) workflow.Channel {
	if x.signals[name] == nil {
		x.signals[name] = workflow.NewNamedBufferedChannel(x.ctx, name, 1<<30)
	}
	return x.signals[name]
}

// encode and copyArgs bring values through the same JSON as a real history
// would, so that nobody shares memory and types are what they will be.
func encode(v any) (*commonpb.Payloads, error) {
	p, err := converter.GetDefaultDataConverter().ToPayloads(v)
	if err != nil {
		return nil, fmt.Errorf("encoding for a workflow: %w", err)
	}
	return p, nil
}

// copyArgs makes arguments for f, whose first parameter is a context.
func copyArgs(f any, args []any) ([]reflect.Value, error) {
	t := reflect.TypeOf(f)
	if t.NumIn() != len(args)+1 {
		return nil, fmt.Errorf("%s takes %d arguments, not %d", t, t.NumIn()-1, len(args))
	}
	out := make([]reflect.Value, len(args))
	for i, a := range args {
		p, err := encode(a)
		if err != nil {
			return nil, err
		}
		v := reflect.New(t.In(i + 1))
		if err := converter.GetDefaultDataConverter().FromPayloads(p, v.Interface()); err != nil {
			return nil, fmt.Errorf("decoding for a workflow: %w", err)
		}
		out[i] = v.Elem()
	}
	return out, nil
}

// call calls f, which returns an error last and may return a value before it.
func call(f any, in []reflect.Value) (any, error) {
	out := reflect.ValueOf(f).Call(in)
	err, _ := out[len(out)-1].Interface().(error)
	if len(out) == 1 {
		return nil, err
	}
	return out[0].Interface(), err
}
