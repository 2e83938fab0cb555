package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// Draft is the draft of a journey: what was edited last, else its published
// version as it was written, at revision 0. [ErrNotFound] when there is neither.
func (s *Service) Draft(ctx context.Context, a Actor, name string) (DraftView, error) {
	if err := a.may(); err != nil {
		return DraftView{}, err
	}
	d, newest, err := s.draft(ctx, a.Workspace, name)
	if err != nil {
		return DraftView{}, err
	}
	return s.viewDraft(ctx, d, newest, edit.Change{})
}

// Drafts lists the workspace's drafts by journey.
func (s *Service) Drafts(ctx context.Context, a Actor) ([]Draft, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Drafts(ctx, a.Workspace)
}

// draft reads a draft and the number of the newest published version.
func (s *Service) draft(ctx context.Context, workspace, name string) (Draft, int, error) {
	newest := 0
	j, err := s.store.Journey(ctx, workspace, name)
	switch {
	case err == nil:
		newest = j.Number
	case !errors.Is(err, ErrNotFound):
		return Draft{}, 0, err
	}
	d, err := s.store.Draft(ctx, workspace, name)
	if !errors.Is(err, ErrNotFound) || newest == 0 {
		return d, newest, err
	}
	versions, err := s.store.Versions(ctx, workspace, name)
	if err != nil {
		return Draft{}, 0, err
	}
	v := versions[0]
	return Draft{Workspace: workspace, Journey: name, Source: v.Source, Base: v.Number, UpdatedAt: v.PublishedAt, UpdatedBy: v.PublishedBy}, newest, nil
}

func (s *Service) viewDraft(ctx context.Context, d Draft, newest int, change edit.Change) (DraftView, error) {
	v := DraftView{Draft: d, Newest: newest, Change: change}
	v.Document, _ = s.sources.read(d.Source)
	c, err := s.catalog(ctx, d.Workspace)
	if err != nil {
		return v, err
	}
	v.Definition, v.Problems = journey.Draft([]byte(d.Source), c)
	if v.Definition.Journey == "" {
		v.Definition.Journey = d.Journey
	}
	if c.failed != nil || d.Revision == 0 {
		return v, c.failed
	}
	first, last, err := s.store.DraftSpan(ctx, d.Workspace, d.Journey)
	v.CanUndo, v.CanRedo = d.At > first, d.At < last
	return v, err
}

var journeyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// blank is the source of a new journey: what is missing are its steps.
const blank = `qidong: v1
journey: %s
title: {en: %[1]s, zh-CN: %[1]s}
entry: {}
steps: []
`

// NewDraft begins a journey that is not published yet, from a source or, with
// "", from a blank. [ErrConflict] when there is a journey or a draft of that name.
func (s *Service) NewDraft(ctx context.Context, a Actor, name, source string) (DraftView, error) {
	if err := a.may(); err != nil {
		return DraftView{}, err
	}
	if !journeyName.MatchString(name) {
		return DraftView{}, Refuse(ErrInvalid, say("%.64q is no name of a journey; write lower-case letters, digits and hyphens, beginning with a letter, at most 63", name))
	}
	if source == "" {
		source = fmt.Sprintf(blank, name)
	}
	doc, err := named(source, name)
	if err != nil {
		return DraftView{}, err
	}
	d := Draft{Workspace: a.Workspace, Journey: name, Revision: 1, At: 1, Source: string(doc.Source()), UpdatedAt: s.moment(), UpdatedBy: a.Name}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		_, _, err := s.draft(ctx, a.Workspace, name)
		if !errors.Is(err, ErrNotFound) {
			return errors.Join(err, Refuse(ErrConflict, say("there is a journey %s already; choose another name, or edit that one", name)))
		}
		if err := s.keepDraft(ctx, d, "new", DraftChange{}); err != nil {
			return err
		}
		return s.audit(ctx, a, "draft.new", name, nil)
	})
	if err != nil {
		return DraftView{}, err
	}
	s.rings.ring(a.Workspace, name)
	return s.viewDraft(ctx, d, 0, edit.Change{})
}

// named is a source that names the journey so.
func named(source, name string) (*edit.Document, error) {
	doc, problem := edit.Parse([]byte(source))
	if problem != nil {
		return nil, &ValidationError{Subject: "journey", Problems: []Problem{*problem}}
	}
	doc, _, err := edit.Apply(doc, edit.Command{Op: edit.Set, Field: "journey", Value: fmt.Appendf(nil, "%q", name)})
	return doc, err
}

