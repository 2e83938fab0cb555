package workflows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"go.temporal.io/api/serviceerror"

	"github.com/qidong/qidong/orchestrator"
)

// Bounds of one signal: far from what Temporal bears (10,000 signals, 2 MiB a
// payload), and few enough events for one workflow task.
const (
	maxSignalEvents = 64
	maxSignalBytes  = 48 << 10 // of data; a single event may have 32 KiB
	maxPiece        = 32 << 10 // of the data of one that has more; base64 makes 43 of them
)

// signaled is what the signal "event" carries: one event as an object, or
// several, in order, as a list. One name for both keeps their order: Temporal
// keeps it within a name only. Whoever receives it takes them in one after the
// other, as if each had been a signal of its own.
type signaled []eventBinding

// MarshalJSON writes one event as it always was.
func (s signaled) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]eventBinding(s))
}

// UnmarshalJSON reads either.
func (s *signaled) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]eventBinding)(s))
	}
	*s = make(signaled, 1)
	return json.Unmarshal(b, &(*s)[0])
}

// Signal hands events to an enrollment in as few signals as they fit in.
func (e *Engine) Signal(ctx context.Context, enrollment string, events ...orchestrator.Event) error {
	for len(events) > 0 {
		batch, rest := signalBatch(events)
		for _, part := range pieces(batch) {
			if err := e.pressure(ctx, enrollment); err != nil {
				return err
			}
			if err := e.Client.SignalWorkflow(ctx, enrollment, "", signalEvent, part); err != nil {
				return kind(busy(err), "signaling enrollment "+enrollment)
			}
		}
		events = rest
	}
	return nil
}

// pieces are the signals that carry a batch: one, or as many as its only event
// is too large by. A customer may have that much.
func pieces(batch signaled) []signaled {
	if len(batch) != 1 || len(batch[0].Data) <= maxSignalBytes {
		return []signaled{batch}
	}
	var out []signaled
	for part := range slices.Chunk([]byte(batch[0].Data), maxPiece) {
		e := batch[0]
		e.ID, e.Data, e.Piece = fmt.Sprintf("%s#%d", e.ID, len(out)), nil, part
		out = append(out, signaled{e})
	}
	for i := range out {
		out[i][0].Of = len(out)
	}
	return out
}

// signalBatch takes as many events as one signal may carry, at least one.
func signalBatch(events []orchestrator.Event) (batch signaled, rest []orchestrator.Event) {
	size := 0
	for i, ev := range events {
		size += len(ev.Data)
		if i == maxSignalEvents || i > 0 && size > maxSignalBytes {
			return batch, events[i:]
		}
		batch = append(batch, eventBinding{
			Type: ev.Type, Source: ev.Source, ID: ev.ID, Time: ev.Time.UTC(), Subject: ev.Subject, Data: ev.Data,
		})
	}
	return batch, nil
}

// busy gives "too many signals" its kind: the enrollment has to catch up first.
func busy(err error) error {
	var invalid *serviceerror.InvalidArgument
	var exhausted *serviceerror.ResourceExhausted
	if errors.As(err, &exhausted) || errors.As(err, &invalid) && invalid.Message == signalsLimit {
		return fmt.Errorf("%w: %w", orchestrator.ErrUnavailable, err)
	}
	return err
}

// signalsLimit is what Temporal says at its bound of signals in one run.
const signalsLimit = "exceeded workflow execution limit for signal events"

// Bounds of how far an enrollment may be behind before it gets no more events.
// A healthy one continues as new far below; one whose worker is away would grow
// until Temporal terminates it, at 51,200 events or 50 MB.
const (
	pressureEvery   = 32 // signals to an enrollment between two looks
	pressureHistory = 12_000
	pressureBytes   = 16 << 20
	pressureKnown   = 4096 // enrollments that are counted at a time
)

// signalCounts counts the signals to enrollments. It is safe for concurrent use.
type signalCounts struct {
	mu sync.Mutex
	n  map[string]int
}

// due counts a signal and tells whether it is time to look.
func (c *signalCounts) due(enrollment string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil || len(c.n) >= pressureKnown && c.n[enrollment] == 0 {
		c.n = map[string]int{} // who is flooded is counted anew at once
	}
	c.n[enrollment]++
	return c.n[enrollment]%pressureEvery == 0
}

// retry lets the next signal look again.
func (c *signalCounts) retry(enrollment string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[enrollment] = pressureEvery - 1
}

// pressure is ErrUnavailable while an enrollment does not keep up.
func (e *Engine) pressure(ctx context.Context, enrollment string) error {
	if !e.signals.due(enrollment) {
		return nil
	}
	d, err := e.Client.DescribeWorkflowExecution(ctx, enrollment, "")
	if err != nil {
		return kind(err, "asking how far enrollment "+enrollment+" is")
	}
	info := d.GetWorkflowExecutionInfo()
	if info.GetHistoryLength() < pressureHistory && info.GetHistorySizeBytes() < pressureBytes {
		return nil
	}
	e.signals.retry(enrollment)
	return fmt.Errorf("signaling enrollment %s: %w: it is behind (%d history events, %d bytes) and gets no more events until it has caught up",
		enrollment, orchestrator.ErrUnavailable, info.GetHistoryLength(), info.GetHistorySizeBytes())
}
