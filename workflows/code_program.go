package workflows

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
)

// codePrograms are those of journeys written in Go: their definitions, with the
// steps that the code has come to so far. Enrollments of one journey come to the
// same steps in the same order, so few are ever made.
var codePrograms programCache

// maxPrograms bounds the cache; what is dropped is made again.
const maxPrograms = 4096

type programCache struct {
	mu   sync.Mutex
	made map[string]*journey.Program
}

// of is the program of a definition with one more step; nil is none. It is a
// function of its arguments, so that asking from a workflow is deterministic.
func (c *programCache) of(d *journey.Definition, step *journey.Step) (*journey.Program, error) {
	with := *d
	if step != nil {
		with.Steps = append(slices.Clone(d.Steps), step)
	}
	key := contentOf(&with)
	c.mu.Lock()
	known := c.made[key]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	p, err := journey.NewProgram(&with)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil || len(c.made) >= maxPrograms {
		c.made = map[string]*journey.Program{}
	}
	c.made[key] = p
	return p, nil
}

// contentOf names a definition or a step by its content.
func contentOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) //nolint:forbidigo // definitions hold only what JSON can
	}
	return string(b)
}
