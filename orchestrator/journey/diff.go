package journey

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// DiffKind says how a step of one version differs from another version.
type DiffKind string

// The ways in which a step differs.
const (
	DiffAdded   DiffKind = "added"   // the old version has no such step
	DiffRemoved DiffKind = "removed" // the new version has no such step
	DiffMoved   DiffKind = "moved"   // it stands elsewhere; its neighbors alone do not make it moved
	DiffChanged DiffKind = "changed" // its own fields differ; Fields says which
)

// Comparison is what differs between two versions of a journey. It is empty
// when nothing does.
type Comparison struct {
	// Fields are those of the journey itself: entry, goals, exit criteria,
	// guardrails, variables, pinned actions.
	Fields []FieldDiff `json:"fields,omitempty"`
	// Steps are in the order of the new version, the removed ones at the end. A
	// step that is moved and changed is there twice.
	Steps []StepDiff `json:"steps,omitempty"`
}

// StepDiff is one difference of one step. The steps inside a block are steps of
// their own and no fields of the block.
type StepDiff struct {
	Step string   `json:"step"`
	Kind DiffKind `json:"kind"`
	// From and To are where it stands: in no From when added, in no To when removed.
	From   *Position   `json:"from,omitempty"`
	To     *Position   `json:"to,omitempty"`
	Fields []FieldDiff `json:"fields,omitempty"` // when changed
}

// Position is where a step stands.
type Position struct {
	Within string `json:"within"` // "block/arm", "exit/<id>", or "" at the top
	After  string `json:"after"`  // the step before it there; "" when it is the first
}

