package orchestrator

import (
	"context"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// DraftNames lists what the expression, or the text with ${…}, in a field of a
// draft may speak of, whether anything is written there yet or not; nothing for
// a field that holds neither.
func (s *Service) DraftNames(ctx context.Context, a Actor, name, field string) ([]journey.Name, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	d, _, err := s.draft(ctx, a.Workspace, name)
	if err != nil {
		return nil, err
	}
	doc, problem := s.sources.read(d.Source)
	if problem != nil {
		return nil, nil
	}
	// Something must stand in the field for it to be read as one that speaks.
	doc, _, err = edit.ApplyAll(doc, []edit.Command{{Op: edit.Set, Field: field, Value: []byte(`"now"`)}})
	if err != nil {
		return nil, invalid(err)
	}
	c, err := s.catalog(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	names := journey.Names(doc.Source(), c, field)
	return names, c.failed
}
