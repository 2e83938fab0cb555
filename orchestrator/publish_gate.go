package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of the gate.
const (
	gateSample = 40               // enrollments looked at
	gateTime   = 15 * time.Second // for all of them
	gateNamed  = 10               // named in an error
)

// GateReport is what the gate looked at before a publish.
type GateReport struct {
	Open    int64 // enrollments under way
	Sampled int   // of them, some of each version and step
	Checked int   // of the sample; the others had ended, or the time was over
}

// GateBreak is an enrollment under way that does not fit.
type GateBreak struct {
	Enrollment string
	Number     int // of its version
	Step       string
	Reason     string // a sentence
}

// GateError refuses a publish because people under way would not get through
// it. It is an [ErrPrecondition].
type GateError struct {
	Journey string
	Report  GateReport
	Breaks  []GateBreak // at most 10
	More    int         // how many breaks are not named
}

// Error is one line per break.
func (e *GateError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "journey %s is not published: of %d enrollments looked at, %d would break", e.Journey, e.Report.Checked, len(e.Breaks)+e.More)
	for _, x := range e.Breaks {
		fmt.Fprintf(&b, "\n  %s (version %d, at %s): %s", x.Enrollment, x.Number, x.Step, x.Reason)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

// Unwrap makes errors.Is(err, ErrPrecondition) true.
func (e *GateError) Unwrap() error { return ErrPrecondition }

// gate looks at a sample of those under way: whether this process's interpreter
// replays their histories, and whether those that are to be moved fit the new
// version. Without an engine there is nobody under way to look at.
func (s *Service) gate(ctx context.Context, a Actor, p PublishPlan, v Version, o PublishOptions) (GateReport, error) {
	report := GateReport{}
	for _, f := range p.Flights {
		report.Open += f.Count
	}
	if s.engine == nil || report.Open == 0 {
		return report, nil
	}
	next, err := journey.NewProgram(v.Definition)
	if err != nil {
		return report, err
	}
	sample, err := s.store.FlightSample(ctx, a.Workspace, p.Journey, gateSample)
	if err != nil {
		return report, err
	}
	report.Sampled = len(sample)
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	refusal := &GateError{Journey: p.Journey}
	var mu sync.Mutex
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, e := range sample {
		group.Go(func() error {
			err := s.fits(groupCtx, e, v, next, o)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				report.Checked++
			case errors.Is(err, ErrNotFound), ctx.Err() != nil:
			case !errors.Is(err, ErrPrecondition):
				return fmt.Errorf("looking at enrollment %s before publishing: %w", e.ID, err)
			default:
				report.Checked++
				refusal.add(GateBreak{Enrollment: e.ID, Number: e.Number, Step: e.Step, Reason: err.Error()})
			}
			return nil
		})
	}
	err = group.Wait()
	refusal.Report = report
	switch {
	case len(refusal.Breaks) > 0:
		return report, refusal
	case err != nil:
		return report, err
	case o.InFlight == InFlightMove && report.Checked == 0 && ctx.Err() != nil:
		return report, Refuse(ErrUnavailable, say("nobody under way could be looked at within %s; try again", gateTime))
	}
	return report, nil
}

func (e *GateError) add(b GateBreak) {
	if len(e.Breaks) == gateNamed {
		e.More++
		return
	}
	e.Breaks = append(e.Breaks, b)
}

// fits looks at one enrollment.
func (s *Service) fits(ctx context.Context, e Enrollment, v Version, next *journey.Program, o PublishOptions) error {
	if err := s.engine.Replay(ctx, e.ID); err != nil {
		return err
	}
	if o.InFlight != InFlightMove || e.Digest == v.Digest {
		return nil
	}
	old, err := s.programs.get(ctx, e.Digest)
	if err != nil {
		return err
	}
	return s.engine.Rehearse(ctx, e.ID, Rehearsal{Old: old, New: next, Mapping: o.Mapping})
}
