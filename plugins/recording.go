package plugins

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/qidong/qidong/plugins/rewrite"
	"github.com/qidong/qidong/sdk/abi"
)

// RecordingFormat is the version of [Recording].
const RecordingFormat = 1

// Recording is one call as its guest saw it. With the module of its digest it
// is all that is needed to make the call again, bit for bit, on another
// machine: the guest's clock and random numbers follow from the envelope. It
// holds no secret and no field of the customer that was not granted, since the
// guest saw none. [Recording.Encode] and [ReadRecording] are its form in files.
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
	Envelope   string     `json:"envelope"` // what the guest read, byte for byte
	Exchanges  []Exchange `json:"exchanges,omitempty"`
	// Output or Error is how the call ended. Output is byte for byte what the
	// guest put out.
	Output string     `json:"output,omitempty"`
	Error  *abi.Error `json:"error,omitempty"`
	Log    string     `json:"log,omitempty"`
	Stack  []string   `json:"stack,omitempty"`
	Fuel   int64      `json:"fuel"`
	Meter  int        `json:"meter"`  // [rewrite.Version] of the host, which Fuel depends on
	Memory int64      `json:"memory"` // bytes
	TookMS float64    `json:"took_ms"`
	// Incomplete says why Exchanges are not kept, so that the call cannot be
	// replayed; "" when they are.
	Incomplete string `json:"incomplete,omitempty"`
	// Irreproducible says why a replay may end otherwise: the wall clock or the
	// host had a part in how the call ended. "" when it must end the same.
	Irreproducible string `json:"irreproducible,omitempty"`
}

// Recorder keeps recordings. It is called after the call has ended, within the
// time of the caller.
type Recorder interface {
	// Record keeps r, which nothing changes any more. An error is logged; the
	// call's result stands.
	Record(ctx context.Context, r *Recording) error
}

// record keeps what a run was, if it failed, or if the plugin's calls are
// sampled and this is one of them. A call that failed before it had a place to
// run in (bad input, PLUGIN_BUSY, PLUGIN_SUSPENDED) leaves nothing to record.
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
	t := &j.world.transcript
	recording := &Recording{
		Format: RecordingFormat, Workspace: j.call.Workspace, Plugin: m.manifest.Name, Version: m.manifest.Version,
		Digest: m.digest, Action: j.call.Action, Enrollment: j.call.Enrollment, At: time.Now().UTC(),
		Limits: j.limits, Envelope: string(j.envelope), Exchanges: t.Exchanges, Incomplete: t.incomplete(),
		Output: string(r.Output), Log: r.Log, Stack: r.Stack, Fuel: r.Fuel, Meter: rewrite.Version, Memory: r.Memory,
		TookMS: float64(r.Duration.Microseconds()) / 1000, Irreproducible: chance(t, err),
	}
	var declared *abi.Error
	var f *failure
	switch {
	case errors.As(err, &declared):
		recording.Error = declared
	case errors.As(err, &f):
		recording.Error = &abi.Error{Code: f.code, Message: f.message, Retry: retry(f.code)}
	case err != nil:
		recording.Error = &abi.Error{Code: codeOf(err), Message: sentence(err) + ".", Retry: abi.RetryLater}
	}
	return recording
}

// chance is what but the guest and its world had a part in how a call ended;
// "" for nothing.
func chance(t *transcript, err error) string {
	var declared *abi.Error
	var f *failure
	switch {
	case err == nil, errors.As(err, &declared): // the guest ended it
		return ""
	case !errors.As(err, &f):
		return "The host could not run it."
	case f.code == abi.CodeDeadline:
		return "The wall clock ended it: how far it got depends on the machine and its load."
	case f.code == abi.CodeCanceled:
		return "Its caller gave up, or the host was stopped, while it ran."
	case f.code == abi.CodeUnavailable:
		return "The host could not run it."
	case t.asked > t.answered && !t.replays:
		return fmt.Sprintf("The host failed when it answered request %d.", t.asked)
	}
	return ""
}

// sampled tells whether a call is one of the share, 0 to 1, that is recorded: a
// retry is when its first attempt was.
func sampled(key string, share float64) bool {
	if share <= 0 || share >= 1 {
		return share >= 1
	}
	sum := sha256.Sum256([]byte("record " + key)) // keys that differ in one digit are as independent as others
	return float64(binary.BigEndian.Uint64(sum[:])) < share*math.MaxUint64
}
