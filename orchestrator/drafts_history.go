package orchestrator

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// keepDraft stores a draft, its place in the history and what has changed.
func (s *Service) keepDraft(ctx context.Context, d Draft, label string, c DraftChange) error {
	if err := s.store.PutDraft(ctx, d); err != nil {
		return err
	}
	if err := s.putEntry(ctx, d, label); err != nil {
		return err
	}
	c.Revision = d.Revision
	return s.store.PutDraftChange(ctx, d.Workspace, d.Journey, c)
}

func (s *Service) putEntry(ctx context.Context, d Draft, label string) error {
	zipped, err := pack(d.Source)
	if err != nil {
		return err
	}
	return s.store.PutDraftEntry(ctx, d.Workspace, d.Journey, DraftEntry{At: d.At, Source: zipped, Label: label, By: d.UpdatedBy, Time: d.UpdatedAt})
}

// UndoDraft takes a draft one edit back; [ErrPrecondition] when there is none.
// It is [ErrConflict] when the draft is not at the revision that the designer has
// seen any more, so that nobody takes back what they do not know of; 0 is
// whatever revision it is at.
func (s *Service) UndoDraft(ctx context.Context, a Actor, name string, revision int64) (DraftView, error) {
	return s.travel(ctx, a, name, revision, -1)
}

// RedoDraft takes back an undo, in the same way.
func (s *Service) RedoDraft(ctx context.Context, a Actor, name string, revision int64) (DraftView, error) {
	return s.travel(ctx, a, name, revision, 1)
}

// travel moves a draft in its history. Its revision rises all the same, and an
// undo counts as a change of the whole: whoever has not seen it is told.
func (s *Service) travel(ctx context.Context, a Actor, name string, revision int64, by int) (DraftView, error) {
	if err := a.may(); err != nil {
		return DraftView{}, err
	}
	var d Draft
	var newest int
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if d, newest, err = s.draft(ctx, a.Workspace, name); err != nil {
			return err
		}
		if revision != 0 && revision != d.Revision {
			return Refuse(ErrConflict, say("%s has edited the draft since; look at it as it is now and do it again", d.UpdatedBy))
		}
		e, err := s.store.DraftEntry(ctx, a.Workspace, name, d.At+by)
		if errors.Is(err, ErrNotFound) {
			return Refuse(ErrPrecondition, say("there is nothing more to undo or redo in the draft of %s", name))
		}
		if err != nil {
			return err
		}
		if d.Source, err = unpack(e.Source); err != nil {
			return err
		}
		d.Revision, d.At, d.UpdatedAt, d.UpdatedBy = d.Revision+1, e.At, s.moment(), a.Name
		if err := s.store.PutDraft(ctx, d); err != nil {
			return err
		}
		return s.store.PutDraftChange(ctx, a.Workspace, name, DraftChange{Revision: d.Revision, Touched: []string{""}, By: a.Name})
	})
	if err != nil {
		return DraftView{}, err
	}
	s.rings.ring(a.Workspace, name)
	return s.viewDraft(ctx, d, newest, edit.Change{})
}

// DiscardDraft throws a draft away with its history: what is published stays.
func (s *Service) DiscardDraft(ctx context.Context, a Actor, name string) error {
	if err := a.may(); err != nil {
		return err
	}
	defer s.rings.ring(a.Workspace, name)
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteDraft(ctx, a.Workspace, name); err != nil {
			return err
		}
		return s.audit(ctx, a, "draft.discard", name, nil)
	})
}

// PublishDraft publishes a draft as [Service.PublishWith] does, if it is still at
// the revision that the designer has seen; else it is [ErrConflict]. The draft
// stays, with its history, on top of the new version.
func (s *Service) PublishDraft(ctx context.Context, a Actor, name string, revision int64, o PublishOptions) (Publication, error) {
	if err := a.may(); err != nil {
		return Publication{}, err
	}
	d, newest, err := s.draft(ctx, a.Workspace, name)
	switch {
	case err != nil:
		return Publication{}, err
	case d.Revision != revision:
		return Publication{}, Refuse(ErrConflict, say("%s has edited the draft since; look at what will be published and publish again", d.UpdatedBy))
	case newest > d.Base:
		return Publication{}, Refuse(ErrConflict, say("version %d was published since this draft was begun from version %d; discard it, or replace its source", newest, d.Base))
	}
	p, err := s.PublishWith(ctx, a, []byte(d.Source), o)
	if err != nil || d.Revision == 0 {
		return p, err
	}
	return p, s.rebase(ctx, d, p.Version.Number)
}

// rebase makes a published version what a draft stands on. Its history stays, so
// that undo works past a publish.
func (s *Service) rebase(ctx context.Context, d Draft, version int) error {
	defer s.rings.ring(d.Workspace, d.Journey)
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		now, err := s.store.Draft(ctx, d.Workspace, d.Journey)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		now.Base, now.Revision = version, now.Revision+1
		if err := s.store.PutDraft(ctx, now); err != nil {
			return err
		}
		return s.store.PutDraftChange(ctx, d.Workspace, d.Journey, DraftChange{Revision: now.Revision, By: now.UpdatedBy})
	})
}

func pack(source string) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, source); err != nil {
		return nil, fmt.Errorf("compressing a draft: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compressing a draft: %w", err)
	}
	return out.Bytes(), nil
}

func unpack(zipped []byte) (string, error) {
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return "", fmt.Errorf("reading a draft's history: %w", err)
	}
	source, err := io.ReadAll(io.LimitReader(r, journey.MaxSource+1))
	if err != nil {
		return "", fmt.Errorf("reading a draft's history: %w", err)
	}
	return string(source), nil
}

// DraftChanges lists what was changed in a draft after a revision, oldest first:
// cheap, for those who watch it.
func (s *Service) DraftChanges(ctx context.Context, a Actor, name string, after int64) ([]DraftChange, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.DraftChanges(ctx, a.Workspace, name, after)
}
