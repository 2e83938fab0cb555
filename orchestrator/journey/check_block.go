package journey

import (
	"strings"
)

// Limits of blocks.
const (
	MaxArms   = 20     // of a split or a parallel
	MaxWeight = 10_000 // of a split's arm
	MaxRounds = 10_000 // of a repeat
)

// arm checks the id of an arm.
func (k *compiler) arm(s *Step, path, id string, ids map[string]bool) {
	switch {
	case id == "":
		k.report(path, s.ID, "MISSING_FIELD", Say("The arm has no id."), mendForArm)
	case !stepID.MatchString(id):
		k.report(path+".id", s.ID, "BAD_ID", Say("%.80q cannot be an arm's id.", id), mendForArm)
	case ids[id]:
		k.report(path+".id", s.ID, "DUPLICATE_ID", Say("The arm id %s is used twice in this block.", id), mendForArm)
	}
	ids[id] = true
}

// constant is "true" or "false" for a condition that is written so.
func constant(when string) string { return strings.TrimSpace(when) }

func (k *compiler) choose(s *Step, path string) {
	if len(s.Choose.Arms) == 0 {
		k.report(path, s.ID, "MISSING_ARM", Say("The choose has no arms."), Say("Add at least one with when."))
	}
	if !k.has(path + ".otherwise") {
		k.report(path, s.ID, "MISSING_ARM", Say("The choose has no otherwise."), Say("Add otherwise: {steps: […]}; it may be empty: otherwise: {}."))
	}
	if o := s.Choose.Otherwise; o.ID != ArmOtherwise || o.When != "" {
		k.report(path+".otherwise", s.ID, "ARM_KIND", Say("Otherwise is taken when no other arm is, and has neither an id nor a condition."), Say("Remove id and when from it."))
	}
	ids, always := map[string]bool{ArmOtherwise: true}, ""
	for i, a := range s.Choose.Arms {
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		switch {
		case a.When == "":
			k.report(at, s.ID, "MISSING_FIELD", Say("The arm has no when."), Say("Say in CEL when it is taken."))
		case always != "":
			k.report(at, s.ID, "UNREACHABLE", Say("The arm is never taken: %s before it always is.", always), Say("Remove it, or change the condition before it."))
		case constant(a.When) == "false":
			k.report(at+".when", s.ID, "UNREACHABLE", Say("The arm is never taken: its condition never holds."), Say("Remove it, or disable its steps."))
		case constant(a.When) == "true":
			always = a.ID
		}
	}
	if always != "" && len(s.Choose.Otherwise.Steps) > 0 {
		k.report(path+".otherwise", s.ID, "UNREACHABLE", Say("Otherwise is never taken: %s always is.", always), Say("Remove its steps, or change that condition."))
	}
}

func (k *compiler) split(s *Step, path string) {
	k.manyArms(s, path, len(s.Split.Arms))
	ids, holdouts := map[string]bool{}, 0
	for i := range s.Split.Arms {
		a := &s.Split.Arms[i]
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		switch {
		case !k.has(at + ".weight"):
			k.report(at, s.ID, "MISSING_FIELD", Say("The arm has no weight."), Say("Add weight: 50; its share is that of the sum."))
		case a.Weight == 0:
			k.report(at+".weight", s.ID, "UNREACHABLE", Say("The arm is never taken: its weight is 0."), Say("Use 1 to 10000, or remove the arm."))
		default:
			k.within(at+".weight", s.ID, Say("weight"), a.Weight, 1, MaxWeight)
		}
		if a.Holdout {
			holdouts++
			k.heldOut(s, a.ID, a.Steps)
		}
	}
	if n := len(s.Split.Arms); n > 0 && holdouts == n {
		k.report(path, s.ID, "HOLDOUT", Say("All arms are holdouts: nobody is messaged."), Say("Let one arm be none."))
	}
	if n := len(s.Split.Salt); n == 0 && !k.ofFragment || n > 256 {
		k.report(path+".salt", s.ID, "OUT_OF_RANGE", Say("The salt has %d bytes; it must have 1 to 256.", n), Say("Shorten it, or leave it out."))
	}
}

// heldOut reports messages in a holdout arm, which are never sent.
func (k *compiler) heldOut(split *Step, arm string, steps []*Step) {
	walkSteps(steps, func(s *Step) {
		if s.Send != nil || s.Survey != nil {
			k.report(k.path(s), s.ID, "HOLDOUT", Say("The message is never sent: the arm %s of step %s is a holdout.", arm, split.ID), Say("Move it to another arm, or remove holdout."))
		}
	})
}

func (k *compiler) manyArms(s *Step, path string, n int) {
	if n < 2 || n > MaxArms {
		k.report(path, s.ID, "OUT_OF_RANGE", Say("The block has %d arms; it must have 2 to %d.", n, MaxArms), Say("Add or remove some."))
	}
}

func (k *compiler) parallel(s *Step, path string) {
	p := s.Parallel
	k.manyArms(s, path, len(p.Arms))
	k.oneOf(path+".join", s.ID, Say("join"), p.Join, JoinAll, JoinAny, JoinN)
	switch {
	case p.Join == JoinN && (p.N < 1 || p.N > len(p.Arms)):
		k.report(path, s.ID, "OUT_OF_RANGE", Say("The join waits for %d of %d arms.", p.N, len(p.Arms)), Say("Add n: 1 to %d.", len(p.Arms)))
	case p.Join != JoinN && k.has(path+".n"):
		k.report(path+".n", s.ID, "NOT_HERE", Say("A number of arms needs join: n."), Say("Write join: n, or remove it."))
	}
	ids := map[string]bool{}
	for i, a := range p.Arms {
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		if len(a.Steps) == 0 && p.Join != JoinAll {
			k.report(at, s.ID, "EMPTY_ARM", Say("The arm has no steps, so that it always ends first."), Say("Give it steps, or remove it."))
		}
	}
}

func (k *compiler) repeat(s *Step, path string) {
	r := s.Repeat
	if count(r.While != "", r.Until != "") != 1 {
		k.report(path, s.ID, "REPEAT_KIND", Say("A repeat goes on while a condition holds, or until one does."), Say("Write one of while, until."))
	}
	switch {
	case !k.has(path + ".max"):
		k.report(path, s.ID, "MISSING_BOUND", Say("The repeat has no bound: it could go on for ever."), Say("Add max: 10, the most rounds there may be."))
	default:
		k.within(path+".max", s.ID, Say("number of rounds"), r.Max, 1, MaxRounds)
	}
	if len(r.Steps) == 0 {
		k.report(path, s.ID, "MISSING_FIELD", Say("The repeat has no steps."), Say("Add at least one."))
	}
	if constant(r.While) == "false" {
		k.report(path+".while", s.ID, "UNREACHABLE", Say("There is never a round: the condition never holds."), Say("Remove the repeat, or disable it."))
	}
}
