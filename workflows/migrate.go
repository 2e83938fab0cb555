package workflows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// errNoTimeout says that a step's wait does not follow from its definition alone.
var errNoTimeout = errors.New("the step has no timeout of its own")

// validateMigrate refuses a move to another version that says nothing about a
// step where somebody rests. A step under way may end before it matters.
func (r *run) validateMigrate(c orchestrator.Command) error {
	if c.Digest == r.in.Digest || r.ending() {
		return nil
	}
	next, err := r.definitions.Program(c.Digest)
	if err != nil {
		return refuse("PRECONDITION", "version %.12s is not known to the worker: %v", c.Digest, err)
	}
	_, problem := planMove(r.s.Branches, r.program, next, c.Mapping)
	if problem == nil {
		return nil
	}
	for _, b := range r.leaves() {
		if b.Cursor == problem.Step && (b.Wait != nil || b.held()) {
			return refuse("PRECONDITION", "%s", problem.Message)
		}
	}
	return nil
}

// migrate takes the enrollment to another version: cursors by the mapping,
// bindings, undo, visits and inbox as they are. Open waits go on under the new
// definition, counted from when they began. It is not done while a branch is at
// a step from which the mapping leads nowhere. An enrollment that is on its way
// out ends on its version.
func (r *run) migrate(ctx workflow.Context, c orchestrator.Command) (done bool, err error) {
	if c.Digest == r.in.Digest || r.ending() {
		return true, nil
	}
	definition, err := r.definitions.Program(c.Digest)
	if err != nil {
		panic(fmt.Sprintf("loading definition %s: %v", c.Digest, err)) //nolint:forbidigo // as at the start
	}
	plan, problem := planMove(r.s.Branches, r.program, definition, c.Mapping)
	switch {
	case problem != nil:
		return false, nil
	case plan == nil:
		r.remove(ctx, c.Actor, false)
		return true, nil
	}
	for _, m := range plan {
		if m.anew && !m.rename {
			if err := r.leaveStep(ctx, m.b, c.Actor); err != nil {
				return false, err
			}
		}
	}
	old := r.program
	r.keepUndo(definition)
	r.log(ctx, r.root(), orchestrator.LogMigrated, "", map[string]any{"from": r.in.Digest, "digest": c.Digest, "by": c.Actor})
	r.program, r.in.Digest, r.renew = definition, c.Digest, true
	for _, m := range plan {
		if !slices.Contains(r.s.Branches, m.b) {
			continue // dropped with the branch around it
		}
		if err := r.load(ctx, definition.Step(m.target)); err != nil {
			return false, err
		}
		r.settle(m, old)
	}
	r.fitArms(ctx)
	return true, nil
}

// keepUndo keeps the actions of undos that the next version does not name any
// more: what has been done can still be undone, as it was known.
func (r *run) keepUndo(next *journey.Program) {
	keep := func(list []undoEntry) {
		for i, u := range list {
			if _, ok := next.Definition().Actions[u.Action]; !ok {
				list[i] = r.pin(u)
			}
		}
	}
	keep(r.s.Owed)
	for _, b := range r.s.Branches {
		keep(b.Undo)
	}
}

// branchMove is where a branch goes on.
type branchMove struct {
	b      *branch
	target string
	anew   bool // the step begins anew
	rename bool // anew, but its open wait goes on
}

// planMove is where the branches go on, in their order; nil when the enrollment
// is removed. The problem says which step leads nowhere.
func planMove(branches []*branch, old, next *journey.Program, m journey.Mapping) ([]branchMove, *journey.MappingProblem) {
	plan := []branchMove{}
	var left []string // branches that leave a parallel: what they have opened ends
	for _, b := range branches {
		dropped := slices.ContainsFunc(left, func(id string) bool { return id == "" && b.ID != "" || strings.HasPrefix(b.ID, id+"/") })
		if b.Cursor == "" || b.Lost || dropped {
			continue
		}
		target, problem := m.Target(old, next, b.Cursor)
		switch {
		case problem != nil:
			return nil, problem
		case target == journey.Remove:
			return nil, nil
		}
		was, now := old.Step(b.Cursor), next.Step(target)
		move := branchMove{b: b, target: target, anew: target != b.Cursor || was.Kind() != now.Kind()}
		move.rename = move.anew && was.Wait != nil && now.Wait != nil && b.Wait != nil
		if move.anew {
			left = append(left, b.ID)
		}
		plan = append(plan, move)
	}
	return plan, nil
}

