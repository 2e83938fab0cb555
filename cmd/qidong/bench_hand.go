package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
)

// handWritten are workflows as an engineer would write them for speed: they
// call no plugin and keep no journey log.
type handWritten struct {
	client client.Client
	worker worker.Worker
	count  atomic.Int64
	ticked sync.Map // tick → when its effect happened
}

const handQueue = "bench-hand-written"

func newHandWritten(c client.Client) (*handWritten, error) {
	h := &handWritten{client: c, worker: worker.New(c, handQueue, worker.Options{})}
	h.worker.RegisterWorkflow(handLocal)
	h.worker.RegisterWorkflow(handOrdinary)
	h.worker.RegisterWorkflow(handTicks)
	h.worker.RegisterActivity(h.Echo)
	h.worker.RegisterActivity(h.Tick)
	if err := h.worker.Start(); err != nil {
		return nil, fmt.Errorf("starting the worker of workflows written by hand: %w", err)
	}
	return h, nil
}

func (h *handWritten) close() { h.worker.Stop() }

// Echo does nothing.
func (h *handWritten) Echo(_ context.Context, in map[string]any) (map[string]any, error) {
	return in, nil
}

// Tick notes when it ran.
func (h *handWritten) Tick(_ context.Context, id string) error {
	h.ticked.Store(id, time.Now())
	return nil
}

func handLocal(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
	for range 5 {
		if err := workflow.ExecuteLocalActivity(ctx, "Echo", map[string]any{"counter": 1}).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func handOrdinary(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 5 * time.Second})
	for range 5 {
		if err := workflow.ExecuteActivity(ctx, "Echo", map[string]any{"counter": 1}).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func handTicks(ctx workflow.Context, n int) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{StartToCloseTimeout: 5 * time.Second})
	ticks := workflow.GetSignalChannel(ctx, "tick")
	for range n {
		var id string
		ticks.Receive(ctx, &id)
		if err := workflow.ExecuteLocalActivity(ctx, "Tick", id).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (h *handWritten) local(ctx context.Context) error    { return h.run(ctx, handLocal) }
func (h *handWritten) ordinary(ctx context.Context) error { return h.run(ctx, handOrdinary) }

// run starts a workflow as enrollments are started, and waits for its end.
func (h *handWritten) run(ctx context.Context, w any, args ...any) error {
	started, err := h.start(ctx, w, args...)
	if err != nil {
		return err
	}
	return started.Get(ctx, nil)
}

func (h *handWritten) start(ctx context.Context, w any, args ...any) (client.WorkflowRun, error) {
	return h.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "hand-" + strconv.FormatInt(h.count.Add(1), 10), TaskQueue: handQueue,
		WorkflowTaskTimeout: 2 * time.Second, EnableEagerStart: true,
	}, w, args...)
}

// tickCount is how many events one look at latency measures: with fewer than 100
// the 99th percentile would be the slowest.
const tickCount = 200

// eventToEffect is how long an accepted event takes to the message that answers
// it ÷ how long a bare signal takes to a local activity, at a percentile.
func (b *bench) eventToEffect(ctx context.Context, h *handWritten, percentile float64) (float64, error) {
	bare, err := h.signalToEffect(ctx)
	if err != nil {
		return 0, fmt.Errorf("signaling a workflow written by hand: %w", err)
	}
	ours, err := b.eventToMessage(ctx)
	if err != nil {
		return 0, err
	}
	slices.Sort(bare)
	slices.Sort(ours)
	at := min(int(percentile*tickCount), tickCount-1)
	return float64(ours[at]) / float64(bare[at]), nil
}

func (h *handWritten) signalToEffect(ctx context.Context) ([]time.Duration, error) {
	run, err := h.start(ctx, handTicks, tickCount)
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, tickCount)
	for i := range took {
		id := run.GetID() + "/" + strconv.Itoa(i)
		began := time.Now()
		if err := h.client.SignalWorkflow(ctx, run.GetID(), "", "tick", id); err != nil {
			return nil, err
		}
		var at any
		if err := until(ctx, func() (ok bool, err error) { at, ok = h.ticked.Load(id); return ok, nil }); err != nil {
			return nil, err
		}
		took[i] = at.(time.Time).Sub(began) //nolint:errcheck,forcetypeassert // nothing else is stored
	}
	return took, run.Get(ctx, nil)
}

// eventToMessage is about one enrollment of a customer of its own; the moment
// of a message is what the store says of it.
func (b *bench) eventToMessage(ctx context.Context) ([]time.Duration, error) {
	c, err := b.service.PutCustomer(ctx, b.admin, orchestrator.Customer{Name: "Tick"})
	if err != nil {
		return nil, err
	}
	send := func(kind string) error {
		e := b.event(kind)
		e.Subject = c.ID
		_, err := b.service.AcceptEvents(ctx, b.admin, []orchestrator.Event{e})
		return err
	}
	if err := send("bench-ticks"); err != nil {
		return nil, err
	}
	var began [tickCount]time.Time
	for i := range began {
		err := until(ctx, func() (bool, error) {
			open, _, err := b.service.Enrollments(ctx, b.admin, orchestrator.EnrollmentFilter{Customer: c.ID}, orchestrator.Page{Limit: 1})
			return len(open) == 1 && open[0].Step == "w"+strconv.Itoa(i), err
		})
		if err != nil {
			return nil, err
		}
		began[i] = time.Now()
		if err := send("bench.tick"); err != nil {
			return nil, err
		}
	}
	var sent []orchestrator.Message
	err = until(ctx, func() (bool, error) {
		sent, _, err = b.service.Messages(ctx, b.admin, c.ID, orchestrator.Page{Limit: 500})
		return len(sent) == tickCount, err
	})
	took := make([]time.Duration, len(sent))
	for i, m := range sent {
		took[i] = m.SentAt.Sub(began[i])
	}
	return took, err
}

// until looks every two milliseconds until done says so. Moments are read from
// what happened, not from when it was seen, so looking more often would measure
// nothing but the looking: reading messages takes a core from what is measured.
func until(ctx context.Context, done func() (bool, error)) error {
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}
