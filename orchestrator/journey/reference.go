package journey

// ended says whether a step has ended when another begins.
type ended int

const (
	never ended = iota
	maybe       // only when some arm was taken
	surely
)

// before tells whether the step with the id has ended when the step now begins.
// Steps of an exit and those of the journey itself know nothing of each other.
func (k *compiler) before(id, now string) ended {
	target, from := k.steps[id], k.steps[now]
	for c := from; c != nil; c = c.parent { // the sequences around now, inside out
		always := true
		for t := target; t != nil; t = t.parent {
			if &t.siblings[0] == &c.siblings[0] {
				switch {
				case t.index > c.index, t == c && (t != target || c == from):
					return never
				case t == c: // the block around now has chosen its arm
					return surely
				case t == target || always:
					return surely
				}
				return maybe
			}
			always = always && t.onlyWayOn()
		}
	}
	return never
}

// onlyWayOn tells whether whoever comes after the block around p has been
// through the arm that p is in: all other arms end the enrollment.
func (p *place) onlyWayOn() bool {
	if p.parent == nil {
		return false
	}
	for _, a := range arms(p.parent.step) {
		goesOn := len(a.steps) == 0 || !a.steps[len(a.steps)-1].ends()
		if goesOn != (a.id == p.arm) {
			return false
		}
	}
	return true
}
