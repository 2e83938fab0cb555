package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// noted is one line of a log, some time after at.
func noted(seq int64, after time.Duration, kind orchestrator.LogKind, step, arm string) orchestrator.LogEntry {
	l := entry(seq, kind, step)
	l.At, l.Virtual = at.Add(after), at.Add(after)
	if arm != "" {
		l.Detail = map[string]any{"arm": arm}
	}
	return l
}

func testLive(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	_, err := s.Publish(ctx, version(acme, "welcome", "d1"))
	require.NoError(t, err)
	f := orchestrator.LiveFilter{Workspace: acme, Journey: "welcome"}
	live := func(f orchestrator.LiveFilter) []orchestrator.StepLive {
		t.Helper()
		list, err := s.Live(ctx, f.Round())
		require.NoError(t, err)
		return list
	}
	require.Empty(t, live(f))
	for i := range 3 {
		addEnrollment(t, s, orchestrator.Enrollment{ID: fmt.Sprint("e_", i), Customer: "c_1", Number: 1 + i/2, Test: i == 1})
	}
	for i := range 3 {
		p := orchestrator.Progress{Enrollment: fmt.Sprint("e_", i), Status: orchestrator.EnrollmentOpen, Step: "ask", LogSeq: 1}
		p.Log = []orchestrator.LogEntry{noted(1, time.Duration(i)*24*time.Hour, orchestrator.LogEntered, "ask", "")}
		record(t, s, p)
	}
	equal(t, []orchestrator.StepLive{{Step: "ask", Waiting: 3}}, live(f))

	held := orchestrator.Progress{Enrollment: "e_0", Status: orchestrator.EnrollmentHeld, Step: "pay", LogSeq: 3, Log: []orchestrator.LogEntry{
		noted(2, 2*time.Hour, orchestrator.LogDone, "ask", "yes"), noted(3, 2*time.Hour, orchestrator.LogEntered, "pay", ""),
	}}
	held.Incident = &orchestrator.Incident{ID: "e_0/pay/1", Step: "pay", Visit: 1, OpenedAt: at}
	record(t, s, held)
	record(t, s, held)
	yes := func(goal, completed int64) map[string]orchestrator.ArmLive {
		return map[string]orchestrator.ArmLive{"yes": {Done: 1, Goal: goal, Completed: completed}}
	}
	equal(t, []orchestrator.StepLive{
		{Step: "ask", Waiting: 2, Done: 1, Took: 2 * time.Hour, Arms: yes(0, 0)}, {Step: "pay", Failed: 1},
	}, live(f))

	record(t, s, orchestrator.Progress{
		Enrollment: "e_0", Status: orchestrator.EnrollmentEnded, Outcome: "completed", LogSeq: 4,
		Log: []orchestrator.LogEntry{noted(4, 3*time.Hour, orchestrator.LogGoal, "", "")},
	})
	record(t, s, orchestrator.Progress{Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, LogSeq: 2})
	ask := orchestrator.StepLive{Step: "ask", Waiting: 1, Done: 1, Away: 1, Took: 2 * time.Hour, Arms: yes(1, 1)}
	equal(t, []orchestrator.StepLive{ask, {Step: "pay", Away: 1}}, live(f))

	t.Run("narrowed", func(t *testing.T) {
		for name, c := range map[string]struct {
			f    orchestrator.LiveFilter
			want []orchestrator.StepLive
		}{
			"a version":              {orchestrator.LiveFilter{Number: 2}, []orchestrator.StepLive{{Step: "ask", Waiting: 1}}},
			"no tests":               {orchestrator.LiveFilter{Real: true}, []orchestrator.StepLive{{Step: "ask", Waiting: 1, Done: 1, Took: 2 * time.Hour, Arms: yes(1, 1)}, {Step: "pay", Away: 1}}},
			"since the second day":   {orchestrator.LiveFilter{From: at.Add(24 * time.Hour)}, []orchestrator.StepLive{{Step: "ask", Waiting: 1, Away: 1}}},
			"the second day":         {orchestrator.LiveFilter{From: at.Add(24 * time.Hour), Until: at.Add(25 * time.Hour)}, []orchestrator.StepLive{{Step: "ask", Away: 1}}},
			"before anybody came":    {orchestrator.LiveFilter{Until: at.Add(-time.Hour)}, nil},
			"another journey's name": {orchestrator.LiveFilter{Journey: "Welcome"}, nil},
		} {
			c.f.Workspace = acme
			if c.f.Journey == "" {
				c.f.Journey = "welcome"
				equal(t, c.want, live(c.f))
				continue
			}
			_, err := s.Live(ctx, c.f.Round())
			require.ErrorIs(t, err, orchestrator.ErrNotFound, name)
		}
	})
	t.Run("who came last is listed first", func(t *testing.T) {
		f.Step = "ask"
		var ids []string
		for _, e := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.Enrollment, string, error) { return s.Stays(ctx, f, p) }) {
			ids = append(ids, e.ID)
		}
		require.Equal(t, []string{"e_2", "e_1", "e_0"}, ids)
		_, _, err := s.Stays(ctx, f, orchestrator.Page{After: "nonsense"})
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	})
}

