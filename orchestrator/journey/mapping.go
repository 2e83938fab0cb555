package journey

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Remove is the target of a step whose enrollments end when they are moved to
// another version. A step with this id cannot be a target.
const Remove = "remove"

// Mapping says, by step of the old version, at which step of the new version
// enrollments go on, or [Remove]. A step that is left out goes on at the step of
// the same id.
type Mapping map[string]string

// MappingProblem says why nobody can be moved from a step.
type MappingProblem struct {
	Step    string `json:"step"`   // of the old version
	Target  string `json:"target"` // in the new version; its own id when it is not mapped
	Message string `json:"message"`
}

// Target is where an enrollment at a step of the old version goes on in the new
// one, or [Remove]. The problem says why it cannot, nil when it can.
func (m Mapping) Target(old, new *Program, step string) (string, *MappingProblem) {
	target, mapped := m[step]
	if target == Remove {
		return Remove, nil
	}
	if !mapped {
		target = step
	}
	refuse := func(format string, args ...any) (string, *MappingProblem) {
		return "", &MappingProblem{Step: step, Target: target, Message: fmt.Sprintf(format, args...)}
	}
	from, to := old.steps[step], new.steps[target]
	switch {
	case from == nil:
		return refuse("The old version has no step %s.", step)
	case to == nil:
		return refuse("The new version has no step %s; map %s to another step, or to remove.", target, step)
	case to.passedOver():
		return refuse("The step %s is disabled in the new version; map %s to another step, or to remove.", target, step)
	case !mapped && kindName(from.step) != kindName(to.step):
		return refuse("The step %s was a %s and is a %s now; map it to itself to begin it anew, or to another step.", step, kindName(from.step), kindName(to.step))
	case !slices.Equal(from.branch(), to.branch()):
		return refuse("The step %s is not in the arm of a parallel that %s is in; map the parallel as a whole.", target, step)
	}
	return target, nil
}

// Check tells which of the steps cannot be moved, and which entries of the
// mapping make no sense, in the order of the ids.
func (m Mapping) Check(old, new *Program, steps []string) []MappingProblem {
	all := slices.Concat(steps, slices.Collect(maps.Keys(m)))
	slices.Sort(all)
	var out []MappingProblem
	for _, step := range slices.Compact(all) {
		if _, p := m.Target(old, new, step); p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// Vanished are the steps of the old version that somebody there cannot be moved
// from without a mapping, in the order of the ids.
func Vanished(old, new *Program) []string {
	var out []string
	for _, step := range slices.Sorted(maps.Keys(old.steps)) {
		if _, p := Mapping(nil).Target(old, new, step); p != nil {
			out = append(out, step)
		}
	}
	return out
}

// passedOver tells whether a step is disabled, or in a block that is.
func (p *place) passedOver() bool {
	for ; p != nil; p = p.parent {
		if p.step.Disabled {
			return true
		}
	}
	return false
}

// branch lists the arms of parallels that a step is in, outermost first.
func (p *place) branch() []string {
	var out []string
	for ; p != nil && p.parent != nil; p = p.parent {
		if p.parent.step.Parallel != nil && p.arm != ArmFailed {
			out = append(out, p.parent.step.ID+"/"+p.arm)
		}
	}
	slices.Reverse(out)
	return out
}

// Enabled tells whether there is such a step and neither it nor a block around
// it is disabled.
func (p *Program) Enabled(step string) bool {
	at := p.steps[step]
	return at != nil && !at.passedOver()
}

// OfExit tells whether a step is one of those that an exit criterion runs.
func (p *Program) OfExit(step string) bool {
	at := p.steps[step]
	for at != nil && at.parent != nil {
		at = at.parent
	}
	return at != nil && slices.ContainsFunc(p.def.Exit, func(x Exit) bool {
		return len(x.Steps) > 0 && &x.Steps[0] == &at.siblings[0]
	})
}

// Branch lists the arms of parallels that a step is in, as "block/arm",
// outermost first.
func (p *Program) Branch(step string) []string { return p.steps[step].branch() }

// Arms lists the ids of a step's arms that lead somewhere else than an arm of a
// parallel or a round does, the error arm last; none when it has no arms.
func (p *Program) Arms(step string) []string {
	at := p.steps[step]
	if at == nil || at.step.Parallel != nil || at.step.Repeat != nil {
		return nil
	}
	var out []string
	for _, a := range arms(at.step) {
		out = append(out, a.id)
	}
	return out
}

// Repeats lists the repeats that a step is in and that begin in the same arm of
// a parallel, outermost first.
func (p *Program) Repeats(step string) []string {
	var out []string
	for at := p.steps[step]; at != nil && at.parent != nil && at.parent.step.Parallel == nil; at = at.parent {
		if at.parent.step.Repeat != nil {
			out = append(out, at.parent.step.ID)
		}
	}
	slices.Reverse(out)
	return out
}

// Unbound lists the steps whose results are needed at a step or after it, that
// have no result yet by bound, and that are not to come any more. An expression
// that asks has(steps.x) needs nothing of x.
func (p *Program) Unbound(step string, bound func(step string) bool) []string {
	ahead := map[string]bool{}
	p.ahead(step, ahead)
	missing := map[string]bool{}
	for _, s := range sites(p.def, nil) {
		if !ahead[s.step] {
			continue
		}
		for _, m := range stepReference.FindAllStringSubmatch(s.source, -1) {
			id := m[2]
			if m[1] == "" && p.steps[id] != nil && !ahead[id] && !bound(id) && !optional(s.source, id) {
				missing[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// stepReference finds "steps.x", and whether something is before it that makes
// it no name of ours: "event.data.steps.x".
var stepReference = regexp.MustCompile(`([\w.])?\bsteps\.([a-z][a-z0-9_]*)`)

// optional tells whether a source asks whether there is a result of the step.
func optional(source, step string) bool {
	rest := source
	for {
		_, after, ok := strings.Cut(rest, "has(steps."+step)
		if !ok {
			return false
		}
		if after == "" || !isWord(after[0]) {
			return true
		}
		rest = after
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// ahead collects what may come from a step on: it, what is in it, what follows
// it and the blocks around it, and all of a repeat around it.
func (p *Program) ahead(step string, into map[string]bool) {
	at := p.steps[step]
	if at == nil {
		return
	}
	collect(at.siblings[at.index:], into)
	for around := at.parent; around != nil; around = around.parent {
		if around.step.Repeat != nil {
			collect([]*Step{around.step}, into)
		}
		collect(around.siblings[around.index+1:], into)
	}
}

func collect(steps []*Step, into map[string]bool) {
	for _, s := range steps {
		into[s.ID] = true
		for _, a := range arms(s) {
			collect(a.steps, into)
		}
	}
}
