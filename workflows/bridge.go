package workflows

import (
	"errors"

	"github.com/qidong/qidong/orchestrator/journey"
)

// program adds to [journey.Program] what the language does not offer yet.
type program struct{ *journey.Program }

func (p program) place(id string) (siblings []*journey.Step, index int, block, arm string) {
	var find func(steps []*journey.Step, block, arm string) bool
	find = func(steps []*journey.Step, b, a string) bool {
		for i, s := range steps {
			if s.ID == id {
				siblings, index, block, arm = steps, i, b, a
				return true
			}
			for _, x := range armsOf(s) {
				if find(x.steps, s.ID, x.id) {
					return true
				}
			}
		}
		return false
	}
	def := p.Definition()
	found := find(def.Steps, "", "")
	for i := 0; i < len(def.Exit) && !found; i++ {
		found = find(def.Exit[i].Steps, "", "")
	}
	return siblings, index, block, arm
}

type armSteps struct {
	id    string
	steps []*journey.Step
}

func armsOf(s *journey.Step) []armSteps {
	var out []armSteps
	switch {
	case s.Wait != nil:
		for _, a := range s.Wait.Arms {
			out = append(out, armSteps{a.ID, a.Steps})
		}
	case s.Choose != nil:
		for _, a := range s.Choose.Arms {
			out = append(out, armSteps{a.ID, a.Steps})
		}
		out = append(out, armSteps{"otherwise", s.Choose.Otherwise.Steps})
	case s.Split != nil:
		for _, a := range s.Split.Arms {
			out = append(out, armSteps{a.ID, a.Steps})
		}
	case s.Parallel != nil:
		for _, a := range s.Parallel.Arms {
			out = append(out, armSteps{a.ID, a.Steps})
		}
	case s.Repeat != nil:
		out = append(out, armSteps{roundArm, s.Repeat.Steps})
	}
	if s.Failed != nil {
		out = append(out, armSteps{failedArm, s.Failed.Steps})
	}
	return out
}

func firstEnabled(steps []*journey.Step) string {
	for _, s := range steps {
		if !s.Disabled {
			return s.ID
		}
	}
	return ""
}

func (p program) ArmFirst(step, arm string) string {
	for _, a := range armsOf(p.Step(step)) {
		if a.id == arm {
			return firstEnabled(a.steps)
		}
	}
	return ""
}

func (p program) Following(step string) string {
	siblings, i, _, _ := p.place(step)
	return firstEnabled(siblings[i+1:])
}

func (p program) Parent(step string) (block, arm string) {
	_, _, block, arm = p.place(step)
	return block, arm
}

var errNotYet = errors.New("not offered by the language yet")

func (p program) GoalMet(int, journey.Scope) (bool, error)              { return false, errNotYet }
func (p program) ArmHolds(string, int, journey.Scope) (bool, error)     { return false, errNotYet }
func (p program) RepeatGoesOn(string, int, journey.Scope) (bool, error) { return false, errNotYet }
func (p program) SplitArm(step, _, _ string) (string, bool) {
	return p.Step(step).Split.Arms[0].ID, false
}
