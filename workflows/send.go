package workflows

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// SendInput is one message for the outbox, with the progress that rides along.
type SendInput struct {
	MessageID  string                `json:"message_id"` // also its idempotency key
	Workspace  string                `json:"workspace"`
	Enrollment string                `json:"enrollment"`
	Customer   string                `json:"customer"`
	Step       string                `json:"step"`
	Visit      int                   `json:"visit"`
	Category   string                `json:"category"`
	Message    journey.Message       `json:"message"`
	Progress   orchestrator.Progress `json:"progress"`
}

// send puts a message into the outbox. It is a local activity: the outbox is
// our own store, which keeps one message per id however often it is put.
func (r *run) send(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	category := "service"
	if step.Send != nil {
		category = step.Send.Category
	}
	id := messageID(r.key(step.ID))
	msg, err := r.program.Message(step.ID, id, r.scope(ctx, b))
	if err != nil {
		return stepResult{}, err
	}
	in := SendInput{
		MessageID: id, Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Customer: r.customer(),
		Step: step.ID, Visit: r.s.Visits[step.ID], Category: category, Message: msg, Progress: r.progress(),
	}
	// A message on its way is not called back by an exit.
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := workflow.ExecuteLocalActivity(local(free), activitySend, in).Get(free, nil); err != nil {
		return stepResult{}, err
	}
	r.recorded(in.Progress)
	return stepResult{bind: map[string]any{"message_id": id}, detail: map[string]any{"message_id": id}}, nil
}

// messageID derives a message's id from its idempotency key.
func messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "m_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
