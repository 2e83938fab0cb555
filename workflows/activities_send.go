package workflows

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"go.temporal.io/sdk/activity"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// The lasting names of the activities.
const (
	activitySend     = "Send"
	activityDropSend = "DropSend"
)

// SendInput is one message for the outbox, with the progress that rides along.
type SendInput struct {
	Request  orchestrator.SendRequest `json:"request"`
	Progress orchestrator.Progress    `json:"progress"`
}

// DropInput names a message that is given up.
type DropInput struct {
	Workspace string                `json:"workspace"`
	Message   string                `json:"message"`
	Progress  orchestrator.Progress `json:"progress"`
}

func registerOutbox(r registry, a *Activities) {
	r.RegisterActivityWithOptions(a.Send, activity.RegisterOptions{Name: activitySend})
	r.RegisterActivityWithOptions(a.DropSend, activity.RegisterOptions{Name: activityDropSend})
}

// Send puts a message into the outbox, if the guardrails let it. Its QR codes
// get their address here.
func (a *Activities) Send(ctx context.Context, in SendInput) (orchestrator.SendDecision, error) {
	m := &in.Request.Message
	if len(m.QR) > 0 {
		token := make([]byte, 18)
		if _, err := rand.Read(token); err != nil {
			return orchestrator.SendDecision{}, fmt.Errorf("making a media token: %w", err)
		}
		m.MediaToken = base64.RawURLEncoding.EncodeToString(token)
		m.Parts = a.withMedia(*m)
	}
	d, err := a.Journal.Send(ctx, in.Request, in.Progress)
	return d, final(err)
}

// DropSend gives up a message that was delayed.
func (a *Activities) DropSend(ctx context.Context, in DropInput) error {
	return final(a.Journal.DropSend(ctx, in.Workspace, in.Message, in.Progress))
}

// withMedia replaces the placeholders of QR codes by their addresses.
func (a *Activities) withMedia(m orchestrator.Message) []journey.Part {
	parts := make([]journey.Part, len(m.Parts))
	for i, p := range m.Parts {
		parts[i] = p
		for n := range m.QR {
			parts[i].Body = bytes.ReplaceAll(parts[i].Body,
				fmt.Appendf(nil, "%q", fmt.Sprintf("qidong:qr:%d", n)),
				fmt.Appendf(nil, "%q", fmt.Sprintf("%s/m/%s/%d.png", a.BaseURL, m.MediaToken, n)))
		}
	}
	return parts
}