// settle puts a branch where the plan says, in the new version.
func (r *run) settle(m branchMove, old *journey.Program) {
	b := m.b
	wait := b.Wait
	if m.anew {
		r.place(b, m.target)
	} else {
		begun := b.Begun
		r.place(b, b.Cursor)
		b.Begun = begun
	}
	if wait == nil {
		return
	}
	was := old.Step(wait.Step)
	kept := *wait
	kept.Step = m.target
	b.Wait = &kept
	r.keepTaken(b, was)
	if err := r.reopen(b, wait.Opened); err != nil && !errors.Is(err, errNoTimeout) {
		b.Wait = nil // the step opens its wait itself, and is held if it cannot
	}
}

// keepTaken finds the arm that has ended a wait, during a pause, among the arms
// of the new version. When it is gone the event waits for another arm.
func (r *run) keepTaken(b *branch, was *journey.Step) {
	t, now := b.Wait.Taken, r.program.Step(b.Wait.Step)
	if t == nil || was.Wait == nil || now.Wait == nil {
		return
	}
	id := was.Wait.Arms[t.Arm].ID
	b.Wait.Taken = nil
	i := slices.IndexFunc(now.Wait.Arms, func(a journey.Arm) bool { return a.ID == id })
	switch {
	case i >= 0:
		b.Wait.Taken = &taken{Arm: i, Event: t.Event}
	case t.Event != nil:
		r.s.Inbox = slices.Insert(r.s.Inbox, 0, *t.Event)
	}
}

// fitArms gives parallels under way the arms of the new version: those that it
// adds begin, those that had ended and are gone are forgotten, with what they
// did kept.
func (r *run) fitArms(ctx workflow.Context) {
	for _, b := range slices.Clone(r.s.Branches) {
		step := r.program.Step(b.Cursor)
		if step == nil || step.Parallel == nil || len(r.arms(b, step.ID, false)) == 0 {
			continue
		}
		have := map[string]bool{}
		for _, a := range step.Parallel.Arms {
			have[b.prefix()+step.ID+"/"+a.ID] = true
		}
		for _, a := range r.arms(b, step.ID, false) {
			if have[a.ID] {
				continue
			}
			if a.Lost {
				r.s.Owed = append(r.s.Owed, a.Undo...)
			} else {
				b.Undo = append(b.Undo, a.Undo...)
			}
			for _, c := range r.below(a) {
				if c.held() {
					r.resolved(ctx, c, orchestrator.CommandMigrate, "")
				}
			}
			gone := a.ID
			r.s.Branches = slices.DeleteFunc(r.s.Branches, func(c *branch) bool { return c.ID == gone || strings.HasPrefix(c.ID, gone+"/") })
		}
		for _, a := range step.Parallel.Arms {
			if !slices.ContainsFunc(r.s.Branches, func(c *branch) bool { return c.ID == b.prefix()+step.ID+"/"+a.ID }) {
				r.open(b, step.ID, a.ID)
			}
		}
		bySeq(b.Undo)
		r.renumber(b, step.ID)
	}
	bySeq(r.s.Owed)
}

// renumber lets the places of a parallel's ended arms follow one another.
func (r *run) renumber(b *branch, block string) {
	arms := slices.DeleteFunc(r.arms(b, block, false), func(a *branch) bool { return a.Ended == 0 })
	slices.SortFunc(arms, func(x, y *branch) int { return x.Ended - y.Ended })
	for i, a := range arms {
		a.Ended = i + 1
	}
}

// scopeAt is what expressions see at a moment of journey time.
func (r *run) scopeAt(now time.Time) journey.Scope {
	return journey.Scope{Now: now, Customer: r.in.Customer, Vars: r.in.Vars, Entry: r.in.Entry, Steps: r.bound}
}
