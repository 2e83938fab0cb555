package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of a workspace's message templates.
const (
	MaxTemplates    = 500
	maxTemplateName = 63       // characters
	maxTemplate     = 64 << 10 // bytes of the message, as JSON
)

// Template is a message of the workspace that designers take into send steps.
// A step gets a copy: changing a template changes no journey.
type Template struct {
	Workspace, Name string
	Title           journey.Text
	// Message is what the step would send: a text, a card or a carousel, its
	// category, its suggestions, its words in each language with ${CEL}.
	Message   journey.Send
	Revision  int64 // rises with every change, from 1
	UpdatedAt time.Time
	UpdatedBy string
}

// TemplateStore keeps templates.
type TemplateStore interface {
	// PutTemplate stores a template over revision, 0 for a new one, and returns
	// it with its new revision. [ErrConflict] when the stored one has another
	// revision or exists already; [ErrLimit] when there are too many.
	PutTemplate(ctx context.Context, t Template, revision int64) (Template, error)
	// Template finds a template.
	Template(ctx context.Context, workspace, name string) (Template, error)
	// Templates lists all of a workspace by name.
	Templates(ctx context.Context, workspace string) ([]Template, error)
	// DeleteTemplate forgets a template; [ErrNotFound] when there is none.
	DeleteTemplate(ctx context.Context, workspace, name string) error
}

var templateName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Templates lists the templates of the actor's workspace by name.
func (s *Service) Templates(ctx context.Context, a Actor) ([]Template, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Templates(ctx, a.Workspace)
}

// Template finds a template of the actor's workspace.
func (s *Service) Template(ctx context.Context, a Actor, name string) (Template, error) {
	if err := a.may(); err != nil {
		return Template{}, err
	}
	return s.store.Template(ctx, a.Workspace, name)
}

// PutTemplate stores a template over a revision, 0 for a new one; the name and
// the workspace's other templates stay. A *ValidationError has every problem
// that the message has in any journey: that its expressions speak of steps and
// variables which only a journey has is none. It is audited.
func (s *Service) PutTemplate(ctx context.Context, a Actor, t Template, revision int64) (Template, error) {
	if err := a.may(); err != nil {
		return Template{}, err
	}
	if err := s.checkTemplate(ctx, a, t); err != nil {
		return Template{}, err
	}
	t.Workspace, t.UpdatedAt, t.UpdatedBy = a.Workspace, s.moment(), a.Name
	var stored Template
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		var err error
		if stored, err = s.store.PutTemplate(ctx, t, revision); err != nil {
			return err
		}
		return s.audit(ctx, a, "template.put", t.Name, map[string]any{"revision": stored.Revision})
	})
	return stored, err
}

// DeleteTemplate forgets a template; steps that were made from it stay as they
// are. It is audited.
func (s *Service) DeleteTemplate(ctx context.Context, a Actor, name string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteTemplate(ctx, a.Workspace, name); err != nil {
			return err
		}
		return s.audit(ctx, a, "template.delete", name, nil)
	})
}

func (s *Service) checkTemplate(ctx context.Context, a Actor, t Template) error {
	c := check{subject: "template"}
	if !templateName.MatchString(t.Name) {
		c.add("name", "BAD_NAME", say("%.80q cannot be used here.", t.Name), say("Use lower-case letters, digits and hyphens, at most %d, a letter first.", maxTemplateName))
	}
	if len(t.Title) == 0 {
		c.add("title", "REQUIRED", say("It is empty."), say("Give it a value."))
	}
	for lang, text := range t.Title {
		c.text("title."+lang, text, 1, 200)
	}
	c.value("message", t.Message, maxTemplate)
	if err := c.err(); err != nil {
		return err
	}
	known, err := s.catalog(ctx, a.Workspace)
	if err != nil {
		return err
	}
	problems, err := messageProblems(t.Message, known)
	if err == nil && known.failed != nil {
		err = known.failed
	}
	if err == nil && len(problems) > 0 {
		err = &ValidationError{Subject: "template", Problems: problems}
	}
	return err
}

// ofJourney are the codes of problems that only a journey can solve: what an
// expression speaks of.
var ofJourney = []string{
	"UNKNOWN_VARIABLE", "UNKNOWN_STEP", "UNKNOWN_NAME", "UNKNOWN_REPLY", "NOT_IN_SCOPE", "NOT_BEFORE", "MAYBE_NOT_BEFORE", "MAYBE_FAILED",
}

// messageProblems checks a message as the only step of a journey.
func messageProblems(m journey.Send, known journey.Catalog) ([]Problem, error) {
	const step = "message"
	text := map[string]string{"en": step, "zh-CN": step}
	source, err := json.Marshal(map[string]any{
		"qidong": "v1", "journey": "template", "title": text, "entry": map[string]any{"api": true},
		"steps": []any{map[string]any{"id": step, "title": text, "send": m}},
	})
	if err != nil {
		return nil, fmt.Errorf("writing a template as a step: %w", err)
	}
	_, found := journey.Compile(source, known)
	var problems []Problem
	for _, p := range found {
		if slices.Contains(ofJourney, p.Code) {
			continue
		}
		p.Path = strings.TrimPrefix(p.Path, "steps."+step+".send.")
		p.Step, p.Line, p.Column = "", 0, 0 // there is no source that anybody has seen
		problems = append(problems, p)
	}
	return problems, nil
}
