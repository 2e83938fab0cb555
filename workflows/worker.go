package workflows

import (
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// registry is what workers and test environments have in common.
type registry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}

// Register registers the workflow type and the activities under their lasting
// names.
func Register(r registry, w *Workflows, a *Activities) {
	r.RegisterWorkflowWithOptions(w.Enrollment, workflow.RegisterOptions{Name: workflowEnrollment})
	r.RegisterActivityWithOptions(a.Call, activity.RegisterOptions{Name: activityCall})
	registerOutbox(r, a)
	r.RegisterActivityWithOptions(a.Record, activity.RegisterOptions{Name: activityRecord})
	r.RegisterActivityWithOptions(a.PutValue, activity.RegisterOptions{Name: activityPut})
	r.RegisterActivityWithOptions(a.GetValue, activity.RegisterOptions{Name: activityGet})
	registerPeople(r, a)
}

// CachedEnrollments is how many enrollments a process keeps awake in memory,
// about 40 KB each; Temporal's default is 10,000. One that is not kept replays
// its history, of a few dozen events, when it wakes.
const CachedEnrollments = 2048

// NewWorker makes a worker for [TaskQueue]; the caller starts and stops it. It
// bounds the cache of all workers of the process by [CachedEnrollments].
func NewWorker(c client.Client, w *Workflows, a *Activities, logger *slog.Logger) worker.Worker {
	worker.SetStickyWorkflowCacheSize(CachedEnrollments)
	out := worker.New(c, TaskQueue, worker.Options{
		// A stopping worker lets calls under way end.
		WorkerStopTimeout: 10 * time.Second,
		OnFatalError:      func(err error) { logger.Error("Worker stopped", "error", err) },
	})
	Register(out, w, a)
	return out
}
