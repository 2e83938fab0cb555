package orchestrator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxResult bounds a supplied result: it goes into a workflow's history.
const maxResult = 32 << 10

// The actions of a resolution.
const (
	ResolveRetry  = "retry"  // the step is tried again, under the same idempotency key
	ResolveSupply = "supply" // it goes on as if the step had given Result
	ResolveSkip   = "skip"   // it goes on after the step, or with Arm; the step gives nothing
	ResolveMove   = "move"   // it goes on at Step
	ResolveRemove = "remove" // the enrollment ends with outcome "removed"
)

// Resolve answers an open incident of an enrollment, by r.Incident or the only
// one; [ErrPrecondition] when there is none, or when the enrollment refuses,
// with its sentence. It is audited, before and, when it fails, after.
func (s *Service) Resolve(ctx context.Context, a Actor, enrollment string, r Resolution) error {
	if err := a.may(); err != nil {
		return err
	}
	r.Actor = a.Name
	e, err := s.store.Enrollment(ctx, a.Workspace, enrollment)
	if err != nil {
		return err
	}
	if err := checkResolution(&r); err != nil {
		return err
	}
	if r.Action == ResolveSupply {
		i, err := s.openIncident(ctx, e, r.Incident)
		if err != nil {
			return err
		}
		if err := s.checkResult(ctx, e, i, r.Result); err != nil {
			return err
		}
	}
	return s.audited(ctx, a, "enrollment."+r.Action, enrollment, resolutionDetail(r), func() error {
		return s.engine.Resolve(ctx, enrollment, r)
	})
}

func resolutionDetail(r Resolution) map[string]any {
	detail := map[string]any{}
	for name, v := range map[string]string{"incident": r.Incident, "arm": r.Arm, "step": r.Step} {
		if v != "" {
			detail[name] = v
		}
	}
	if r.Result != nil {
		detail["result"] = r.Result
	}
	if r.Undo {
		detail["undo"] = true
	}
	return detail
}

// checkResolution refuses what is no resolution, and drops what its action does
// not use.
func checkResolution(r *Resolution) error {
	keep := Resolution{Action: r.Action, Incident: r.Incident, Actor: r.Actor}
	c := check{subject: "resolution"}
	switch r.Action {
	case ResolveRetry:
	case ResolveSupply:
		keep.Result = r.Result
		c.value("result", r.Result, maxResult)
	case ResolveSkip:
		keep.Arm = r.Arm
		c.text("arm", r.Arm, 0, 100)
	case ResolveMove:
		keep.Step = r.Step
		c.text("step", r.Step, 1, 100)
	case ResolveRemove:
		keep.Undo = r.Undo
	default:
		return Refuse(ErrInvalid, say("%.40q is no resolution; use retry, supply, skip, move or remove", r.Action))
	}
	*r = keep
	return c.err()
}

// audited does something to an enrollment through the engine. The engine is
// another system: there is no transaction over both, so that the record comes
// first and nothing is ever done without one.
func (s *Service) audited(ctx context.Context, a Actor, action, enrollment string, detail map[string]any, do func() error) error {
	if s.engine == nil {
		return fmt.Errorf("telling enrollment %s: %w: this server has no engine", enrollment, ErrUnavailable)
	}
	if err := s.audit(ctx, a, action, enrollment, detail); err != nil {
		return err
	}
	err := do()
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrNotFound) {
		err = Refuse(ErrPrecondition, say("enrollment %s has ended, or has not begun", enrollment))
	}
	failed := s.audit(context.WithoutCancel(ctx), a, action+".failed", enrollment, map[string]any{"reason": err.Error()})
	return errors.Join(err, failed)
}

// MoveEnrollment lets an enrollment go on at a step of its version, once the
// step under way lets go. Of a parallel's arms only the one that the step is in
// moves; a step outside ends the arms, and what they did stays done.
func (s *Service) MoveEnrollment(ctx context.Context, a Actor, id, step string) error {
	return s.command(ctx, a, id, Command{Action: CommandMove, Step: step})
}

// RemoveEnrollment ends an enrollment with the outcome "removed", after undoing
// what was done, newest first, if asked.
func (s *Service) RemoveEnrollment(ctx context.Context, a Actor, id string, undo bool) error {
	return s.command(ctx, a, id, Command{Action: CommandRemove, Undo: undo})
}

func (s *Service) command(ctx context.Context, a Actor, id string, c Command) error {
	if err := a.may(); err != nil {
		return err
	}
	e, err := s.store.Enrollment(ctx, a.Workspace, id)
	if err != nil {
		return err
	}
	switch e.Status {
	case EnrollmentEnded:
		return Refuse(ErrPrecondition, say("enrollment %s has ended", id))
	case EnrollmentStarting:
		return Refuse(ErrPrecondition, say("enrollment %s has not begun yet; try again in a moment", id))
	case EnrollmentOpen, EnrollmentHeld:
	}
	c.ID, c.Actor = "c_"+strings.ToLower(rand.Text()), a.Name
	detail := map[string]any{}
	if c.Step != "" {
		detail["step"] = c.Step
	}
	if c.Undo {
		detail["undo"] = true
	}
	return s.audited(ctx, a, "enrollment."+c.Action, id, detail, func() error {
		_, err := s.engine.Command(ctx, id, c)
		return err
	})
}

// openIncident finds an open incident of an enrollment, by id or the newest.
func (s *Service) openIncident(ctx context.Context, e Enrollment, id string) (Incident, error) {
	list, _, err := s.store.FindIncidents(ctx, IncidentFilter{Workspace: e.Workspace, Enrollment: e.ID, ID: id, Open: true}, Page{Limit: 1})
	if err != nil {
		return Incident{}, err
	}
	if len(list) == 0 {
		return Incident{}, Refuse(ErrPrecondition, say("enrollment %s has no open incident; look at its page for where it is now", e.ID))
	}
	return list[0], nil
}

// checkResult checks a supplied result against what the failed action promises.
func (s *Service) checkResult(ctx context.Context, e Enrollment, i Incident, result map[string]any) error {
	c := check{subject: "result"}
	program, err := s.programs.get(ctx, e.Digest)
	if err != nil {
		return err
	}
	step := program.Step(i.Step)
	if step == nil || step.Call == nil {
		return nil // no action, no promise
	}
	name := step.Call.Action
	if i.Undo && step.Call.Undo != nil {
		name = step.Call.Undo.Action
	}
	schema, err := s.outputSchema(ctx, e.Workspace, program.Definition().Actions[name])
	if err != nil || schema == nil {
		return err
	}
	if result == nil {
		result = map[string]any{}
	}
	value, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("writing a result: %w", err)
	}
	return c.schema("result", schema, value)
}