// FieldDiff is one field with another value: a JSON value, nil where the field
// is not set. The path ends in "order" when elements that both versions have
// stand in another order; the values are then their ids.
type FieldDiff struct {
	Path string `json:"path"` // "call.with.seats", "wait.arms.late.after"
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

// Diff compares two versions of a journey, field by field.
func Diff(old, new *Definition) Comparison {
	before, after := stand(old), stand(new)
	out := Comparison{Fields: fields(header(old), header(new))}
	moved := movedSteps(before, after)
	for _, s := range after.order {
		was, now := before.at[s], after.at[s]
		if was == nil {
			out.Steps = append(out.Steps, StepDiff{Step: s, Kind: DiffAdded, To: &now.place})
			continue
		}
		if moved[s] {
			out.Steps = append(out.Steps, StepDiff{Step: s, Kind: DiffMoved, From: &was.place, To: &now.place})
		}
		if f := fields(shallow(was.step), shallow(now.step)); len(f) > 0 {
			out.Steps = append(out.Steps, StepDiff{Step: s, Kind: DiffChanged, From: &was.place, To: &now.place, Fields: f})
		}
	}
	for _, s := range before.order {
		if after.at[s] == nil {
			out.Steps = append(out.Steps, StepDiff{Step: s, Kind: DiffRemoved, From: &before.at[s].place})
		}
	}
	return out
}

// standing is where the steps of a definition stand.
type standing struct {
	order []string // depth first
	at    map[string]*stood
}

type stood struct {
	step  *Step
	place Position
}

func stand(d *Definition) *standing {
	st := &standing{at: map[string]*stood{}}
	st.sequence(d.Steps, "")
	for i := range d.Exit {
		st.sequence(d.Exit[i].Steps, "exit/"+d.Exit[i].ID)
	}
	return st
}

func (st *standing) sequence(steps []*Step, within string) {
	after := ""
	for _, s := range steps {
		st.order = append(st.order, s.ID)
		st.at[s.ID] = &stood{step: s, place: Position{Within: within, After: after}}
		after = s.ID
		for _, a := range arms(s) {
			st.sequence(a.steps, s.ID+"/"+a.id)
		}
	}
}

// movedSteps are those in another sequence, and of those in the same one the
// fewest that explain the new order.
func movedSteps(before, after *standing) map[string]bool {
	moved := map[string]bool{}
	rank := map[string]int{}
	for i, s := range before.order {
		rank[s] = i
	}
	stayed := map[string][]string{} // by sequence, in the new order
	for _, s := range after.order {
		was := before.at[s]
		switch {
		case was == nil:
		case was.place.Within != after.at[s].place.Within:
			moved[s] = true
		default:
			stayed[was.place.Within] = append(stayed[was.place.Within], s)
		}
	}
	for _, steps := range stayed {
		kept := longestRising(steps, rank)
		for _, s := range steps {
			if !kept[s] {
				moved[s] = true
			}
		}
	}
	return moved
}

// longestRising is a longest subsequence whose ranks rise.
func longestRising(steps []string, rank map[string]int) map[string]bool {
	var ends []int // index into steps of the last element of the best run of each length
	previous := make([]int, len(steps))
	for i, s := range steps {
		n, _ := slices.BinarySearchFunc(ends, rank[s], func(e, r int) int { return rank[steps[e]] - r })
		previous[i] = -1
		if n > 0 {
			previous[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	kept := map[string]bool{}
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = previous[i] {
			kept[steps[i]] = true
		}
	}
	return kept
}

// header is a definition without its steps.
func header(d *Definition) *Definition {
	h := *d
	h.Steps = nil
	h.Exit = slices.Clone(d.Exit)
	for i := range h.Exit {
		h.Exit[i].Steps = nil
	}
	return &h
}

// shallow is a step without the steps in it.
func shallow(s *Step) *Step {
	c := *s
	if s.Wait != nil {
		c.Wait = &Wait{Arms: slices.Clone(s.Wait.Arms)}
		for i := range c.Wait.Arms {
			c.Wait.Arms[i].Steps = nil
		}
	}
	if s.Choose != nil {
		c.Choose = &Choose{Arms: slices.Clone(s.Choose.Arms), Otherwise: s.Choose.Otherwise}
		c.Choose.Otherwise.Steps = nil
		for i := range c.Choose.Arms {
			c.Choose.Arms[i].Steps = nil
		}
	}
	if s.Split != nil {
		split := *s.Split
		c.Split, split.Arms = &split, slices.Clone(s.Split.Arms)
		for i := range split.Arms {
			split.Arms[i].Steps = nil
		}
	}
	if s.Parallel != nil {
		parallel := *s.Parallel
		c.Parallel, parallel.Arms = &parallel, slices.Clone(s.Parallel.Arms)
		for i := range parallel.Arms {
			parallel.Arms[i].Steps = nil
		}
	}
	if s.Repeat != nil {
		repeat := *s.Repeat
		c.Repeat, repeat.Steps = &repeat, nil
	}
	if s.Task != nil {
		task := *s.Task
		c.Task, task.Done, task.Overdue = &task, withoutSteps(s.Task.Done), withoutSteps(s.Task.Overdue)
	}
	if s.Failed != nil {
		c.Failed = &FailedArm{Title: s.Failed.Title}
	}
	return &c
}

func withoutSteps(a *TaskArm) *TaskArm {
	if a == nil {
		return nil
	}
	return &TaskArm{Title: a.Title}
}

// fields compares two values as their JSON.
func fields(old, new any) []FieldDiff {
	var out []FieldDiff
	compare(&out, "", asValue(old), asValue(new))
	return out
}

// asValue is what a reader of the JSON would see.
func asValue(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) //nolint:forbidigo // a definition holds only what JSON can
	}
	var out any
	_ = json.Unmarshal(b, &out) // it is JSON
	return out
}

func compare(out *[]FieldDiff, path string, old, new any) {
	a, b := byName(old), byName(new)
	if a == nil || b == nil {
		if !reflect.DeepEqual(old, new) {
			*out = append(*out, FieldDiff{Path: path, Old: old, New: new})
		}
		return
	}
	if was, now := common(old, b), common(new, a); !slices.Equal(was, now) {
		*out = append(*out, FieldDiff{Path: path + ".order", Old: was, New: now}) // it decides which arm is first
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		compare(out, at, a[name], b[name])
	}
}

// byName is an object, or a list whose elements have ids, by field or id; nil
// for any other value.
func byName(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		out := map[string]any{}
		for _, item := range v {
			m, ok := item.(map[string]any)
			id, named := m["id"].(string)
			if !ok || !named || out[id] != nil {
				return nil
			}
			out[id] = m
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// common are the ids of a list's elements that the other list has as well, in
// their order; nil for what is no list.
func common(v any, other map[string]any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		m, _ := item.(map[string]any)
		if id, _ := m["id"].(string); other[id] != nil {
			out = append(out, id)
		}
	}
	return out
}

// StepCount is how many steps a definition has: blocks, what is in them, and
// the steps of exits.
func StepCount(d *Definition) int { return len(stand(d).order) }
