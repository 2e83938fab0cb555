package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// RecordingFormat is the version of [Recording].
const RecordingFormat = 1

// Recording is one call as its guest saw it. With the module of its digest it
// is all that is needed to make the call again, bit for bit, on another
// machine: the guest's clock and random numbers follow from the envelope. It
// holds no secret and no field of the customer that was not granted, since the
// guest saw none.
type Recording struct {
	Format     int        `json:"format"`
	Workspace  string     `json:"workspace"`
	Plugin     string     `json:"plugin"`
	Version    string     `json:"version"`
	Digest     string     `json:"digest"` // of the module
	Action     string     `json:"action"`
	Enrollment string     `json:"enrollment,omitempty"`
	At         time.Time  `json:"at"` // when it ran
	Limits     Limits     `json:"limits"`
	Envelope   string     `json:"envelope"` // what the guest read
	Exchanges  []Exchange `json:"exchanges,omitempty"`
	// Output or Error is how the call ended.
	Output json.RawMessage `json:"output,omitempty"`
	Error  *abi.Error      `json:"error,omitempty"`
	Log    string          `json:"log,omitempty"`
	Stack  []string        `json:"stack,omitempty"`
	Fuel   int64           `json:"fuel"`
	Memory int64           `json:"memory"` // bytes
	TookMS float64         `json:"took_ms"`
}

// Recorder keeps recordings. It is called after the call has ended, within the
// time of the caller.
type Recorder interface {
	// Record keeps r. An error is logged; the call's result stands.
	Record(ctx context.Context, r *Recording) error
}

// record keeps what a run was, if it failed, or if the plugin's calls are
// sampled and this is one of them.
func (h *Host) record(ctx context.Context, m *module, j job, r *Result, err error) {
	if h.cfg.Recorder == nil || j.call.World != nil || err == nil && !sampled(j.call.IdempotencyKey, j.call.Grant.Record) {
		return
	}
	recording := newRecording(m, j, r, err)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := h.cfg.Recorder.Record(ctx, recording); err != nil {
		h.cfg.Logger.WarnContext(ctx, "plugin call not recorded", "plugin", m.manifest.Name, "action", j.call.Action, "error", err)
	}
}

// recordTimeout bounds keeping a recording.
const recordTimeout = 2 * time.Second

func newRecording(m *module, j job, r *Result, err error) *Recording {
	recording := &Recording{
		Format: RecordingFormat, Workspace: j.call.Workspace, Plugin: m.manifest.Name, Version: m.manifest.Version,
		Digest: m.digest, Action: j.call.Action, Enrollment: j.call.Enrollment, At: time.Now().UTC(),
		Limits: j.limits, Envelope: string(j.envelope), Exchanges: j.world.transcript.Exchanges,
		Output: r.Output, Log: r.Log, Stack: r.Stack, Fuel: r.Fuel, Memory: r.Memory,
		TookMS: float64(r.Duration.Microseconds()) / 1000,
	}
	var declared *abi.Error
	var f *failure
	switch {
	case errors.As(err, &declared):
		recording.Error = declared
	case errors.As(err, &f):
		recording.Error = &abi.Error{Code: f.code, Message: f.message, Retry: retry(f.code)}
	case err != nil:
		recording.Error = &abi.Error{Code: abi.CodeUnavailable, Message: sentence(err) + ".", Retry: abi.RetryLater}
	}
	return recording
}

// sampled tells whether a call is one of the share, 0 to 1, that is recorded: a
// retry is when its first attempt was.
func sampled(key string, share float64) bool {
	if share <= 0 {
		return false
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return float64(h.Sum64()) < share*math.MaxUint64
}

// Replay makes a recorded call again: the module of the digest reads the
// recorded envelope and gets the recorded answers. Digest may be another
// version's, to see what it would have done; "" is the recording's. The result
// is a recording too. The error is about the recording or the module; what the
// guest did wrong, and a request that is not the recorded one
// (REPLAY_DIVERGED), is in the result's Error.
func (h *Host) Replay(ctx context.Context, recorded *Recording, digest string) (*Recording, error) {
	if recorded.Format != RecordingFormat {
		return nil, fmt.Errorf("replaying a call: the recording has format %d, this host knows %d", recorded.Format, RecordingFormat)
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
	var envelope abi.Call
	if f := decode([]byte(recorded.Envelope), abi.CodeBadInput, &envelope); f != nil {
		return nil, fmt.Errorf("replaying a call: reading its envelope: %w", f)
	}
	call := Call{
		Workspace: recorded.Workspace, Plugin: m.manifest.Name, Version: m.manifest.Version, Digest: digest, Action: recorded.Action,
		Enrollment: recorded.Enrollment, IdempotencyKey: envelope.IdempotencyKey, Now: envelope.Now,
	}
	j := job{
		call: call, limits: recorded.Limits.WithDefaults(), timeout: abi.MaxTimeout,
		envelope: []byte(recorded.Envelope), world: replaying(recorded.Exchanges),
	}
	var r Result
	err = h.rerun(ctx, m, j, &r)
	return newRecording(m, j, &r, err), nil
}

func (h *Host) rerun(ctx context.Context, m *module, j job, r *Result) error {
	a := m.actions[j.call.Action]
	if a == nil {
		return failf(abi.CodeUnknownAction, "Version %s of the plugin %s has no action %q.", m.manifest.Version, m.manifest.Name, j.call.Action)
	}
	ticket, err := h.admit(ctx, m, j.call, j.limits, r)
	if err != nil {
		return err
	}
	defer ticket.Leave("")
	return h.complete(ctx, m, a, ticket, j, r)
}
