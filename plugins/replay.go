package plugins

import (
	"context"
	"errors"
	"fmt"

	"github.com/qidong/qidong/sdk/abi"
)

// Replay makes a recorded call again: the module of the digest reads the
// recorded envelope and gets the recorded answers; nothing outside is reached.
// Digest may be another version's, to see what it would have done; "" is the
// recording's. The result is a recording too; [Compare] tells them apart. The
// error is about the recording or the module. What the guest did wrong, an
// input that the other version does not accept (BAD_INPUT), and a request that
// is not the recorded one (REPLAY_DIVERGED) are in the result's Error.
//
// The action's own timeout does not apply; abi.MaxTimeout does.
func (h *Host) Replay(ctx context.Context, recorded *Recording, digest string) (*Recording, error) {
	envelope, err := recorded.check()
	if err != nil {
		return nil, fmt.Errorf("replaying a call: %w", err)
	}
	if recorded.Incomplete != "" {
		return nil, fmt.Errorf("replaying a call: its recording is not complete: %s", recorded.Incomplete)
	}
	if digest == "" {
		digest = recorded.Digest
	}
	ctx, end, err := h.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("replaying a call: %w", err)
	}
	defer end()
	m, done, err := h.module(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("replaying a call: %w", err)
	}
	defer done()
	call := Call{
		Workspace: recorded.Workspace, Plugin: m.manifest.Name, Version: m.manifest.Version, Digest: digest, Action: recorded.Action,
		Enrollment: recorded.Enrollment, IdempotencyKey: envelope.IdempotencyKey, Now: envelope.Now,
		World: &World{}, // it says nothing about real calls
	}
	j := job{
		call: call, limits: recorded.Limits.WithDefaults(), timeout: abi.MaxTimeout,
		envelope: []byte(recorded.Envelope), world: replaying(recorded.Exchanges),
	}
	var r Result
	err = h.rerun(ctx, m, j, envelope, &r)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("replaying a call: %w", errors.Join(ctx.Err(), err))
	}
	return newRecording(m, j, &r, err), nil
}

// rerun is the part of a call that the guest could notice.
func (h *Host) rerun(ctx context.Context, m *module, j job, envelope abi.Call, r *Result) error {
	a := m.actions[j.call.Action]
	if a == nil {
		return failf(abi.CodeUnknownAction, "Version %s of the plugin %s has no action %q.", m.manifest.Version, m.manifest.Name, j.call.Action)
	}
	if err := matches(a.input, envelope.Input); err != nil {
		return failf(abi.CodeBadInput, "The recorded input does not match the action's schema: %v.", err)
	}
	if m.config != nil {
		if err := matches(m.config, orEmpty(envelope.Config)); err != nil {
			return failf(abi.CodeBadInput, "The recorded configuration does not match the plugin's schema: %v.", err)
		}
	}
	ticket, err := h.admit(ctx, m, j.call, j.limits, r)
	if err != nil {
		return err
	}
	defer ticket.Leave("")
	return h.complete(ctx, m, a, ticket, j, r)
}
