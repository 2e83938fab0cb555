package journey

// maxIdleRounds bounds rounds without a wait between them, those of repeats in
// repeats multiplied.
const maxIdleRounds = 1000

// loops looks for work without an end: many rounds without a wait, and a journey
// that hands over to itself, or enters itself by its own event, at once.
func (k *compiler) loops() {
	for i := range k.def.Exit {
		k.rounds(k.def.Exit[i].Steps, 1)
	}
	k.rounds(k.def.Steps, 1)
	for _, id := range k.order {
		at := k.steps[id]
		switch s := at.step; {
		case at.passedOver():
		case s.Journey != nil && s.Journey.Mode == ModeHandover && s.Journey.Journey == k.def.Journey && !at.afterWait():
			k.report(k.path(s)+".journey", s.ID, "LOOP", Say("The journey hands over to itself without a wait: it would never rest."), Say("Add a wait with after before it."))
		case s.Update != nil && s.Update.Emit != nil && k.enters(s.Update.Emit.Type) && !at.afterWait():
			k.report(k.path(s)+".update.emit", s.ID, "LOOP", Say("The event %s enters this journey again without a wait: it would never rest.", s.Update.Emit.Type), Say("Add a wait with after before it, or use reentry: never."))
		}
	}
}

// enters tells whether an event of the type begins this journey again and again.
func (k *compiler) enters(eventType string) bool {
	e := &k.def.Entry
	return e.Event != nil && e.Event.Type == eventType && e.Event.Match == "" && e.Reentry == ReentryAlways
}

// rounds reports repeats that run too often without a wait.
func (k *compiler) rounds(steps []*Step, outer int) {
	for _, s := range steps {
		rounds := outer
		if r := s.Repeat; r != nil {
			switch {
			case takesTime(r.Steps):
				rounds = 1
			case outer*min(max(r.Max, 1), MaxRounds) > maxIdleRounds:
				k.report(k.path(s)+".repeat", s.ID, "LOOP", Say("There could be %d rounds without a wait; the limit is %d.", outer*min(max(r.Max, 1), MaxRounds), maxIdleRounds), Say("Lower max, or add a wait to the steps."))
				continue
			default:
				rounds = outer * min(max(r.Max, 1), MaxRounds)
			}
		}
		for _, a := range arms(s) {
			k.rounds(a.steps, rounds)
		}
	}
}

// takesTime tells whether nobody passes the steps at once.
func takesTime(steps []*Step) bool {
	for _, s := range steps {
		if s.takesTime() {
			return true
		}
	}
	return false
}

func (s *Step) takesTime() bool {
	switch {
	case s.Disabled:
		return false
	case s.Survey != nil, s.Task != nil:
		return true
	case s.Wait != nil:
		all := true
		for i := range s.Wait.Arms {
			a := &s.Wait.Arms[i]
			all = all && (a.After > 0 || a.Event != "" || a.Reply != "" || takesTime(a.Steps))
		}
		return all
	case s.Repeat != nil:
		return s.Repeat.Until != "" && takesTime(s.Repeat.Steps)
	case s.Parallel != nil && s.Parallel.Join == JoinAll:
		for _, a := range s.Parallel.Arms {
			if takesTime(a.Steps) {
				return true
			}
		}
		return false
	case s.Choose == nil && s.Split == nil && s.Parallel == nil:
		return false
	}
	for _, a := range arms(s) {
		if goesOn(a.steps) && !takesTime(a.steps) {
			return false
		}
	}
	return true
}

// afterWait tells whether nobody comes to p at once.
func (p *place) afterWait() bool {
	for ; p != nil; p = p.parent {
		if takesTime(p.siblings[:p.index]) {
			return true
		}
		if p.parent == nil {
			return false
		}
		switch s := p.parent.step; {
		case s.Survey != nil, s.Task != nil && p.arm == ArmOverdue:
			return true
		case s.Wait != nil:
			for i := range s.Wait.Arms {
				if a := &s.Wait.Arms[i]; a.ID == p.arm && (a.After > 0 || a.Event != "" || a.Reply != "") {
					return true
				}
			}
		}
	}
	return false
}
