package workflows

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"maps"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// armDelayed marks a wait in which a message waits to be sent. It is no arm of
// a step: no event ends such a wait.
const armDelayed = "delayed"

// send sends a message, when the guardrails let it: one that they delay is asked
// for again at the moment that they name, written anew.
func (r *run) send(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	id := messageID(r.key(step.ID))
	for {
		if b.Wait != nil {
			if _, err := r.sleep(ctx, b); err != nil {
				if !errors.Is(err, errYield) {
					err = errors.Join(err, r.dropSend(ctx, id))
				}
				return stepResult{}, err
			}
		}
		d, err := r.ask(ctx, b, step, id)
		if err != nil {
			return stepResult{}, err
		}
		if d.Delivery != orchestrator.DeliveryDelayed {
			return sent(id, d), nil
		}
		r.log(ctx, b, orchestrator.LogDelayed, step.ID, decided(d))
		r.openWait(ctx, b, step.ID, armDelayed, d.Until, false)
	}
}

// ask asks the guardrails to let the message pass.
func (r *run) ask(ctx workflow.Context, b *branch, step *journey.Step, id string) (orchestrator.SendDecision, error) {
	var d orchestrator.SendDecision
	msg, err := r.program.Message(step.ID, id, r.scope(ctx, b))
	if err != nil {
		return d, err
	}
	category, channels := orchestrator.CategoryService, []string(nil)
	if s := step.Send; s != nil {
		category, channels = s.Category, s.Channels
	} else { // a survey, which waits when it has asked
		_, at, err := r.program.Timeout(step.ID, r.scope(ctx, b))
		if err != nil {
			return d, err
		}
		defer r.expect(ctx, b, at)()
	}
	in := SendInput{
		Request: orchestrator.SendRequest{
			Message: orchestrator.Message{
				ID: id, Workspace: r.in.Workspace, Enrollment: r.in.Enrollment, Customer: r.customer(), Journey: r.in.Journey,
				Step: step.ID, Visit: r.s.Visits[step.ID], Category: category,
				Parts: msg.Parts, Replies: msg.Replies, QR: msg.QR, Test: r.in.Pace.Factor > 0,
			},
			Channels: channels, Guardrails: r.program.Definition().Guardrails, Shift: b.Shift,
			Holdout: r.s.Holdout, Late: b.Withhold,
		},
		Progress: r.progress(),
	}
	return d, r.effect(ctx, activitySend, in, in.Progress, &d)
}

// dropSend gives up a message that was delayed, so that no other one lets it go
// first.
func (r *run) dropSend(ctx workflow.Context, id string) error {
	in := DropInput{Workspace: r.in.Workspace, Message: id, Progress: r.progress()}
	return r.effect(ctx, activityDropSend, in, in.Progress, nil)
}

// sent is the result of a step whose message was sent or withheld.
func sent(id string, d orchestrator.SendDecision) stepResult {
	bind := map[string]any{"message_id": id, "delivery": string(d.Delivery)}
	if d.Channel != "" {
		bind["channel"] = d.Channel
	}
	if d.Reason != "" {
		bind["reason"] = string(d.Reason)
	}
	detail := decided(d)
	detail["message_id"] = id
	return stepResult{bind: bind, detail: detail}
}

// decided is a decision as the journey log tells it.
func decided(d orchestrator.SendDecision) map[string]any {
	detail := map[string]any{"delivery": string(d.Delivery)}
	if d.Channel != "" {
		detail["channel"] = d.Channel
	}
	if d.Reason != "" {
		detail["reason"] = string(d.Reason)
	}
	if !d.Until.IsZero() {
		detail["until"] = d.Until.UTC().Format(time.RFC3339)
	}
	maps.Copy(detail, d.Figures)
	return detail
}

// messageID derives a message's id from its idempotency key.
func messageID(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "m_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