// testLiveAgrees makes random histories, tells them in pieces, some twice and
// some late, and asks for every number whether it is the length of its list.
func testLiveAgrees(t *testing.T, s orchestrator.Store) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same histories each time
	_, err := s.Publish(t.Context(), version(acme, "welcome", "d1"))
	require.NoError(t, err)
	for i := range 120 {
		wander(t, s, r, fmt.Sprint("e_", i))
	}
	hours := func(n int) time.Time { return at.Add(time.Duration(n) * time.Hour) }
	filters := []orchestrator.LiveFilter{{}, {Number: 2}, {Real: true}, {From: hours(20)}, {Until: hours(30)}, {From: hours(3), Until: hours(9)}}
	for range 12 {
		from := r.IntN(200)
		filters = append(filters, orchestrator.LiveFilter{From: hours(from), Until: hours(from + 1 + r.IntN(150)), Number: r.IntN(3), Real: r.IntN(2) == 0})
	}
	nonzero := 0
	for _, f := range filters {
		f.Workspace, f.Journey = acme, "welcome"
		f = f.Round()
		list, err := s.Live(t.Context(), f)
		require.NoError(t, err)
		for _, l := range list {
			for _, c := range behind(f, l) {
				if c.n > 0 {
					nonzero++
				}
				listed := all(t, 50, func(p orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
					return s.Stays(t.Context(), c.f, p)
				})
				require.Len(t, listed, int(c.n), "%+v", c.f)
				seen := map[string]bool{}
				for _, e := range listed {
					require.False(t, seen[e.ID], "%s is listed twice for %+v", e.ID, c.f)
					seen[e.ID] = true
				}
			}
		}
	}
	require.Greater(t, nonzero, 300, "the histories are too dull to try anything")
}

// counted is a number with the filter of its list.
type counted struct {
	f orchestrator.LiveFilter
	n int64
}

// behind are all the numbers of a step.
func behind(f orchestrator.LiveFilter, l orchestrator.StepLive) []counted {
	f.Step = l.Step
	out := []counted{{f, l.Came()}}
	for state, n := range map[orchestrator.StayState]int64{
		orchestrator.StayWaiting: l.Waiting, orchestrator.StayFailed: l.Failed, orchestrator.StayDone: l.Done, orchestrator.StayAway: l.Away,
	} {
		g := f
		g.State = state
		out = append(out, counted{g, n})
	}
	for _, arm := range []string{"yes", "no"} {
		g := f
		g.Arm = arm
		out = append(out, counted{g, l.Arms[arm].Done})
		g.Success = orchestrator.SuccessGoal
		out = append(out, counted{g, l.Arms[arm].Goal})
		g.Success = orchestrator.SuccessCompleted
		out = append(out, counted{g, l.Arms[arm].Completed})
	}
	return out
}

// wander sends an enrollment through some steps, back and forth.
func wander(t *testing.T, s orchestrator.Store, r *rand.Rand, id string) {
	t.Helper()
	addEnrollment(t, s, orchestrator.Enrollment{ID: id, Customer: "c_1", Number: 1 + r.IntN(3), Test: r.IntN(4) == 0})
	seq, after := int64(0), time.Duration(r.IntN(200*60))*time.Minute
	log := func(kind orchestrator.LogKind, step, arm string) orchestrator.LogEntry {
		seq++
		after += time.Duration(r.IntN(400)) * time.Minute
		return noted(seq, after, kind, step, arm)
	}
	var told []orchestrator.Progress
	tell := func(p orchestrator.Progress) {
		p.Enrollment, p.LogSeq = id, seq
		told = append(told, p)
	}
	for range 1 + r.IntN(6) {
		step := fmt.Sprint("s", r.IntN(4))
		tell(orchestrator.Progress{Status: orchestrator.EnrollmentOpen, Step: step, Log: []orchestrator.LogEntry{log(orchestrator.LogEntered, step, "")}})
		switch r.IntN(6) {
		case 0: // is held
			i := orchestrator.Incident{ID: fmt.Sprint(id, "/", step, "/", seq), Step: step, OpenedAt: at}
			tell(orchestrator.Progress{Status: orchestrator.EnrollmentHeld, Step: step, Incident: &i})
			if r.IntN(2) == 0 {
				i.ResolvedAt = at.Add(time.Hour)
				seq++
				tell(orchestrator.Progress{Status: orchestrator.EnrollmentOpen, Step: step, Incident: &i})
			}
		case 1: // meets a goal
			tell(orchestrator.Progress{Status: orchestrator.EnrollmentOpen, Step: step, Log: []orchestrator.LogEntry{log(orchestrator.LogGoal, "", "")}})
		case 2: // is thrown out of the step
		default:
			tell(orchestrator.Progress{Status: orchestrator.EnrollmentOpen, Log: []orchestrator.LogEntry{log(orchestrator.LogDone, step, []string{"", "yes", "no"}[r.IntN(3)])}})
		}
	}
	if r.IntN(2) == 0 {
		tell(orchestrator.Progress{Status: orchestrator.EnrollmentEnded, Outcome: []string{"completed", "left"}[r.IntN(2)], Log: []orchestrator.LogEntry{log(orchestrator.LogEnded, "", "")}})
	}
	for i := range told {
		if i+1 < len(told) && r.IntN(8) == 0 && told[i].Incident == nil && told[i+1].Incident == nil {
			told[i], told[i+1] = told[i+1], told[i]
		}
	}
	for _, p := range told {
		record(t, s, p)
		if r.IntN(5) == 0 {
			record(t, s, p)
		}
	}
}
