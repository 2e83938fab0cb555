package workflows

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// Attempts are the activities under way. Those that only record are left out:
// they are nobody's concern.
func (e *Engine) Attempts(ctx context.Context, enrollment string) ([]orchestrator.Attempt, error) {
	d, err := e.Client.DescribeWorkflowExecution(ctx, enrollment, "")
	if err != nil {
		return nil, kind(err, "asking what enrollment "+enrollment+" is trying")
	}
	var out []orchestrator.Attempt
	for _, a := range d.GetPendingActivities() {
		attempt := orchestrator.Attempt{
			Work: a.GetActivityType().GetName(), Number: int(a.GetAttempt()), Most: int(a.GetMaximumAttempts()),
			Failure: a.GetLastFailure().GetMessage(),
		}
		if at := a.GetScheduledTime(); at != nil && a.GetLastStartedTime() != nil && at.AsTime().After(a.GetLastStartedTime().AsTime()) {
			attempt.Next = at.AsTime()
		}
		out = append(out, attempt)
	}
	return out, nil
}