// EditDraft carries out commands on a draft. [ErrConflict] when somebody else
// has changed the same since the revision that the editor has seen, or when
// what a command names is gone; [ErrInvalid] when a command makes no sense.
// Then nothing is changed.
func (s *Service) EditDraft(ctx context.Context, a Actor, name string, e DraftEdit) (DraftView, error) {
	if err := a.may(); err != nil {
		return DraftView{}, err
	}
	if len(e.Commands) == 0 || len(e.Commands) > MaxCommands || len(e.Session) > 64 {
		return DraftView{}, Refuse(ErrInvalid, say("an edit has 1 to %d commands, and a session of at most 64 bytes", MaxCommands))
	}
	var next Draft
	var newest int
	var change edit.Change
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		now, number, err := s.draft(ctx, a.Workspace, name)
		if err != nil {
			return err
		}
		newest = number
		if now.Revision == 0 { // the first edit: what was published is where undo ends
			if err := s.putEntry(ctx, now, string(edit.Replace)); err != nil {
				return err
			}
		}
		var source string
		if source, change, err = s.edited(ctx, now, e); err != nil {
			return err
		}
		if next = now; source == now.Source {
			return nil
		}
		next.Source, next.Revision, next.At, next.UpdatedAt, next.UpdatedBy = source, now.Revision+1, now.At+1, s.moment(), a.Name
		return s.keepDraft(ctx, next, string(e.Commands[0].Op), DraftChange{Touched: change.Touched, By: a.Name, Session: e.Session})
	})
	if err != nil {
		return DraftView{}, err
	}
	s.rings.ring(a.Workspace, name)
	return s.viewDraft(ctx, next, newest, change)
}

// edited is the source after an edit, unless others have changed the same.
func (s *Service) edited(ctx context.Context, now Draft, e DraftEdit) (string, edit.Change, error) {
	doc, problem := s.sources.read(now.Source)
	if problem != nil {
		return "", edit.Change{}, &ValidationError{Subject: "journey", Problems: []Problem{*problem}}
	}
	next, change, err := edit.ApplyAll(doc, e.Commands)
	switch {
	case errors.Is(err, edit.ErrGone):
		return "", change, fmt.Errorf("%w: %w; look at the journey as it is now and do it again", ErrConflict, err)
	case err != nil && e.Revision < now.Revision: // it may have made sense in what the editor has seen
		return "", change, fmt.Errorf("%w: %w; somebody has edited the journey since, look at it as it is now", ErrConflict, err)
	case err != nil:
		return "", change, invalid(err)
	}
	if err := s.unseen(ctx, now, e, change.Touched); err != nil {
		return "", change, err
	}
	source := next.Source()
	if len(source) > journey.MaxSource {
		return "", change, Refuse(ErrLimit, say("the journey would have %d bytes; the limit is %d", len(source), journey.MaxSource))
	}
	if next.Value("journey") != any(now.Journey) {
		return "", change, Refuse(ErrInvalid, say("the name of a journey cannot be changed, it stays %s; make a new journey from this one's source", now.Journey))
	}
	s.sources.keep(string(source), next)
	return string(source), change, nil
}

// unseen refuses to overwrite what somebody else did after the revision that
// the editor has seen.
func (s *Service) unseen(ctx context.Context, now Draft, e DraftEdit, touched []string) error {
	switch {
	case e.Revision == now.Revision:
		return nil
	case e.Revision > now.Revision || now.Revision-e.Revision > MaxDraftChanges:
		return Refuse(ErrConflict, say("the draft is at revision %d, and the edit is of %d; load the page again", now.Revision, e.Revision))
	}
	changes, err := s.store.DraftChanges(ctx, now.Workspace, now.Journey, e.Revision)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Session != "" && c.Session == e.Session {
			continue
		}
		for _, path := range touched {
			if slices.ContainsFunc(c.Touched, func(other string) bool { return overlap(path, other) }) {
				return Refuse(ErrConflict, say("%s has changed %s since; look at it as it is now and do it again", c.By, spoken(path)))
			}
		}
	}
	return nil
}

// overlap says whether one path is the other, or around it.
func overlap(a, b string) bool {
	inside := func(a, b string) bool {
		return b == "" || a == b || strings.HasPrefix(a, b) && strings.ContainsRune(".[#", rune(a[len(b)]))
	}
	return inside(a, b) || inside(b, a)
}

// spoken names what a path leads to: a sentence, or a string.
func spoken(path string) any {
	if path == "" {
		return say("the journey")
	}
	return strings.NewReplacer("#place", "", "#order", "").Replace(path)
}
