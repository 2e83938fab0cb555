package journey

// The ids of arms that no source names.
const (
	ArmOtherwise = "otherwise" // of a choose
	ArmRound     = "round"     // the steps of a repeat
	ArmDone      = "done"      // of a task, and how a repeat ended
	ArmOverdue   = "overdue"   // of a task
	ArmMax       = "max"       // how a repeat ended: by its bound
	ArmFailed    = "failed"    // the error arm of any step
)

// stepArm is an alternative of any block.
type stepArm struct {
	id    string
	title Text
	steps []*Step
}

// arms lists the alternatives of any block, in the order of the source, its
// error arm last.
func arms(s *Step) []stepArm {
	var out []stepArm
	switch {
	case s.Wait != nil:
		out = make([]stepArm, 0, len(s.Wait.Arms)+1)
	case s.Choose != nil:
		out = make([]stepArm, 0, len(s.Choose.Arms)+2)
	}
	switch {
	case s.Wait != nil:
		for i := range s.Wait.Arms {
			a := &s.Wait.Arms[i]
			out = append(out, stepArm{a.ID, a.Title, a.Steps})
		}
	case s.Choose != nil:
		for i := range s.Choose.Arms {
			a := &s.Choose.Arms[i]
			out = append(out, stepArm{a.ID, a.Title, a.Steps})
		}
		out = append(out, stepArm{ArmOtherwise, s.Choose.Otherwise.Title, s.Choose.Otherwise.Steps})
	case s.Split != nil:
		for i := range s.Split.Arms {
			a := &s.Split.Arms[i]
			out = append(out, stepArm{a.ID, a.Title, a.Steps})
		}
	case s.Parallel != nil:
		for i := range s.Parallel.Arms {
			a := &s.Parallel.Arms[i]
			out = append(out, stepArm{a.ID, a.Title, a.Steps})
		}
	case s.Repeat != nil:
		out = append(out, stepArm{id: ArmRound, steps: s.Repeat.Steps})
	case s.Task != nil:
		if a := s.Task.Done; a != nil {
			out = append(out, stepArm{ArmDone, a.Title, a.Steps})
		}
		if a := s.Task.Overdue; a != nil {
			out = append(out, stepArm{ArmOverdue, a.Title, a.Steps})
		}
	}
	if s.Failed != nil {
		out = append(out, stepArm{ArmFailed, s.Failed.Title, s.Failed.Steps})
	}
	return out
}
