package orchestrator

import (
	"context"
	"errors"
	"slices"

	"github.com/qidong/qidong/orchestrator/journey"
)

// FindIncidents lists incidents of the actor's workspace, newest first.
func (s *Service) FindIncidents(ctx context.Context, a Actor, f IncidentFilter, p Page) ([]Incident, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	f.Workspace = a.Workspace
	return s.store.FindIncidents(ctx, f, p)
}

// maxGroups bounds the groups of a list.
const maxGroups = 200

// IncidentGroups groups open incidents by cause, the largest group first, at
// most 200.
func (s *Service) IncidentGroups(ctx context.Context, a Actor, f IncidentFilter) ([]IncidentGroup, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	f.Workspace = a.Workspace
	return s.store.IncidentGroups(ctx, f, maxGroups)
}

// ResolutionPreview is what a bulk resolution would do.
type ResolutionPreview struct {
	Count  int64      // open incidents that the filter selects
	Sample []Incident // the newest, at most 20
	// Effects say what would happen, one for each step.
	Effects []ResolutionEffect
	// Problems are why it cannot be done as asked; then it is refused.
	Problems []Problem
}

// ResolutionEffect is what a resolution means at one step.
type ResolutionEffect struct {
	Journey string
	Step    string
	Undo    bool // it is the undo of the step that failed
	Count   int64
	Next    string // the step that they go on with; "" is the end
	Message string // a sentence
}

const shownIncidents = 20

// PreviewResolution tells how many and which incidents a filter selects, and
// what r would do to them. It changes nothing.
func (s *Service) PreviewResolution(ctx context.Context, a Actor, f IncidentFilter, r Resolution) (ResolutionPreview, error) {
	if err := a.may(); err != nil {
		return ResolutionPreview{}, err
	}
	if err := checkResolution(&r); err != nil {
		return ResolutionPreview{}, err
	}
	f.Workspace, f.Open = a.Workspace, true
	var p ResolutionPreview
	var err error
	if p.Count, err = s.store.CountIncidents(ctx, f); err != nil {
		return p, err
	}
	if p.Sample, _, err = s.store.FindIncidents(ctx, f, Page{Limit: shownIncidents}); err != nil {
		return p, err
	}
	groups, err := s.store.IncidentGroups(ctx, f, maxGroups)
	if err != nil {
		return p, err
	}
	return p, s.previewGroups(ctx, a, f, r, groups, &p)
}

// previewGroups adds an effect for each step of the groups, and the problems.
func (s *Service) previewGroups(ctx context.Context, a Actor, f IncidentFilter, r Resolution, groups []IncidentGroup, p *ResolutionPreview) error {
	for _, g := range groups {
		at := slices.IndexFunc(p.Effects, func(e ResolutionEffect) bool {
			return e.Journey == g.Journey && e.Step == g.Step && e.Undo == g.Undo
		})
		if at >= 0 {
			p.Effects[at].Count += g.Count
			continue
		}
		one := f
		one.Cause = g.Cause
		found, _, err := s.store.FindIncidents(ctx, one, Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			continue // resolved meanwhile
		}
		e, err := s.store.Enrollment(ctx, a.Workspace, found[0].Enrollment)
		if err != nil {
			return err
		}
		effect, problems, err := s.effect(ctx, e, found[0], r)
		if err != nil {
			return err
		}
		effect.Count = g.Count
		p.Effects = append(p.Effects, effect)
		p.Problems = append(p.Problems, problems...)
	}
	return nil
}

// effect tells what a resolution does to one incident.
func (s *Service) effect(ctx context.Context, e Enrollment, i Incident, r Resolution) (ResolutionEffect, []Problem, error) {
	out := ResolutionEffect{Journey: e.Journey, Step: i.Step, Undo: i.Undo}
	program, err := s.programs.get(ctx, e.Digest)
	if err != nil {
		return out, nil, err
	}
	what := "The step is"
	if i.Undo {
		what = "The undo is"
	}
	var problems []Problem
	refuse := func(path, code string, message, mend journey.Sentence) {
		problems = append(problems, Problem{Path: path, Step: i.Step, Code: code}.Saying(message, mend))
	}
	switch r.Action {
	case ResolveRetry:
		out.Next, out.Message = i.Step, what+" tried again, under the same idempotency key."
	case ResolveSupply:
		arm, _ := r.Result["arm"].(string)
		out.Next, out.Message = program.Next(i.Step, arm), what+" done, with the result supplied."
		var invalid *ValidationError
		if err := s.checkResult(ctx, e, i, r.Result); errors.As(err, &invalid) {
			problems = append(problems, invalid.Problems...)
		} else if err != nil {
			return out, nil, err
		}
	case ResolveSkip:
		out.Next, out.Message = program.Next(i.Step, r.Arm), what+" passed over; it gives no result."
		if r.Arm != "" && (i.Undo || !slices.Contains(program.Arms(i.Step), r.Arm)) {
			refuse("arm", "UNKNOWN_ARM", say("Step %s has no arm %.80q to go on with.", i.Step, r.Arm), say("Leave it out to go on after the step."))
		}
	case ResolveMove:
		out.Next, out.Message = r.Step, "It goes on at step "+r.Step+"."
		if !program.Enabled(r.Step) {
			refuse("step", "UNKNOWN_STEP", say("Version %d of journey %s has no step %.80q that is not disabled.", e.Number, e.Journey, r.Step), say("Choose another step."))
		}
	case ResolveRemove:
		out.Message = `The enrollment ends with the outcome "removed"; what was done stays done.`
		if r.Undo {
			out.Message = `What was done is undone, newest first, and the enrollment ends with the outcome "removed".`
		}
	}
	if i.Undo && (r.Action == ResolveMove || r.Action == ResolveRemove) {
		refuse("action", "UNDO_FAILED", say("It is an undo that failed: the enrollment is on its way out."), say("Retry it, supply its result, or skip it."))
	}
	return out, problems, nil
}

// ResolveIncidents answers every open incident that a filter selects, as a bulk
// job. Expect is the count of the preview that it was decided on: another one
// now is [ErrConflict]; a negative one is not compared. What the preview says
// is a problem is refused.
func (s *Service) ResolveIncidents(ctx context.Context, a Actor, f IncidentFilter, r Resolution, expect int64) (BulkJob, error) {
	p, err := s.PreviewResolution(ctx, a, f, r)
	if err != nil {
		return BulkJob{}, err
	}
	if len(p.Problems) > 0 {
		return BulkJob{}, &ValidationError{Subject: "resolution", Problems: p.Problems}
	}
	if expect >= 0 && p.Count != expect {
		return BulkJob{}, Refuse(ErrConflict, say("%d incidents are selected now, not %d; look at the preview again", p.Count, expect))
	}
	_ = checkResolution(&r) // the preview has
	r.Actor, f.Workspace, f.Open = a.Name, a.Workspace, true
	var job BulkJob
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		var err error
		job, err = s.store.AddBulkJob(ctx, BulkJob{
			Workspace: a.Workspace, Journey: f.Journey, Resolution: &r, Rate: defaultBulkRate, By: a.Name, CreatedAt: s.now(),
		}, BulkSelection{Workspace: a.Workspace, Incidents: &f})
		if err != nil {
			return err
		}
		detail := resolutionDetail(r)
		detail["action"], detail["incidents"], detail["cause"] = r.Action, job.Counts.Total, f.Cause
		return s.audit(ctx, a, "incident.resolve", job.ID, detail)
	})
	return job, err
}
