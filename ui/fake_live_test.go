package ui

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// fakeLive is who came to the steps, and what was asked.
type fakeLive struct {
	steps []orchestrator.StepLive
	asked []orchestrator.LiveFilter // of Live and Stays, the cache's hits left out
}

func (f *fake) Live(_ context.Context, _ actor, filter orchestrator.LiveFilter) ([]orchestrator.StepLive, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live.asked = append(f.live.asked, filter)
	return f.live.steps, f.fail
}

func (f *fake) Stays(_ context.Context, _ actor, filter orchestrator.LiveFilter, _ orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.live.asked = append(f.live.asked, filter)
	return []orchestrator.Enrollment{f.views["e_run"].Enrollment, f.views["e_held"].Enrollment}, "", f.fail
}

// crowdOf is a crowd that thins out from step to step.
func crowdOf(d *journey.Definition) []orchestrator.StepLive {
	var out []orchestrator.StepLive
	n := int64(9000)
	for i, s := range steps(d) {
		c := orchestrator.StepLive{Step: s.ID, Waiting: n % 37, Done: n, Away: n / 50, Arms: map[string]orchestrator.ArmLive{}, Took: time.Duration(i*i*i) * time.Minute}
		left := n
		arms := s.ShownArms()
		for k, a := range arms {
			took := left * 3 / 4
			if k == len(arms)-1 {
				took = left
			}
			left -= took
			c.Arms[a.ID] = orchestrator.ArmLive{Done: took, Goal: took / int64(3+k), Completed: took / int64(2+k)}
		}
		if s.ID == "ticket" {
			c.Failed = 2
		}
		out = append(out, c)
		n = n * 9 / 10
	}
	return out
}

func (f *fake) Versions(_ context.Context, _ actor, _ string) ([]orchestrator.Version, error) {
	old := f.version
	old.Number = 2
	return []orchestrator.Version{f.version, old}, f.err()
}
