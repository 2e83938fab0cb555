package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// log appends to the journey log. The entry reaches the store with the next
// activity, or with flush.
func (r *run) log(ctx workflow.Context, kind orchestrator.LogKind, step string, detail map[string]any) {
	r.s.LogSeq++
	r.s.Log = append(r.s.Log, orchestrator.LogEntry{
		Seq: r.s.LogSeq, At: workflow.Now(ctx).UTC(), Virtual: r.now(ctx).UTC(),
		Kind: kind, Step: step, Visit: r.s.Visits[step], Detail: detail,
	})
}

// progress is the enrollment as the store should know it now.
func (r *run) progress() orchestrator.Progress {
	p := orchestrator.Progress{
		Enrollment: r.in.Enrollment, Workspace: r.in.Workspace,
		Status: orchestrator.EnrollmentOpen, Outcome: r.s.Outcome, Step: r.s.Cursor,
		Log: slices.Clone(r.s.Log), LogSeq: r.s.LogSeq,
	}
	if i := r.s.Incident; i != nil {
		copied := *i // local activities read it while the workflow may go on
		p.Incident = &copied
	}
	switch {
	case r.s.Phase == phaseEnd:
		p.Status, p.Step = orchestrator.EnrollmentEnded, ""
	case r.s.Incident != nil && r.s.Incident.ResolvedAt.IsZero():
		p.Status = orchestrator.EnrollmentHeld
	}
	if p.Status != orchestrator.EnrollmentEnded {
		p.Outcome = ""
	}
	if r.s.Wait != nil {
		p.WaitUntil = r.s.Wait.Until.UTC()
	}
	return p
}

// recorded forgets what the store has by now.
func (r *run) recorded(p orchestrator.Progress) {
	for len(r.s.Log) > 0 && r.s.Log[0].Seq <= p.LogSeq {
		r.s.Log = r.s.Log[1:]
	}
	if i := r.s.Incident; i != nil && !i.ResolvedAt.IsZero() {
		r.s.Incident = nil
	}
}

// flush records the progress now. It outlives the step's cancellation, and it
// retries for as long as the store is away.
func (r *run) flush(ctx workflow.Context) error {
	if len(r.s.Log) == 0 {
		return nil
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	p := r.progress()
	if err := workflow.ExecuteLocalActivity(local(ctx), activityRecord, p).Get(ctx, nil); err != nil {
		return err
	}
	r.recorded(p)
	return nil
}

// local is how activities on our own store run: without a history of their own.
func local(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
		},
	})
}
