package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of a workspace's fragments.
const (
	MaxFragments        = 200 // names
	MaxFragmentVersions = 500 // of one
)

// Fragment is a published version of a fragment. It never changes.
type Fragment struct {
	Workspace, Name string
	Version         int    // from 1
	Digest          string // hex sha256 of its definition
	Title           journey.Text
	Source          string          // as it was published; "" in lists
	Steps           []*journey.Step // with the fragments that it uses in their places; nil in lists
	StepCount       int             // those in blocks included
	PublishedAt     time.Time
	PublishedBy     string
}

// FragmentStore keeps fragments.
type FragmentStore interface {
	// PublishFragment stores a version under the next number. The same digest as
	// the newest version's changes nothing and returns it. [ErrLimit] when there
	// are too many fragments, or too many versions of this one.
	PublishFragment(ctx context.Context, f Fragment) (Fragment, error)
	// Fragment finds a version; 0 is the newest.
	Fragment(ctx context.Context, workspace, name string, version int) (Fragment, error)
	// Fragments lists the newest version of each by name, without source and steps.
	Fragments(ctx context.Context, workspace string) ([]Fragment, error)
}

// PublishFragment makes src the newest version of its fragment; the same
// definition again changes nothing. A *ValidationError carries all problems,
// and then nothing is stored.
func (s *Service) PublishFragment(ctx context.Context, a Actor, src []byte) (Fragment, error) {
	if err := a.may(); err != nil {
		return Fragment{}, err
	}
	c, err := s.catalog(ctx, a.Workspace)
	if err != nil {
		return Fragment{}, err
	}
	d, problems := journey.CompileFragment(src, c)
	if c.failed != nil {
		return Fragment{}, c.failed
	}
	if len(problems) > 0 {
		return Fragment{}, &ValidationError{Subject: "fragment", Problems: problems}
	}
	f := Fragment{
		Workspace: a.Workspace, Name: d.Fragment, Digest: journey.FragmentDigest(d), Title: d.Title, Source: string(src),
		Steps: d.Steps, StepCount: journey.StepCount(&journey.Definition{Steps: d.Steps}), PublishedAt: s.moment(), PublishedBy: a.Name,
	}
	var published Fragment
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		newest, err := s.newestFragment(ctx, a.Workspace, f.Name)
		if err != nil {
			return err
		}
		if published, err = s.store.PublishFragment(ctx, f); err != nil || published.Version == newest {
			return err
		}
		return s.audit(ctx, a, "fragment.publish", f.Name, map[string]any{"version": published.Version, "digest": published.Digest})
	})
	if err != nil {
		return Fragment{}, err
	}
	return published, nil
}

// newestFragment is the number of the newest version, 0 when there is none.
func (s *Service) newestFragment(ctx context.Context, workspace, name string) (int, error) {
	list, err := s.store.Fragments(ctx, workspace)
	if err != nil {
		return 0, err
	}
	for _, f := range list {
		if f.Name == name {
			return f.Version, nil
		}
	}
	return 0, nil
}

// Fragment finds a version of a fragment; 0 is the newest.
func (s *Service) Fragment(ctx context.Context, a Actor, name string, version int) (Fragment, error) {
	if err := a.may(); err != nil {
		return Fragment{}, err
	}
	if version < 0 {
		return Fragment{}, Refuse(ErrInvalid, say("the version is %d; versions count from 1, and 0 is the newest", version))
	}
	return s.store.Fragment(ctx, a.Workspace, name, version)
}

// Fragments lists the newest version of each fragment by name, without source
// and steps.
func (s *Service) Fragments(ctx context.Context, a Actor) ([]Fragment, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Fragments(ctx, a.Workspace)
}
