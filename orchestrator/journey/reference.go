package journey

// ended says whether a step has ended when another begins.
type ended int

const (
	never  ended = iota
	beside       // it runs side by side, in another arm of a parallel
	maybe        // only when some arm was taken, or in an earlier round
	surely
)

// before tells whether the step with the id has ended, or has bound something,
// when the step now begins. Steps of an exit and those of the journey itself
// know nothing of each other.
func (k *compiler) before(id, now string) ended {
	target, from := k.steps[id], k.steps[now]
	found := never
	for c := from; c != nil && found == never; c = c.parent { // the sequences around now, inside out
		if t := target.in(c); t != nil {
			found = target.endedWhen(t, c, from)
		}
	}
	if found == maybe && from.passedOver() {
		return surely // nobody ever asks
	}
	if found == never && sameRepeat(target, from) {
		return maybe // in an earlier round
	}
	return found
}

// in is the place around p, or p itself, that is in the same sequence as c.
func (p *place) in(c *place) *place {
	for ; p != nil; p = p.parent {
		if &p.siblings[0] == &c.siblings[0] {
			return p
		}
	}
	return nil
}

// endedWhen tells whether p, which is t or inside it, has ended when from begins,
// which is c or inside it; t and c are in one sequence.
func (p *place) endedWhen(t, c, from *place) ended {
	switch {
	case t.index > c.index:
		return never
	case t.index < c.index:
		return p.within(t)
	case t == p && c == from: // itself: a repeat's condition knows its round
		if t.step.Repeat != nil {
			return surely
		}
		return never
	case t == p: // the block around now
		if t.step.Parallel != nil {
			return never
		}
		return surely
	case c == from: // of a repeat, what is in it
		if c.step.Repeat != nil {
			return p.within(t)
		}
		return never
	case t.step.Parallel != nil:
		return beside
	}
	return never
}

// within tells whether whoever has passed t, which is around p or p itself, has
// passed p.
func (p *place) within(t *place) ended {
	for ; p != t; p = p.parent {
		if p.step.Disabled || !p.onlyWayOn() {
			return maybe
		}
	}
	if t.step.Disabled {
		return maybe
	}
	return surely
}

// onlyWayOn tells whether whoever comes after the block around p has been
// through the arm that p is in.
func (p *place) onlyWayOn() bool {
	switch block := p.parent.step; {
	case p.arm == ArmFailed:
		return false
	case block.Parallel != nil:
		return block.Parallel.Join == JoinAll
	case block.Repeat != nil:
		return block.Repeat.Until != ""
	case block.Task != nil && (block.Task.Done == nil || block.Task.Overdue == nil):
		return false
	}
	for _, a := range arms(p.parent.step) { // all others must end the enrollment
		if goesOn(a.steps) != (a.id == p.arm) {
			return false
		}
	}
	return true
}

// goesOn tells whether something may come after the steps.
func goesOn(steps []*Step) bool {
	for _, s := range steps {
		if s.ends() {
			return false
		}
	}
	return true
}

// sameRepeat tells whether two steps are in the rounds of one repeat.
func sameRepeat(a, b *place) bool {
	for p := a.parent; p != nil; p = p.parent {
		if p.step.Repeat == nil {
			continue
		}
		for q := b.parent; q != nil; q = q.parent {
			if p == q {
				return true
			}
		}
	}
	return false
}

// inArm tells whether p is in the arm of the block, however deep.
func (p *place) inArm(block *place, arm string) bool {
	for ; p != nil; p = p.parent {
		if p.parent == block {
			return arm == "" || p.arm == arm
		}
	}
	return false
}
