package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// EnrollmentView is an enrollment with everything its page shows. Incident is
// the open one, or nil.
type EnrollmentView struct {
	Enrollment Enrollment
	Customer   Customer
	Version    Version
	Log        []LogEntry
	Incident   *Incident
}

// Enrollments lists enrollments of the actor's workspace, newest first.
func (s *Service) Enrollments(ctx context.Context, a Actor, f EnrollmentFilter, p Page) ([]Enrollment, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	f.Workspace = a.Workspace
	return s.store.Enrollments(ctx, f, p)
}

// Enrollment is one enrollment with its log.
func (s *Service) Enrollment(ctx context.Context, a Actor, id string) (EnrollmentView, error) {
	if err := a.may(); err != nil {
		return EnrollmentView{}, err
	}
	var v EnrollmentView
	var err error
	if v.Enrollment, err = s.store.Enrollment(ctx, a.Workspace, id); err != nil {
		return EnrollmentView{}, err
	}
	if v.Customer, err = s.store.Customer(ctx, a.Workspace, v.Enrollment.Customer); err != nil {
		return EnrollmentView{}, err
	}
	if v.Version, err = s.version(ctx, v.Enrollment); err != nil {
		return EnrollmentView{}, err
	}
	if v.Log, err = s.store.JourneyLog(ctx, id); err != nil {
		return EnrollmentView{}, err
	}
	if v.Incident, err = s.store.OpenIncident(ctx, a.Workspace, id); err != nil {
		return EnrollmentView{}, err
	}
	return v, nil
}

// version is the one that an enrollment passes through. A digest may have been
// published more than once, in other workspaces as well.
func (s *Service) version(ctx context.Context, e Enrollment) (Version, error) {
	v, err := s.store.VersionByDigest(ctx, e.Digest)
	if err != nil {
		return Version{}, err
	}
	if v.Workspace != e.Workspace || v.Number != e.Number {
		v.PublishedAt, v.PublishedBy = time.Time{}, ""
	}
	v.Workspace, v.Journey, v.Number = e.Workspace, e.Journey, e.Number
	return v, nil
}

// Incidents lists incidents, newest first; open leaves out the resolved.
func (s *Service) Incidents(ctx context.Context, a Actor, open bool, p Page) ([]Incident, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.Incidents(ctx, a.Workspace, open, p)
}

// maxResult bounds a supplied result: it goes into a workflow's history.
const maxResult = 32 << 10

// Resolve answers the open incident of an enrollment; [ErrPrecondition] when
// there is none. It is audited, before and, when it fails, after.
func (s *Service) Resolve(ctx context.Context, a Actor, enrollment string, r Resolution) error {
	if err := a.may(); err != nil {
		return err
	}
	r.Actor = a.Name
	e, err := s.store.Enrollment(ctx, a.Workspace, enrollment)
	if err != nil {
		return err
	}
	switch r.Action {
	case "retry":
		r.Result = nil
	case "supply":
		if err := s.checkResult(ctx, e, r.Result); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: %.40q is no resolution; use retry or supply", ErrInvalid, r.Action)
	}
	if s.engine == nil {
		return fmt.Errorf("resolving the incident of %s: %w: this server has no engine", enrollment, ErrUnavailable)
	}
	// The engine is another system: there is no transaction over both, so that
	// the record comes first and nothing is ever done without one.
	if err := s.audit(ctx, a, "enrollment."+r.Action, enrollment, map[string]any{"result": r.Result}); err != nil {
		return err
	}
	if err := s.engine.Resolve(ctx, enrollment, r); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("%w: enrollment %s has ended", ErrPrecondition, enrollment)
		}
		failed := s.audit(context.WithoutCancel(ctx), a, "enrollment."+r.Action+".failed", enrollment, map[string]any{"reason": err.Error()})
		return errors.Join(err, failed)
	}
	return nil
}

// checkResult checks a supplied result against what the failed action promises.
func (s *Service) checkResult(ctx context.Context, e Enrollment, result map[string]any) error {
	c := check{subject: "result"}
	c.value("result", result, maxResult)
	if err := c.err(); err != nil {
		return err
	}
	i, err := s.store.OpenIncident(ctx, e.Workspace, e.ID)
	if err != nil {
		return err
	}
	if i == nil {
		return fmt.Errorf("%w: enrollment %s has no open incident; look at its page for where it is now", ErrPrecondition, e.ID)
	}
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

// outputSchema is what the pinned version of an action promises to output; nil
// when it is not known.
func (s *Service) outputSchema(ctx context.Context, workspace string, a journey.Action) (json.RawMessage, error) {
	p, err := s.store.PluginByDigest(ctx, workspace, a.Digest)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(p.Manifest, &m); err != nil {
		return nil, fmt.Errorf("reading the manifest of plugin %s %s: %w", p.Name, p.Version, err)
	}
	for _, action := range m.Actions {
		if action.Name == a.Name {
			return action.Output, nil
		}
	}
	return nil, nil
}

// stallGrace is how long after its time a wait is stalled, and how long after
// its acceptance an enrollment that has not started.
const stallGrace = time.Minute

// Stalled lists enrollments that should have gone on a while ago, longest
// stalled first, at most 100.
func (s *Service) Stalled(ctx context.Context, a Actor) ([]Enrollment, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Stalled(ctx, a.Workspace, s.now().Add(-stallGrace), 100)
}
