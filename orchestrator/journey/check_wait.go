package journey

import (
	"regexp"
	"slices"
	"time"
)

// wait checks the arms of a wait, one of which must be taken by time.
func (k *compiler) wait(s *Step, path string) {
	timeouts, ids := 0, map[string]bool{}
	for i := range s.Wait.Arms {
		a := &s.Wait.Arms[i]
		at := k.element(path+".arms", i, a.ID)
		k.arm(s, at, a.ID, ids)
		if k.armKind(s, at, a) {
			timeouts++
		}
	}
	switch {
	case timeouts == 0:
		k.report(path, s.ID, "MISSING_TIMEOUT", Say("The wait has no timeout arm: a customer could wait here for ever."), Say("Add an arm with after, until, window or date."))
	case timeouts > 1:
		k.report(path, s.ID, "SEVERAL_TIMEOUTS", Say("The wait has several timeout arms; only one can be the first."), Say("Keep one."))
	}
}

// armKind checks what an arm waits for, and tells whether that is a time.
func (k *compiler) armKind(s *Step, path string, a *Arm) (timed bool) {
	after := k.has(path + ".after")
	if n := count(a.Event != "", a.Reply != "", a.When != "", after, a.Until != "", a.Window != nil, a.Date != nil); n != 1 {
		k.report(path, s.ID, "ARM_KIND", Say("The arm waits for %d things; it must be one.", n), Say("Write one of event, reply, when, after, until, window, date."))
		return false
	}
	if a.Match != "" && a.Event == "" && a.Reply == "" {
		what := Say("waits for the time")
		if a.When != "" {
			what = Say("waits for a condition")
		}
		k.report(path+".match", s.ID, "ARM_KIND", Say("An arm that %s matches no event.", what), Say("Remove match."))
	}
	switch {
	case a.Event != "":
		k.event(path+".event", s.ID, a.Event)
	case a.Reply != "":
		k.reply(s, path+".reply", a.Reply)
	case after && a.After == 0:
		k.report(path+".after", s.ID, "OUT_OF_RANGE", Say("The arm is taken at once."), Say("Write a longer time."))
	case a.Window != nil:
		k.window(s, path+".window", a.Window)
	case a.Date != nil:
		k.date(s, path+".date", a.Date)
	}
	return a.timed()
}

func (k *compiler) window(s *Step, path string, w *Window) {
	from, ok := k.timeOfDay(path+".from", s.ID, w.From, "24:00")
	to, also := k.timeOfDay(path+".to", s.ID, w.To, "")
	if ok && also && to <= from {
		k.report(path, s.ID, "BAD_WINDOW", Say("The window ends at %s, before it begins at %s.", w.To, w.From), Say("Let it end later on the same day, at 24:00 at the latest."))
	}
	seen := map[string]bool{}
	for i, day := range w.Days {
		switch at := element(path+".days", i); {
		case !slices.Contains(weekdays[:], day):
			k.report(at, s.ID, "UNKNOWN_VALUE", Say("%.40q is no day of the week.", day), Say("Write mon, tue, wed, thu, fri, sat or sun."))
		case seen[day]:
			k.report(at, s.ID, "DUPLICATE_VALUE", Say("The day %s is given twice.", day), Say("Remove one."))
		}
		seen[day] = true
	}
}

// timeOfDay checks one; refused is one that cannot be here.
func (k *compiler) timeOfDay(path, step, value, refused string) (minute int, ok bool) {
	if !k.given(path, step, value, Say("Write a time of day like 09:00.")) {
		return 0, false
	}
	minute, err := parseClock(value)
	if err != nil || value == refused {
		k.report(path, step, "BAD_TIME", Say("%.40q is no time of day.", value), Say("Write it like 09:00 or 21:30, in quotes."))
		return 0, false
	}
	return minute, true
}

var traitPath = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*$`)

func (k *compiler) date(s *Step, path string, d *Date) {
	if k.given(path+".trait", s.ID, d.Trait, Say("Name the trait that holds the date.")) && (len(d.Trait) > 256 || !traitPath.MatchString(d.Trait)) {
		k.report(path+".trait", s.ID, "BAD_NAME", Say("%.80q names no trait.", d.Trait), Say("Write its name, with dots for what is in it: birthday, contract.ends_on."))
	}
	k.timeOfDay(path+".at", s.ID, d.At, "24:00")
	if year := Duration(366 * 24 * time.Hour); d.Yearly && (d.Offset > year || d.Offset < -year) {
		k.report(path+".offset", s.ID, "OUT_OF_RANGE", Say("The offset of a yearly date is %s, more than a year.", d.Offset), Say("Use at most 366d."))
	}
}

// reply checks that a reply arm speaks of a message that can be answered.
func (k *compiler) reply(s *Step, path, to string) {
	at := k.steps[to]
	switch {
	case at == nil || (at.step.Send == nil && at.step.Survey == nil):
		k.report(path, s.ID, "UNKNOWN_STEP", Say("There is no send or survey step %.80q to reply to.", to), k.found.suggest(to, k.senders()))
	case k.before(to, s.ID) == never:
		k.report(path, s.ID, "NOT_BEFORE", Say("The message of step %s has not been sent when this wait begins.", to), Say("Send it before."))
	case len(replies(at.step)) == 0:
		k.report(path, s.ID, "NO_REPLIES", Say("The message of step %s has no suggested reply.", to), Say("Add a suggestion with reply to it."))
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
	if s.Survey != nil && s.Survey.Kind != SurveyText {
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
