package simulation

import "github.com/qidong/qidong/orchestrator/journey"

// steps are the journey's own and its exits', in the order of the source, the
// disabled ones left out.
func (c *compiled) steps() []*journey.Step {
	var out []*journey.Step
	var walk func(list []*journey.Step)
	walk = func(list []*journey.Step) {
		for _, s := range list {
			if s.Disabled {
				continue
			}
			out = append(out, s)
			for _, inner := range within(s) {
				walk(inner)
			}
		}
	}
	walk(c.def.Steps)
	for _, x := range c.def.Exit {
		walk(x.Steps)
	}
	return out
}

// within are the steps of each arm of a block.
func within(s *journey.Step) (arms [][]*journey.Step) {
	switch {
	case s.Wait != nil:
		for _, a := range s.Wait.Arms {
			arms = append(arms, a.Steps)
		}
	case s.Choose != nil:
		for _, a := range s.Choose.Arms {
			arms = append(arms, a.Steps)
		}
		arms = append(arms, s.Choose.Otherwise.Steps)
	case s.Split != nil:
		for _, a := range s.Split.Arms {
			arms = append(arms, a.Steps)
		}
	case s.Parallel != nil:
		for _, a := range s.Parallel.Arms {
			arms = append(arms, a.Steps)
		}
	case s.Repeat != nil:
		arms = append(arms, s.Repeat.Steps)
	case s.Task != nil:
		for _, a := range []*journey.TaskArm{s.Task.Done, s.Task.Overdue} {
			if a != nil {
				arms = append(arms, a.Steps)
			}
		}
	}
	if s.Failed != nil {
		arms = append(arms, s.Failed.Steps)
	}
	return arms
}
