package simulation

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"
	"time"
)

// Run runs the cases of the suite. The error is about the suite itself, not
// about what its cases found: a definition that does not compile is an
// *orchestrator.ValidationError.
func (s *Suite) Run(ctx context.Context, o TestOptions) ([]Result, error) {
	sources, err := s.sources(o)
	if err != nil {
		return nil, err
	}
	// What cases have in common is compiled once; each has a behavior of its own.
	common, err := newPlan(Options{Sources: sources, Plugins: o.Plugins, Code: o.Code})
	if err != nil {
		return nil, err
	}
	var out []Result
	for i := range s.Cases {
		c := &s.Cases[i]
		if o.Match != nil && !o.Match.MatchString(c.Name) {
			continue
		}
		began := time.Now()
		r, err := s.runCase(ctx, common, c, fmt.Sprintf("cases[%d]", i))
		if err != nil {
			return out, fmt.Errorf("running the case %q: %w", c.Name, err)
		}
		r.Took = time.Since(began)
		out = append(out, r)
	}
	return out, nil
}

// sources reads the definitions.
func (s *Suite) sources(o TestOptions) ([][]byte, error) {
	name := s.Journey
	if name == "" {
		name = strings.TrimSuffix(path.Base(o.File), ".test.yaml") + ".yaml"
	}
	var out [][]byte
	for _, file := range append([]string{name}, s.With...) {
		source, err := o.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading the journey %s of the tests %s: %w", file, o.File, err)
		}
		out = append(out, source)
	}
	return out, nil
}

func (s *Suite) runCase(ctx context.Context, common *plan, c *Case, at string) (Result, error) {
	kind := s.Customer
	if c.Customer != nil {
		kind = *c.Customer
	}
	start := s.Time
	if !c.Time.IsZero() {
		start = c.Time
	}
	partners := maps.Clone(s.Partners)
	if partners == nil {
		partners = map[string]Partner{}
	}
	maps.Copy(partners, c.Partners)
	own := *common
	own.behavior = &Behavior{
		Format: behaviorFormat, Start: start, Customers: []Kind{kind}, Entry: &c.Entry, Partners: partners, Latency: &Span{}, Watch: c.Watch,
	}
	if err := own.checkNames(); err != nil {
		return Result{}, err
	}
	p := newPassage(ctx, &own, 0, 1)
	p.script = newScript(c.When, at)
	if err := p.run(); err != nil {
		return Result{}, err
	}
	if err := canceled(ctx); err != nil {
		return Result{}, err
	}
	result := Result{Name: c.Name, Path: p.path(), Mismatches: []Mismatch{}}
	check := &comparison{suite: s, at: at + ".expect", result: &result}
	check.all(c.Expect, result.Path, own.journeys[0].name)
	for _, missed := range p.script.missed() {
		check.add(missed.at, "it happens", missed.why)
	}
	for _, n := range result.Path.Notes {
		check.add(at, "nothing that the simulation could not do", n)
	}
	return result, nil
}
