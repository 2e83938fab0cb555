package workflows

import (
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"
	"golang.org/x/text/width"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// survey asks, waits for the answer, keeps and binds it. Without an answer the
// journey goes on, as it does when the question could not be sent.
func (r *run) survey(ctx workflow.Context, b *branch, step *journey.Step) (stepResult, error) {
	bind := map[string]any{"answered": false, "score": -1.0, "text": "", "message_id": messageID(r.key(step.ID))}
	if b.Wait == nil || b.Wait.Arm == armDelayed {
		sent, err := r.send(ctx, b, step)
		if err != nil {
			return stepResult{}, err
		}
		if sent.bind["delivery"] == deliveryWithheld {
			bind["delivery"], bind["reason"] = sent.bind["delivery"], sent.bind["reason"]
			return stepResult{bind: bind, detail: map[string]any{"delivery": deliveryWithheld, "reason": bind["reason"]}}, nil
		}
	}
	end, err := r.await(ctx, b, step, true)
	if err != nil {
		return stepResult{}, err
	}
	a := r.answer(ctx, step, end.event)
	in := AnswerInput{Answer: a, Progress: r.progress()}
	if err := r.effect(ctx, activityRecordAnswer, in, in.Progress, nil); err != nil {
		return stepResult{}, err
	}
	bind["answered"], bind["score"], bind["text"] = a.Answered, float64(a.Score), a.Text
	return stepResult{bind: bind, detail: map[string]any{"answered": a.Answered, "score": bind["score"]}}, nil
}

// deliveryWithheld is what a send binds when the guardrails kept its message.
const deliveryWithheld = "withheld"

// answer is what a customer said, or that they said nothing in time.
func (r *run) answer(ctx workflow.Context, step *journey.Step, e *eventBinding) orchestrator.Answer {
	s := step.Survey
	a := orchestrator.Answer{
		Workspace: r.in.Workspace, Customer: r.customer(), Journey: r.in.Journey, Enrollment: r.in.Enrollment,
		Step: step.ID, Visit: r.s.Visits[step.ID], Kind: s.Kind, Pair: s.Pair, Driver: s.Driver, Scene: s.Scene,
		Score: -1, At: workflow.Now(ctx).UTC(),
	}
	if e == nil {
		return a
	}
	a.Answered = true
	data, _ := e.scope()["data"].(map[string]any)
	if s.Kind == journey.SurveyText {
		a.Text = strings.TrimSpace(text(data["text"]))
		return a
	}
	a.Score, _ = scored(s.Kind, e)
	return a
}

// answers tells whether an event answers the survey that waits: a suggested
// reply to this visit's message, or the customer's own words after it was sent,
// which in a survey with a scale must be one of its numbers.
func (r *run) answers(b *branch, step *journey.Step, e *eventBinding) bool {
	if b.Wait.Arm == armDelayed { // not asked yet
		return false
	}
	data, _ := e.scope()["data"].(map[string]any)
	switch e.Type {
	case orchestrator.EventReply:
		if data["message_id"] != messageID(r.key(step.ID)) {
			return false
		}
	case orchestrator.EventMessageReceived:
		// The channel's clock may be a little behind ours.
		if e.Time.Before(b.Wait.Opened.Add(-time.Second)) || strings.TrimSpace(text(data["text"])) == "" {
			return false
		}
		if orchestrator.OptWordOf(text(data["text"])) != "" { // STOP answers nothing
			return false
		}
		if answered, _ := data["message_id"].(string); answered != "" { // the reply that they are comes as well
			return false
		}
		if step.Survey.Kind == journey.SurveyText {
			return true
		}
	default:
		return false
	}
	_, ok := scored(step.Survey.Kind, e)
	return ok
}

// scored is the score that an event gives on the scale of a kind.
func scored(kind string, e *eventBinding) (score int, ok bool) {
	data, _ := e.scope()["data"].(map[string]any)
	least, greatest := journey.SurveyScale(kind)
	if e.Type == orchestrator.EventMessageReceived {
		n, err := strconv.Atoi(strings.TrimSpace(width.Narrow.String(text(data["text"]))))
		return n, err == nil && n >= least && n <= greatest
	}
	value, _ := data["value"].(map[string]any)
	n, ok := value["score"].(float64)
	return int(n), ok && n == float64(int(n)) && int(n) >= least && int(n) <= greatest
}
