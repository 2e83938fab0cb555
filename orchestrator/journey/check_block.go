package journey

import (
	"fmt"
)

// arm checks the id of an arm.
func (k *compiler) arm(s *Step, path, id string, ids map[string]bool) {
	switch {
	case id == "":
		k.report(path, s.ID, "MISSING_FIELD", "The arm has no id.", mendForArm)
	case !stepID.MatchString(id):
		k.report(path+".id", s.ID, "BAD_ID", fmt.Sprintf("%.80q cannot be an arm's id.", id), mendForArm)
	case ids[id]:
		k.report(path+".id", s.ID, "DUPLICATE_ID", fmt.Sprintf("The arm id %s is used twice in this block.", id), mendForArm)
	}
	ids[id] = true
}

func (k *compiler) choose(s *Step, path string) {
	if len(s.Choose.Arms) == 0 {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no arms.", "Add at least one with when.")
	}
	if !k.has(path + ".otherwise") {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no otherwise.", "Add otherwise: {steps: […]}; it may be empty: otherwise: {}.")
	}
	if o := s.Choose.Otherwise; o.ID != ArmOtherwise || o.When != "" {
		k.report(path+".otherwise", s.ID, "ARM_KIND", "Otherwise is taken when no other arm is, and has neither an id nor a condition.", "Remove id and when from it.")
	}
	ids := map[string]bool{ArmOtherwise: true}
	for i, a := range s.Choose.Arms {
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		if a.When == "" {
			k.report(at, s.ID, "MISSING_FIELD", "The arm has no when.", "Say in CEL when it is taken.")
		}
	}
}
