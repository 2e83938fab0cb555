package workflows

import (
	"encoding/json"
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
)

// maxChildUndo bounds what a child's end leaves to its parent to undo, in bytes
// of JSON: it travels in an event.
const maxChildUndo = 24 << 10

// isChild tells whether another journey's step has begun this enrollment.
func (r *run) isChild() bool {
	parent, _ := r.in.Entry["parent"].(map[string]any)
	return text(parent["enrollment"]) != ""
}

// pin gives an undo the action that it means, so that it can be done by another
// journey, whose definition does not name the action or names another version.
func (r *run) pin(u undoEntry) undoEntry {
	if u.Pinned == nil {
		action := r.program.Definition().Actions[u.Action]
		action.Title = nil
		u.Pinned = &action
	}
	return u
}

// leftToUndo is what a child that ends has done and not undone; nil for nothing.
func (r *run) leftToUndo() json.RawMessage {
	left := r.root().Undo
	if len(left) == 0 || !r.isChild() {
		return nil
	}
	pinned := make([]undoEntry, len(left))
	for i, u := range left {
		pinned[i] = r.pin(u)
	}
	return encoded(pinned)
}

func encoded(entries []undoEntry) json.RawMessage {
	b, err := json.Marshal(entries)
	if err != nil {
		panic(err) //nolint:forbidigo // inputs were read from JSON
	}
	return b
}

// mayLeave refuses a call of a child whose undo would be more than it can leave
// to its parent.
func (r *run) mayLeave(next undoEntry) error {
	if !r.isChild() {
		return nil
	}
	all := []undoEntry{r.pin(next)}
	for _, b := range r.s.Branches {
		for _, u := range b.Undo {
			all = append(all, r.pin(u))
		}
	}
	size := len(encoded(all))
	if size <= maxChildUndo {
		return nil
	}
	return &limitError{"UNDO_LIMIT", fmt.Sprintf("the undos of this journey, which is a step of another, would have %d bytes; the limit is %d: give them less, or write undo: none", size, maxChildUndo)}
}

// inherit puts what a child has done on the branch's undo stack, as done now by
// the step that began it: whoever undoes the step undoes that.
func (r *run) inherit(b *branch, step *journey.Step, left json.RawMessage) error {
	if len(left) == 0 {
		return nil
	}
	var undo []undoEntry
	if err := json.Unmarshal(left, &undo); err != nil {
		return fmt.Errorf("reading what journey %s has left to undo: %w", step.Journey.Journey, err)
	}
	for _, u := range undo {
		r.s.UndoSeq++
		u.Seq, u.Step, u.Visit = r.s.UndoSeq, step.ID, r.s.Visits[step.ID]
		b.Undo = append(b.Undo, u)
	}
	return nil
}
