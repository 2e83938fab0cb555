package journey

// Kinds lists every kind of step, in the order of the reference.
func Kinds() []Kind {
	return []Kind{
		KindCall, KindSend, KindWait, KindChoose, KindSplit, KindParallel, KindRepeat,
		KindJourney, KindTask, KindSurvey, KindUpdate, KindFragment, KindExit,
	}
}

func kindNames() []string {
	var out []string
	for _, k := range Kinds() {
		out = append(out, string(k))
	}
	return out
}

// Kind is what the step does, "" when it does nothing or several things.
func (s *Step) Kind() Kind {
	if kinds := s.kinds(); len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

// kindName is what a step does.
func kindName(s *Step) Kind { return s.Kind() }

// kinds are the kinds that a step has; one, if it is right.
func (s *Step) kinds() []Kind {
	out := make([]Kind, 0, 1)
	set := func(kind Kind, given bool) {
		if given {
			out = append(out, kind)
		}
	}
	set(KindCall, s.Call != nil)
	set(KindSend, s.Send != nil)
	set(KindWait, s.Wait != nil)
	set(KindChoose, s.Choose != nil)
	set(KindSplit, s.Split != nil)
	set(KindParallel, s.Parallel != nil)
	set(KindRepeat, s.Repeat != nil)
	set(KindJourney, s.Journey != nil)
	set(KindTask, s.Task != nil)
	set(KindSurvey, s.Survey != nil)
	set(KindUpdate, s.Update != nil)
	set(KindFragment, s.Fragment != nil)
	set(KindExit, s.Exit != nil)
	return out
}
