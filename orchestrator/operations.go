package orchestrator

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Throughput is how much of each kind happened in each span of time.
type Throughput struct {
	From      time.Time     // begin of the first span
	Span      time.Duration // of each
	Events    []int64       // that came in
	Messages  []int64       // that went out
	Begun     []int64       // enrollments
	Incidents []int64       // that opened
	// Since is from when on the figures are whole: when more happened than is
	// counted, the earlier spans show less.
	Since time.Time
}

// QueueStates is what waits in a workspace.
type QueueStates struct {
	Pending       int64     // events to be handed out
	OldestPending time.Time // when the oldest of them came; zero for none
	Dead          int64     // events given up
	Starting      int64     // enrollments accepted and not begun
	OldestStart   time.Time // when the oldest of them was accepted; zero for none
	Messages      int64     // that wait for caps, quiet hours, or others
	Tasks         int64     // open
	Incidents     int64     // open
}

// StepTime is one time that a step was passed.
type StepTime struct {
	Journey, Digest, Step string
	Took                  time.Duration
}

// SlowStep is how long a step takes, of those that only work and wait for
// nobody.
type SlowStep struct {
	Journey, Step string
	Count         int64
	P50, P99      time.Duration
}

// OperationsStore tells what a workspace does.
type OperationsStore interface {
	// Throughput counts what happened in spans from a moment on, of at most the
	// newest 20,000 of each kind.
	Throughput(ctx context.Context, workspace string, from time.Time, span time.Duration, spans int) (Throughput, error)
	QueueStates(ctx context.Context, workspace string) (QueueStates, error)
	// BegunBy counts, by journey, the enrollments that began in spans from a
	// moment on, of the newest 20,000.
	BegunBy(ctx context.Context, workspace string, from time.Time, span time.Duration, spans int) (map[string][]int64, error)
	// StepTimes are the steps that the newest enrollments have passed, at most so
	// many enrollments.
	StepTimes(ctx context.Context, workspace string, enrollments int) ([]StepTime, error)
}

// Operations is how a workspace does now.
type Operations struct {
	At         time.Time
	Throughput Throughput
	Queues     QueueStates
	// Slow are the slowest steps first, at most 20, of the newest 300 enrollments.
	Slow    []SlowStep
	Stalled []Stall // as [Service.Stalled]
	Plugins []Plugin
	Jobs    []BulkJob // that run, of the newest 50
}

// The measure of operations.
const (
	throughputSpans = 60
	sampledRuns     = 300
	maxSlow         = 20
)

// Operations tells how a workspace does: throughput of the last hour by the
// minute, what waits, which steps are slow, who is stalled, how plugins do.
func (s *Service) Operations(ctx context.Context, a Actor) (Operations, error) {
	if err := a.may(); err != nil {
		return Operations{}, err
	}
	o := Operations{At: s.now()}
	from := o.At.Truncate(time.Minute).Add(-(throughputSpans - 1) * time.Minute)
	var err error
	for _, part := range []func() error{
		func() error {
			o.Throughput, err = s.store.Throughput(ctx, a.Workspace, from, time.Minute, throughputSpans)
			return err
		},
		func() error { o.Queues, err = s.store.QueueStates(ctx, a.Workspace); return err },
		func() error { o.Slow, err = s.slowSteps(ctx, a.Workspace); return err },
		func() error { o.Stalled, err = s.Stalled(ctx, a); return err },
		func() error { o.Plugins, err = s.Plugins(ctx, a); return err },
	} {
		if err := part(); err != nil {
			return o, err
		}
	}
	jobs, _, err := s.store.BulkJobs(ctx, a.Workspace, "", Page{})
	for _, j := range jobs {
		if j.State == BulkRunning {
			o.Jobs = append(o.Jobs, j)
		}
	}
	return o, err
}

// Week counts, by journey, the enrollments that began in each of the last seven
// spans of 24 hours, the oldest first, of the workspace's newest 20,000. A journey
// that nobody entered is left out.
func (s *Service) Week(ctx context.Context, a Actor) (map[string][]int64, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	const day, days = 24 * time.Hour, 7
	return s.store.BegunBy(ctx, a.Workspace, s.now().Add(-days*day), day, days)
}

// slowSteps measures the steps that work: waits, tasks and surveys take the time
// that people take.
func (s *Service) slowSteps(ctx context.Context, workspace string) ([]SlowStep, error) {
	times, err := s.store.StepTimes(ctx, workspace, sampledRuns)
	if err != nil {
		return nil, err
	}
	type key struct{ journey, step string }
	took := map[key][]time.Duration{}
	for _, t := range times {
		program, err := s.programs.get(ctx, t.Digest)
		if err != nil {
			return nil, err
		}
		if step := program.Step(t.Step); step != nil && (step.Call != nil || step.Send != nil || step.Update != nil) {
			took[key{t.Journey, t.Step}] = append(took[key{t.Journey, t.Step}], t.Took)
		}
	}
	var out []SlowStep
	for k, list := range took {
		slices.Sort(list)
		out = append(out, SlowStep{
			Journey: k.journey, Step: k.step, Count: int64(len(list)), P50: list[len(list)/2], P99: list[min(len(list)*99/100, len(list)-1)],
		})
	}
	slices.SortFunc(out, func(a, b SlowStep) int {
		return cmp.Or(cmp.Compare(b.P99, a.P99), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Step, b.Step))
	})
	return out[:min(len(out), maxSlow)], nil
}
