package ui

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// What there must be of before arms are compared: an interval of less says
// little, and looks like a result.
const (
	enoughPeople    = 30
	enoughSuccesses = 5 // and as many failures, in each arm
)

// getLiveStep is the live part of a step's panel, anew.
func (u *UI) getLiveStep(w http.ResponseWriter, r *http.Request, a actor) error {
	s, err := u.see(r.Context(), a, r.PathValue("name"), readLens(r.URL.Query(), u.now()))
	if err != nil {
		return err
	}
	part := u.liveStep(r.Context(), s)
	if part == nil {
		return orchestrator.ErrNotFound
	}
	return render(w, r, http.StatusOK, view.StepLive(*part))
}

// liveStep tells of the step that is open, nil when it is none that is counted.
func (u *UI) liveStep(ctx context.Context, s seen) *view.LiveStep {
	all := steps(s.d)
	i := slices.IndexFunc(all, func(x *journey.Step) bool { return x.ID == s.Step })
	if i < 0 {
		return nil
	}
	c, name := s.steps[s.Step], s.j.Name
	list := func(pairs ...string) string {
		return s.page(name, "/stays", append([]string{"step", s.Step}, pairs...)...)
	}
	v := &view.LiveStep{URL: s.page(name, "/live/step", "step", s.Step), Step: s.Step, Random: all[i].Split != nil}
	came := c.Came()
	v.Figures = []view.LiveFigure{{Name: "came", Text: i18n.T(ctx, "live.came"), Count: i18n.Number(came), URL: list()}}
	for _, state := range []orchestrator.StayState{orchestrator.StayWaiting, orchestrator.StayDone, orchestrator.StayFailed, orchestrator.StayAway} {
		n := stateCount(c, state)
		v.Figures = append(v.Figures, view.LiveFigure{
			Name: string(state), Text: i18n.T(ctx, "live.state."+string(state)), Count: i18n.Number(n), Share: percent(n, came), URL: list("state", string(state)),
		})
	}
	if c.Done > 0 {
		v.Took = i18n.T(ctx, "live.took", "d", stayTime(ctx, c.Took))
	}
	arms := all[i].ShownArms()
	if len(arms) == 0 {
		return v
	}
	success := orchestrator.SuccessCompleted
	if len(s.d.Goals) > 0 {
		success = orchestrator.SuccessGoal
	}
	v.Success = i18n.T(ctx, "live.success."+string(success))
	results := make([]armCount, len(arms))
	for k, arm := range arms {
		results[k] = armCount{arm.ID, armTitle(ctx, arm.Title, arm.ID), c.Arms[arm.ID].Done, won(c.Arms[arm.ID], success)}
	}
	for _, arm := range results {
		row := arm.row(ctx, c.Done)
		row.URL, row.WonURL = list("arm", arm.id), list("arm", arm.id, "success", string(success))
		v.Arms = append(v.Arms, row)
	}
	if v.Random {
		v.Verdict, v.Sure = verdict(ctx, results)
	}
	return v
}

func stateCount(c orchestrator.StepLive, state orchestrator.StayState) int64 {
	switch state {
	case orchestrator.StayWaiting:
		return c.Waiting
	case orchestrator.StayDone:
		return c.Done
	case orchestrator.StayFailed:
		return c.Failed
	case orchestrator.StayAway:
		return c.Away
	}
	return c.Came()
}

func won(a orchestrator.ArmLive, s orchestrator.Success) int64 {
	if s == orchestrator.SuccessGoal {
		return a.Goal
	}
	return a.Completed
}

// armCount is how many took an arm and how many of them succeeded.
type armCount struct {
	id, title string
	n, won    int64
}

func (a armCount) rate() float64 { return float64(a.won) / float64(a.n) }

// few says that nothing can be told of an arm yet.
func (a armCount) few() bool {
	return a.n < enoughPeople || a.won < enoughSuccesses || a.n-a.won < enoughSuccesses
}

func (a armCount) row(ctx context.Context, all int64) view.ArmResult {
	r := view.ArmResult{ID: a.id, Title: a.title, Count: i18n.Number(a.n), Share: percent(a.n, all)}
	if a.n == 0 {
		return r
	}
	in := orchestrator.Wilson(a.won, a.n, orchestrator.Confidence95(1))
	r.Won, r.Rate = i18n.T(ctx, "live.won", "n", i18n.Number(a.won)), tenth(a.rate())
	r.Low, r.Mid, r.Top = style(in.Low), style(a.rate()), style(1-in.High)
	r.Interval = i18n.T(ctx, "live.interval", "low", tenth(in.Low), "high", tenth(in.High))
	return r
}

// tenth is a share to a tenth of a percent.
func tenth(p float64) string { return strconv.FormatFloat(100*p, 'f', 1, 64) + "%" }

func style(p float64) string { return strconv.FormatFloat(100*p, 'f', 2, 64) }

// verdict says what the results of a split allow to be said. The best arm is
// ahead only when it is of every other one, at 95 % for all comparisons together.
func verdict(ctx context.Context, arms []armCount) (text string, sure bool) {
	if len(arms) < 2 {
		return "", false
	}
	best := arms[0]
	for _, a := range arms {
		if a.few() {
			return i18n.T(ctx, "live.few", "arm", a.title, "people", strconv.Itoa(enoughPeople), "successes", strconv.Itoa(enoughSuccesses)), false
		}
		if a.rate() > best.rate() {
			best = a
		}
	}
	z := orchestrator.Confidence95(len(arms) - 1)
	least := orchestrator.Interval{Low: 1, High: 1}
	for _, a := range arms {
		if a.id == best.id {
			continue
		}
		if d := orchestrator.Difference(best.won, best.n, a.won, a.n, z); d.Low < least.Low {
			least = d
		}
	}
	if least.Low <= 0 {
		return i18n.T(ctx, "live.unclear"), false
	}
	return i18n.T(ctx, "live.ahead", "arm", best.title, "low", tenth(least.Low), "high", tenth(least.High)), true
}
