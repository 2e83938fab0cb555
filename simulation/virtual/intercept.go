package virtual

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// shared lets several workflows live in one: each has signals, queries and
// updates of its own, and activities run at once.
type shared struct {
	interceptor.WorkerInterceptorBase
	env *Env
}

// InterceptWorkflow is called by the SDK.
func (s *shared) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &sharedIn{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, env: s.env}
}

type sharedIn struct {
	interceptor.WorkflowInboundInterceptorBase
	env *Env
}

// Init is called by the SDK.
func (s *sharedIn) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return s.Next.Init(&sharedOut{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: out}, env: s.env})
}

// sharedOut answers what workflows ask of Temporal. Its methods are called by
// the SDK.
type sharedOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	env *Env
}

// ExecuteActivity runs the activity on the virtual clock.
func (s *sharedOut) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o := workflow.GetActivityOptions(ctx)
	return s.env.execute(ctx, name, args, task{timeout: o.StartToCloseTimeout, policy: policy(o.RetryPolicy), wait: o.WaitForCancellation})
}

// ExecuteLocalActivity runs the activity on the virtual clock.
func (s *sharedOut) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	o := workflow.GetLocalActivityOptions(ctx)
	return s.env.execute(ctx, name, args, task{timeout: o.StartToCloseTimeout, policy: policy(o.RetryPolicy)})
}

func policy(p *temporal.RetryPolicy) temporal.RetryPolicy {
	if p == nil {
		return temporal.RetryPolicy{}
	}
	return *p
}

// GetInfo is the workflow's own.
func (s *sharedOut) GetInfo(ctx workflow.Context) *workflow.Info {
	info := s.Next.GetInfo(ctx)
	x := executionOf(ctx)
	if x == nil {
		return info
	}
	own := *info
	own.WorkflowExecution.ID, own.WorkflowType.Name = x.id, x.kind
	own.WorkflowStartTime = s.env.start
	return &own
}

// GetSignalChannel is the workflow's own.
func (s *sharedOut) GetSignalChannel(ctx workflow.Context, name string) workflow.ReceiveChannel {
	if x := executionOf(ctx); x != nil {
		return x.channel(name)
	}
	return s.Next.GetSignalChannel(ctx, name)
}

// GetSignalChannelWithOptions is the workflow's own.
func (s *sharedOut) GetSignalChannelWithOptions(ctx workflow.Context, name string, _ workflow.SignalChannelOptions) workflow.ReceiveChannel {
	return s.GetSignalChannel(ctx, name)
}

// SetQueryHandler keeps the handler for the workflow.
func (s *sharedOut) SetQueryHandler(ctx workflow.Context, name string, handler any) error {
	if x := executionOf(ctx); x != nil {
		x.queries[name] = handler
		return nil
	}
	return s.Next.SetQueryHandler(ctx, name, handler)
}

// SetQueryHandlerWithOptions keeps the handler for the workflow.
func (s *sharedOut) SetQueryHandlerWithOptions(ctx workflow.Context, name string, handler any, _ workflow.QueryHandlerOptions) error {
	return s.SetQueryHandler(ctx, name, handler)
}

// SetUpdateHandler keeps the handler for the workflow.
func (s *sharedOut) SetUpdateHandler(ctx workflow.Context, name string, handler any, o workflow.UpdateHandlerOptions) error {
	if x := executionOf(ctx); x != nil {
		x.updates[name] = updateHandler{handle: handler, validate: o.Validator}
		return nil
	}
	return s.Next.SetUpdateHandler(ctx, name, handler, o)
}

// SignalExternalWorkflow reaches the workflows of this world only.
func (s *sharedOut) SignalExternalWorkflow(ctx workflow.Context, id, _, name string, arg any) workflow.Future {
	future, settle := workflow.NewFuture(ctx)
	x, err := s.env.open(id)
	if err == nil {
		err = x.signal(name, arg)
	}
	settle.Set(nil, err)
	return future
}

// UpsertSearchAttributes does nothing: nobody searches a simulation.
func (s *sharedOut) UpsertSearchAttributes(workflow.Context, map[string]any) error { return nil }

// UpsertTypedSearchAttributes does nothing.
func (s *sharedOut) UpsertTypedSearchAttributes(workflow.Context, ...temporal.SearchAttributeUpdate) error {
	return nil
}

// UpsertMemo does nothing.
func (s *sharedOut) UpsertMemo(workflow.Context, map[string]any) error { return nil }

// NewContinueAsNewError has the workflow run again.
func (s *sharedOut) NewContinueAsNewError(_ workflow.Context, _ any, args ...any) error {
	return &continued{args: args}
}
