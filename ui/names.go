package ui

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// names finds the words for the ids of a list, asking for each once. What is
// not found keeps its id: a list is no place to fail for a name.
type names struct {
	u           *UI
	ctx         context.Context
	a           actor
	list        []orchestrator.Journey
	listed      bool
	definitions map[string]*journey.Definition
	steps       map[string]map[string]string
	customers   map[string]string
}

func (u *UI) names(ctx context.Context, a actor) *names {
	return &names{u: u, ctx: ctx, a: a, definitions: map[string]*journey.Definition{}, steps: map[string]map[string]string{}, customers: map[string]string{}}
}

func (n *names) journeys() ([]orchestrator.Journey, error) {
	if n.listed {
		return n.list, nil
	}
	list, err := n.u.service.Journeys(n.ctx, n.a)
	n.list, n.listed = list, err == nil
	return list, err
}

func (n *names) journey(name string) string {
	list, err := n.journeys()
	if err == nil {
		for _, j := range list {
			if j.Name == name {
				return journeyTitle(n.ctx, j.Title, name)
			}
		}
	}
	return name
}

// definition is the newest version of a journey, nil when there is none.
func (n *names) definition(name string) *journey.Definition {
	if d, ok := n.definitions[name]; ok {
		return d
	}
	_, v, err := n.u.service.Journey(n.ctx, n.a, name)
	if err != nil {
		v.Definition = nil
	}
	n.definitions[name] = v.Definition
	return v.Definition
}

func (n *names) step(journeyName, id string) string {
	if id == "" {
		return ""
	}
	m, ok := n.steps[journeyName]
	if !ok {
		m = stepNames(n.ctx, n.definition(journeyName))
		n.steps[journeyName] = m
	}
	return named(m, id)
}

func (n *names) customer(id string) string {
	if name, ok := n.customers[id]; ok {
		return name
	}
	name := id
	if c, err := n.u.service.Customer(n.ctx, n.a, id); err == nil {
		name = displayName(c)
	}
	n.customers[id] = name
	return name
}
