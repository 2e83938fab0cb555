package journey

import "slices"

// First is the id of the first step, "" when the journey has none. Here and in
// all that finds a way, disabled steps are passed over.
func (p *Program) First() string { return first(p.def.Steps) }

// ExitFirst is the id of the first step of Exit[exit], "" when it has none.
func (p *Program) ExitFirst(exit int) string { return first(p.def.Exit[exit].Steps) }

// ArmFirst is the id of the first step in an arm of a block, "" when the arm
// has none or there is no such arm. The arm of a repeat is [ArmRound], that of
// a step's error [ArmFailed].
func (p *Program) ArmFirst(step, arm string) string {
	at := p.steps[step]
	if at == nil {
		return ""
	}
	for _, a := range arms(at.step) {
		if a.id == arm {
			return first(a.steps)
		}
	}
	return ""
}

// Following is the id of the next step in the same sequence, "" at its end.
func (p *Program) Following(step string) string {
	at := p.steps[step]
	if at == nil {
		return ""
	}
	return first(at.siblings[at.index+1:])
}

// Parent is the block that a step is in, and the arm of it; both are "" for a
// step of the journey itself or of an exit criterion.
func (p *Program) Parent(step string) (block, arm string) {
	at := p.steps[step]
	if at == nil || at.parent == nil {
		return "", ""
	}
	return at.parent.step.ID, at.arm
}

func first(steps []*Step) string {
	for _, s := range steps {
		if !s.Disabled {
			return s.ID
		}
	}
	return ""
}

// Next is where an enrollment goes after step when it took arm ("" for steps
// without arms): the arm's first step, else what follows the block, climbing
// out of blocks that have ended. The end of a repeat's round leads to the
// repeat, which judges whether there is another. It is "" at the end of the
// journey, of an exit criterion, and of an arm of a parallel.
func (p *Program) Next(step, arm string) string {
	at := p.steps[step]
	if at == nil {
		return ""
	}
	if inside := p.ArmFirst(step, arm); inside != "" {
		return inside
	}
	for ; at != nil; at = at.parent {
		if next := first(at.siblings[at.index+1:]); next != "" {
			return next
		}
		switch {
		case at.parent == nil || at.parent.step.Parallel != nil && at.arm != ArmFailed:
			return ""
		case at.parent.step.Repeat != nil:
			return at.parent.step.ID
		}
	}
	return ""
}

// Path lists the blocks around a step as "block/arm", outermost first.
func (p *Program) Path(step string) []string {
	var path []string
	for at := p.steps[step]; at != nil && at.parent != nil; at = at.parent {
		path = append(path, at.parent.step.ID+"/"+at.arm)
	}
	slices.Reverse(path)
	return path
}
