package journey

import (
	"fmt"
	"time"
)

// ArmMatches tells whether the scope's event ends a wait through the arm with
// the index, or for a survey (arm 0) whether it is the answer. Arms that wait
// for a time or a condition match no event.
func (p *Program) ArmMatches(step string, arm int, s Scope) (bool, error) {
	kind, _ := s.Event["type"].(string)
	st := p.Step(step)
	if st != nil && st.Survey != nil {
		return arm == 0 && p.answers(st, kind, s.Event), nil
	}
	a, err := waitArm(st, step, arm)
	if err != nil {
		return false, err
	}
	switch {
	case a.Event != "" && a.Event != kind:
		return false, nil
	case a.Reply != "" && (kind != EventReply || replyTo(s.Event) != a.Reply):
		return false, nil
	case a.Event == "" && a.Reply == "":
		return false, nil
	}
	ok, err := p.in(s).bool(a.Match)
	return ok, at("steps."+step+".wait.arms."+a.ID+".match", err)
}

// ArmHolds tells whether the condition of a wait's arm holds; it does not for
// an arm that has none.
func (p *Program) ArmHolds(step string, arm int, s Scope) (bool, error) {
	a, err := waitArm(p.Step(step), step, arm)
	if err != nil || a.When == "" {
		return false, err
	}
	ok, err := p.in(s).bool(a.When)
	return ok, at("steps."+step+".wait.arms."+a.ID+".when", err)
}

func waitArm(st *Step, step string, arm int) (*Arm, error) {
	if st == nil || st.Wait == nil || arm < 0 || arm >= len(st.Wait.Arms) {
		return nil, notOf(step, fmt.Sprintf("wait with an arm %d", arm))
	}
	return &st.Wait.Arms[arm], nil
}

// answers tells whether an event answers a survey.
func (p *Program) answers(s *Step, kind string, event map[string]any) bool {
	return kind == EventReply && replyTo(event) == s.ID || kind == EventReceived && s.Survey.Kind == SurveyText
}

// replyTo is the step whose message a reply event answers.
func replyTo(event map[string]any) string {
	data, _ := event["data"].(map[string]any)
	step, _ := data["step"].(string)
	return step
}

// Timeout is the moment at which a wait, survey or task that begins at s.Now
// ends by itself, and the arm it then takes ("" for a survey). The moment may be
// past: then the step ends at once.
func (p *Program) Timeout(step string, s Scope) (arm string, moment time.Time, err error) {
	st := p.Step(step)
	switch {
	case st != nil && st.Survey != nil:
		return "", s.Now.Add(time.Duration(st.Survey.Wait)), nil
	case st != nil && st.Task != nil:
		return ArmOverdue, s.Now.Add(time.Duration(st.Task.Due)), nil
	case st == nil || st.Wait == nil:
		return "", time.Time{}, notOf(step, "wait or survey")
	}
	for i := range st.Wait.Arms {
		if a := &st.Wait.Arms[i]; a.timed() {
			moment, field, err := p.armTime(a, s)
			return a.ID, moment, at("steps."+step+".wait.arms."+a.ID+"."+field, err)
		}
	}
	return "", time.Time{}, fmt.Errorf("steps.%s: the wait has no timeout arm", step)
}

// timed tells whether an arm is taken by time alone.
func (a *Arm) timed() bool { return a.Event == "" && a.Reply == "" && a.When == "" }

func (p *Program) armTime(a *Arm, s Scope) (moment time.Time, field string, err error) {
	name, _ := s.Customer["timezone"].(string)
	switch {
	case a.Until != "":
		moment, err = p.in(s).moment(a.Until)
		return moment, "until", err
	case a.Window != nil:
		moment, err = a.Window.next(s.Now, zone(name))
		return moment, "window", err
	case a.Date != nil:
		moment, err = a.Date.moment(s.Now, s.Customer, zone(name))
		return moment, "date", err
	}
	return s.Now.Add(time.Duration(a.After)), "after", nil
}

// ExitMatches tells whether Exit[exit] is met: by the scope's event if it names
// one, else by its condition.
func (p *Program) ExitMatches(exit int, s Scope) (bool, error) {
	if exit < 0 || exit >= len(p.def.Exit) {
		return false, fmt.Errorf("the definition has no exit %d", exit)
	}
	x := &p.def.Exit[exit]
	return p.met("exit."+x.ID, x.Event, x.Match, x.When, s)
}

// GoalMet tells whether Goals[goal] is met: by the scope's event if it names
// one, else by its condition.
func (p *Program) GoalMet(goal int, s Scope) (bool, error) {
	if goal < 0 || goal >= len(p.def.Goals) {
		return false, fmt.Errorf("the definition has no goal %d", goal)
	}
	g := &p.def.Goals[goal]
	return p.met("goals."+g.ID, g.Event, g.Match, g.When, s)
}

func (p *Program) met(path, event, match, when string, s Scope) (bool, error) {
	if event == "" {
		if when == "" {
			return false, nil
		}
		ok, err := p.in(s).bool(when)
		return ok, at(path+".when", err)
	}
	if kind, _ := s.Event["type"].(string); kind != event {
		return false, nil
	}
	ok, err := p.in(s).bool(match)
	return ok, at(path+".match", err)
}
