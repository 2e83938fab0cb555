package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// maxLog is the number of log entries above which they are recorded without
// waiting for an activity to ride along with.
const maxLog = 100

// maxDetail bounds what a plugin adds to a log entry, in bytes of JSON.
const maxDetail = 2 << 10

// log appends to the journey log. The entry reaches the store with the next
// activity, or with flush.
func (r *run) log(ctx workflow.Context, b *branch, kind orchestrator.LogKind, step string, detail map[string]any) {
	r.s.LogSeq++
	r.s.Log = append(r.s.Log, orchestrator.LogEntry{
		Seq: r.s.LogSeq, At: workflow.Now(ctx).UTC(), Virtual: r.now(ctx, b).UTC(),
		Kind: kind, Step: step, Visit: r.s.Visits[step], Detail: detail,
	})
}

// enoughLog is the number of log entries that are worth a transaction of the
// store beside a call that has no other effect.
const enoughLog = 32

// tells tells whether the store should know the progress now, although the
// enrollment goes on at once.
func (r *run) tells() bool {
	return len(r.s.Log) >= enoughLog || len(r.s.Told) > 0 || len(r.s.Carried) > 0
}

// progress is the enrollment as the store should know it now.
func (r *run) progress() orchestrator.Progress {
	p := orchestrator.Progress{
		Enrollment: r.in.Enrollment, Workspace: r.in.Workspace,
		Status: orchestrator.EnrollmentOpen, Log: slices.Clone(r.s.Log), LogSeq: r.s.LogSeq,
	}
	if len(r.s.Goals) > 0 {
		p.Goal = r.s.Goals[0]
	}
	if len(r.s.Told) > 0 {
		told := r.s.Told[0] // one at a time; flush goes on until all are told
		p.Incident = &told
	}
	if len(r.s.Carried) > 0 {
		p.Command, p.Digest = r.s.Carried[0], r.in.Digest
	}
	p.Paused = r.s.Pause != nil
	if r.s.Phase == phaseEnd {
		p.Status, p.Outcome, p.Undo = orchestrator.EnrollmentEnded, r.s.Outcome, r.leftToUndo()
		return p
	}
	for _, b := range r.s.Branches {
		if b.held() {
			p.Status = orchestrator.EnrollmentHeld
		}
		at := orchestrator.BranchAt{Branch: b.ID, Step: b.Cursor, WaitUntil: b.expected}
		if b.Wait != nil {
			at.WaitUntil = b.Wait.Until.UTC()
		}
		switch {
		case b.ID == "":
			p.Step, p.WaitUntil = at.Step, at.WaitUntil
		case at.Step != "" && !b.Lost:
			p.Branches = append(p.Branches, at)
		}
	}
	return p
}

// recorded forgets what the store has by now.
func (r *run) recorded(p orchestrator.Progress) {
	r.s.Log = slices.DeleteFunc(r.s.Log, func(l orchestrator.LogEntry) bool { return l.Seq <= p.LogSeq })
	if p.Command != "" {
		r.s.Carried = slices.DeleteFunc(r.s.Carried, func(id string) bool { return id == p.Command })
	}
	if p.Incident != nil {
		r.s.Told = slices.DeleteFunc(r.s.Told, func(i orchestrator.Incident) bool { return i == *p.Incident })
	}
}

// flush records the progress now. It outlives the step's cancellation, and it
// retries for as long as the store is away.
func (r *run) flush(ctx workflow.Context) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if n := r.s.Dropped; n > 0 {
		r.s.Dropped = 0
		r.log(ctx, r.root(), orchestrator.LogEventDropped, "", map[string]any{"events": n, "limit": maxInbox, "limit_bytes": maxInboxBytes})
	}
	for len(r.s.Log) > 0 || len(r.s.Told) > 0 || len(r.s.Carried) > 0 {
		p := r.progress()
		if err := r.own(ctx, activityRecord, p).Get(ctx, nil); err != nil {
			return err
		}
		r.recorded(p)
	}
	return nil
}

// flushIncidents records the progress when an incident is to be told.
func (r *run) flushIncidents(ctx workflow.Context) error {
	if len(r.s.Told) == 0 {
		return nil
	}
	return r.flush(ctx)
}

// own runs an activity on our own store: a local one, without a history of its
// own, or for a journey written in Go one of Qidong's workers.
func (r *run) own(ctx workflow.Context, name string, in any) workflow.Future {
	policy := &temporal.RetryPolicy{
		InitialInterval: 100 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second,
	}
	if r.code != nil {
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: TaskQueue, StartToCloseTimeout: 10 * time.Second, RetryPolicy: policy,
		}), name, in)
	}
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 5 * time.Second, RetryPolicy: policy,
	}), name, in)
}
