package journey

import (
	"fmt"
	"slices"
)

func (k *compiler) wait(s *Step, path string) {
	timeouts, ids := 0, map[string]bool{}
	for i, a := range s.Wait.Arms {
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		timed := k.has(at + ".after")
		if n := count(a.Event != "", a.Reply != "", timed, a.Until != ""); n != 1 {
			k.report(at, s.ID, "ARM_KIND", fmt.Sprintf("The arm waits for %d things; it must be one.", n), "Write one of event, reply, after, until.")
			continue
		}
		switch {
		case a.Event != "":
			k.event(at+".event", s.ID, a.Event)
		case a.Reply != "":
			k.reply(s, at+".reply", a.Reply)
		default:
			timeouts++
			if a.Match != "" {
				k.report(at+".match", s.ID, "ARM_KIND", "An arm that waits for the time matches no event.", "Remove match.")
			}
			if timed && a.After == 0 {
				k.report(at+".after", s.ID, "OUT_OF_RANGE", "The arm is taken at once.", "Write a longer time.")
			}
		}
	}
	switch {
	case timeouts == 0:
		k.report(path, s.ID, "MISSING_TIMEOUT", "The wait has no timeout arm: a customer could wait here for ever.", "Add an arm with after or until.")
	case timeouts > 1:
		k.report(path, s.ID, "SEVERAL_TIMEOUTS", "The wait has several timeout arms; only one can be the first.", "Keep one.")
	}
}

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

// reply checks that a reply arm speaks of a message that can be answered.
func (k *compiler) reply(s *Step, path, to string) {
	at := k.steps[to]
	switch {
	case at == nil || (at.step.Send == nil && at.step.Survey == nil):
		k.report(path, s.ID, "UNKNOWN_STEP", fmt.Sprintf("There is no send or survey step %.80q to reply to.", to), k.found.suggest(to, k.senders()))
	case k.before(to, s.ID) == never:
		k.report(path, s.ID, "NOT_BEFORE", fmt.Sprintf("The message of step %s has not been sent when this wait begins.", to), "Send it before.")
	case len(replies(at.step)) == 0:
		k.report(path, s.ID, "NO_REPLIES", fmt.Sprintf("The message of step %s has no suggested reply.", to), "Add a suggestion with reply to it.")
	}
}

func (k *compiler) senders() []string {
	var ids []string
	for _, id := range k.order {
		if s := k.steps[id].step; s.Send != nil || s.Survey != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// replies are the names of a message's suggested replies.
func replies(s *Step) []string {
	if s.Survey != nil {
		return []string{"score"}
	}
	if s.Send == nil {
		return nil
	}
	var out []string
	lists := [][]Suggestion{s.Send.Suggestions}
	for _, c := range cards(s.Send, "") {
		lists = append(lists, c.Suggestions)
	}
	for _, g := range slices.Concat(lists...) {
		if g.Reply != "" {
			out = append(out, g.Reply)
		}
	}
	return out
}

func (k *compiler) choose(s *Step, path string) {
	if len(s.Choose.Arms) == 0 {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no arms.", "Add at least one with when.")
	}
	if !k.has(path + ".otherwise") {
		k.report(path, s.ID, "MISSING_ARM", "The choose has no otherwise.", "Add otherwise: {steps: […]}; it may be empty: otherwise: {}.")
	}
	if o := s.Choose.Otherwise; o.ID != otherwise || o.When != "" {
		k.report(path+".otherwise", s.ID, "ARM_KIND", "Otherwise is taken when no other arm is, and has neither an id nor a condition.", "Remove id and when from it.")
	}
	ids := map[string]bool{otherwise: true}
	for i, a := range s.Choose.Arms {
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		if a.When == "" {
			k.report(at, s.ID, "MISSING_FIELD", "The arm has no when.", "Say in CEL when it is taken.")
		}
	}
}

func (k *compiler) survey(s *Step, path string) {
	if k.given(path+".kind", s.ID, s.Survey.Kind, "Add kind: nps.") && s.Survey.Kind != "nps" {
		k.report(path+".kind", s.ID, "UNKNOWN_VALUE", fmt.Sprintf("There is no survey kind %.40q.", s.Survey.Kind), "Write nps.")
	}
	if len(s.Survey.Question) == 0 {
		k.report(path, s.ID, "MISSING_FIELD", "The survey has no question.", "Add question: {en: …, zh-CN: …}.")
	}
	if s.Survey.Wait == 0 {
		k.report(path+".wait", s.ID, "MISSING_TIMEOUT", "The survey does not say how long it waits for the answer.", "Add wait: 2d.")
	}
}
