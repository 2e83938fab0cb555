package simulation

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// library is journey.Catalog: the plugins' actions, and what was given with the
// journey.
type library struct {
	Plugins
	journeys  map[string]*journey.Definition // as written
	segments  map[string]string
	fragments map[string][]*journey.Step // every version is the one that was given
	published map[string][]*journey.Step // by "name@version"
}

// newLibrary also tells which sources are journeys. A fragment must come before
// those that use it.
func newLibrary(o Options) (l *library, journeys [][]byte, err error) {
	l = &library{Plugins: o.Plugins, journeys: map[string]*journey.Definition{}, fragments: map[string][]*journey.Step{}, published: o.Fragments}
	if o.Behavior != nil {
		l.segments = o.Behavior.Segments
	}
	for _, source := range o.Sources {
		if isFragment(source) {
			f, problems := journey.CompileFragment(source, l)
			if len(problems) > 0 {
				return nil, nil, &orchestrator.ValidationError{Subject: "fragment", Problems: problems}
			}
			l.fragments[f.Fragment] = f.Steps
			continue
		}
		journeys = append(journeys, source)
		if doc, _ := journey.Decode(source); doc != nil { // its problems come when it is compiled
			l.journeys[doc.Definition.Journey] = doc.Definition
		}
	}
	return l, journeys, nil
}

// isFragment tells by the field that only fragments have.
func isFragment(source []byte) bool {
	var head struct {
		Fragment string `yaml:"fragment"`
	}
	return len(source) <= journey.MaxSource && yaml.Unmarshal(source, &head) == nil && head.Fragment != ""
}

// Fragment finds a fragment that was given as a source, whatever the version, or
// a published one.
func (l *library) Fragment(name string, version int) ([]*journey.Step, bool) {
	steps, ok := l.fragments[name]
	if !ok {
		steps, ok = l.published[name+"@"+strconv.Itoa(version)]
	}
	return steps, ok
}

// Fragments lists those that were given.
func (l *library) Fragments() []string {
	return append(sortedKeys(l.fragments), sortedKeys(l.published)...)
}

// Segment finds a rule of the behavior. A segment that it does not speak of has
// everybody: a simulated customer enters by it, whoever they are.
func (l *library) Segment(name string) (string, bool) {
	if rule, ok := l.segments[name]; ok {
		return rule, true
	}
	return "true", true
}

// Segments lists those of the behavior.
func (l *library) Segments() []string { return sortedKeys(l.segments) }

// Journey tells whether a definition was given.
func (l *library) Journey(name string) bool { return l.journeys[name] != nil }

// Leads lists where a definition that was given leads to.
func (l *library) Leads(name string) []string {
	if d := l.journeys[name]; d != nil {
		return journey.Leads(d)
	}
	return nil
}

// Channels are those of this installation.
func (l *library) Channels() (names []string) {
	for _, c := range orchestrator.Channels() {
		names = append(names, c.Name)
	}
	return names
}
