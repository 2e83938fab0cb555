package journey

// ShownArm is one arm of a block as the picture shows it. Its ID is "" for the
// way on of a step that has none but an error arm.
type ShownArm struct {
	ID      string
	Title   Text
	Timeout bool
	Steps   []*Step
}

// ShownArms are the arms that s has in the picture: none for a wait that only
// lets time pass, as there is nothing to choose between. The steps of a repeat
// are its arm [ArmRound].
func (s *Step) ShownArms() []ShownArm {
	if s.Delay() {
		return nil
	}
	var out []ShownArm
	for _, a := range arms(s) {
		out = append(out, ShownArm{ID: a.id, Title: a.title, Timeout: s.byTime(a.id), Steps: a.steps})
	}
	switch {
	case s.Task != nil && len(out) > 0:
		if s.Task.Overdue == nil {
			out = append(out, ShownArm{ID: ArmOverdue, Timeout: true})
		}
		if s.Task.Done == nil {
			out = append([]ShownArm{{ID: ArmDone}}, out...)
		}
	case len(out) == 1 && out[0].ID == ArmFailed:
		out = append([]ShownArm{{}}, out...)
	}
	return out
}

// byTime tells whether time takes the arm.
func (s *Step) byTime(arm string) bool {
	if s.Wait != nil {
		for i := range s.Wait.Arms {
			if a := &s.Wait.Arms[i]; a.ID == arm {
				return a.timed()
			}
		}
	}
	return s.Task != nil && arm == ArmOverdue
}

// Delay says whether s is a wait that only lets time pass.
func (s *Step) Delay() bool {
	if s.Wait == nil || len(s.Wait.Arms) != 1 {
		return false
	}
	a := &s.Wait.Arms[0]
	return a.timed() && len(a.Steps) == 0
}

// ends says whether nothing comes after s: it is an exit, hands over to another
// journey, or is a block that nobody leaves.
func (s *Step) ends() bool {
	switch {
	case s.Disabled:
		return false
	case s.Exit != nil:
		return true
	case s.Failed != nil && goesOn(s.Failed.Steps):
		return false
	case s.Journey != nil:
		return s.Journey.Mode == ModeHandover
	case s.Parallel != nil:
		return s.Parallel.never()
	case s.Repeat != nil:
		return s.Repeat.Until != "" && !goesOn(s.Repeat.Steps)
	case s.Task != nil:
		return s.Task.Done != nil && !goesOn(s.Task.Done.Steps) && s.Task.Overdue != nil && !goesOn(s.Task.Overdue.Steps)
	case s.Wait == nil && s.Choose == nil && s.Split == nil:
		return false
	}
	all := arms(s)
	for _, a := range all {
		if goesOn(a.steps) {
			return false
		}
	}
	return len(all) > 0
}

// never tells whether the join never comes, because arms end the enrollment.
func (p *Parallel) never() bool {
	n := 0
	for i := range p.Arms {
		if goesOn(p.Arms[i].Steps) {
			n++
		}
	}
	switch p.Join {
	case JoinAny:
		return n == 0
	case JoinN:
		return n < p.N
	}
	return n < len(p.Arms)
}
