package orchestrator

import (
	"context"
	"errors"
	"slices"
	"time"
)

// ApprovalLife is how long an approval holds.
const ApprovalLife = 14 * 24 * time.Hour

// Approval is one person's yes to exactly one definition of a journey. An edit,
// or another version of a plugin that it uses, is another definition.
type Approval struct {
	Workspace, Journey string
	Digest             string // of the definition
	By                 string // Actor.Name
	At                 time.Time
}

// ApprovalStore keeps approvals.
type ApprovalStore interface {
	// AddApproval keeps a; again by the same person it is as new.
	AddApproval(ctx context.Context, a Approval) error
	// Approvals are those of a definition, oldest first.
	Approvals(ctx context.Context, workspace, journey, digest string) ([]Approval, error)
}

// PublishApproval is whether somebody else has to approve, and who has.
type PublishApproval struct {
	// Needed says that the workspace wants a second person, and that this
	// definition was not published before.
	Needed bool
	By     []Approval // that still hold
	// Given says that the actor may publish: nothing is needed, or somebody else
	// has approved.
	Given bool
	// Own says that the actor has approved.
	Own bool
}

// approval tells what stands between the actor and the publish of a definition.
func (s *Service) approval(ctx context.Context, a Actor, name, digest string) (PublishApproval, error) {
	set, err := s.store.Settings(ctx, a.Workspace)
	if err != nil || !set.Approval {
		return PublishApproval{Given: err == nil}, err
	}
	versions, err := s.store.Versions(ctx, a.Workspace, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return PublishApproval{}, err
	}
	if slices.ContainsFunc(versions, func(v Version) bool { return v.Digest == digest }) {
		return PublishApproval{Given: true}, nil // going back is not to wait for anybody
	}
	p := PublishApproval{Needed: true}
	list, err := s.store.Approvals(ctx, a.Workspace, name, digest)
	if err != nil {
		return p, err
	}
	for _, x := range list {
		if s.now().Sub(x.At) >= ApprovalLife {
			continue
		}
		p.By = append(p.By, x)
		p.Own = p.Own || x.By == a.Name
		p.Given = p.Given || x.By != a.Name
	}
	return p, nil
}

// ApproveDraft says yes to a draft as it is at a revision, for whoever publishes
// it within [ApprovalLife]: somebody else. [ErrConflict] when it was edited since.
func (s *Service) ApproveDraft(ctx context.Context, a Actor, name string, revision int64) error {
	if err := a.may(); err != nil {
		return err
	}
	d, _, err := s.draft(ctx, a.Workspace, name)
	if err != nil {
		return err
	}
	if d.Revision != revision {
		return Refuse(ErrConflict, say("%s has edited the draft since; look at what you approve once more", d.UpdatedBy))
	}
	plan, err := s.PlanPublish(ctx, a, []byte(d.Source))
	if err != nil {
		return err
	}
	if len(plan.Problems) > 0 {
		return &ValidationError{Subject: "journey", Problems: plan.Problems}
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.AddApproval(ctx, Approval{Workspace: a.Workspace, Journey: name, Digest: plan.Digest, By: a.Name, At: s.now()}); err != nil {
			return err
		}
		return s.audit(ctx, a, "journey.approve", name, map[string]any{"digest": plan.Digest, "revision": revision})
	})
}

// needApproval refuses a publish that a second person has to approve first.
func (s *Service) needApproval(ctx context.Context, a Actor, name, digest string) error {
	p, err := s.approval(ctx, a, name, digest)
	if err != nil || p.Given {
		return err
	}
	return Refuse(ErrPrecondition, say("this workspace wants somebody else to approve journey %s before %s publishes it; send them the publish page", name, a.Name))
}
