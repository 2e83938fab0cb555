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
