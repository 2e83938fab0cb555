package orchestrator

import (
	"context"
	"time"
)

// JudgeOn is [Judge] where other channels exist.
func JudgeOn(ctx context.Context, known []Channel, facts SendFacts, rails Guardrails, who Customer, r SendRequest, now time.Time) (SendDecision, Wish, error) {
	g := guard{facts: facts, rails: rails, channels: known, customer: who, request: r, now: now.UTC()}
	return g.judge(ctx)
}
