package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Patch is what makes one picture of a draft the next one. A browser that shows
// revision From gets it instead of the whole: most of a large journey stays as
// it is, a little further down.
type Patch struct {
	From  int64
	W, H  int
	Edges PatchList[Edge]
	Cards PatchList[Box]
	Gaps  PatchList[Gap]
	Tags  PatchList[Tag]
	// Changed are cards that say something else now.
	Changed []Box
	Exits   *Frameset
}

// PatchList is what becomes of one list of a picture. Script goes through it from
// its beginning: "=n,x,y" keeps n and moves them by x and y, "-n" drops n, "+n"
// puts in the next n of New.
type PatchList[T any] struct {
	Script string
	New    []T
}

// NewPatch compares two pictures. It is nil when they have too little in common
// for a patch: the whole is to be shown.
func NewPatch(was, now Canvas, from int64) *Patch {
	if was.Big != now.Big || (was.Exits == nil) != (now.Exits == nil) {
		return nil
	}
	p := &Patch{From: from, W: now.W, H: now.H}
	if now.Exits != nil && *now.Exits != *was.Exits {
		p.Exits = now.Exits
	}
	p.Edges = patchList(was.Edges, now.Edges, func(e Edge) (string, int, int) { return e.ID, e.X, e.Y }, func(a, b Edge) bool {
		a.X, a.Y = b.X, b.Y
		return a == b
	})
	p.Gaps = patchList(was.Gaps, now.Gaps, func(g Gap) (string, int, int) { return g.ID, g.X, g.Y }, func(a, b Gap) bool {
		a.X, a.Y = b.X, b.Y
		return a == b
	})
	p.Tags = patchList(was.Tags, now.Tags, func(t Tag) (string, int, int) { return t.ID, t.X, t.Y }, func(a, b Tag) bool {
		a.X, a.Y = b.X, b.Y
		return a == b
	})
	// A card that has changed keeps its element, which may have the focus; one that
	// was folded gets another button beside it.
	p.Cards = patchList(was.Boxes, now.Boxes, func(b Box) (string, int, int) { return b.ID, b.X, b.Y }, func(a, b Box) bool {
		a.X, a.Y, a.Selected, b.Selected = b.X, b.Y, false, false
		if a != b && a.Fold == b.Fold {
			p.Changed = append(p.Changed, b)
		}
		return a.Fold == b.Fold
	})
	return p
}

// patchList writes the script from one list to another. Elements have an id that
// is theirs alone, and a place.
func patchList[T any](was, now []T, place func(T) (id string, x, y int), same func(a, b T) bool) PatchList[T] {
	at := make(map[string]int, len(was))
	for i, v := range was {
		id, _, _ := place(v)
		at[id] = i
	}
	olds := make([]int, len(now)) // where each was; -1 for nowhere
	for j, v := range now {
		id, _, _ := place(v)
		i, ok := at[id]
		if !ok || !same(was[i], v) {
			i = -1
		}
		olds[j] = i
	}
	kept := rising(olds)
	var out PatchList[T]
	var s script
	i := 0
	for j, v := range now {
		if !kept[j] {
			s.add('+', 0, 0, 1)
			out.New = append(out.New, v)
			continue
		}
		s.add('-', 0, 0, olds[j]-i)
		_, x1, y1 := place(was[olds[j]])
		_, x2, y2 := place(v)
		s.add('=', x2-x1, y2-y1, 1)
		i = olds[j] + 1
	}
	s.add('-', 0, 0, len(was)-i)
	out.Script = s.String()
	return out
}

// rising marks the longest run of elements, not necessarily neighbors, that are
// in order: these stay while others move around them. Negative ones are out.
func rising(olds []int) []bool {
	var ends []int // by length of a run: where the one with the smallest end ends
	before := make([]int, len(olds))
	for j, old := range olds {
		if old < 0 {
			continue
		}
		n, _ := slices.BinarySearchFunc(ends, old, func(end, old int) int { return cmp.Compare(olds[end], old) })
		before[j] = -1
		if n > 0 {
			before[j] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, j)
		}
		ends[n] = j
	}
	kept := make([]bool, len(olds))
	if len(ends) > 0 {
		for j := ends[len(ends)-1]; j >= 0; j = before[j] {
			kept[j] = true
		}
	}
	return kept
}

// script joins equal operations.
type script struct {
	done    []string
	op      byte
	x, y, n int
}

func (s *script) add(op byte, x, y, n int) {
	if n == 0 {
		return
	}
	if s.op == op && s.x == x && s.y == y {
		s.n += n
		return
	}
	s.flush()
	s.op, s.x, s.y, s.n = op, x, y, n
}

func (s *script) flush() {
	switch {
	case s.n == 0:
	case s.op == '=':
		s.done = append(s.done, fmt.Sprintf("=%d,%d,%d", s.n, s.x, s.y))
	default:
		s.done = append(s.done, fmt.Sprintf("%c%d", s.op, s.n))
	}
	s.n = 0
}

// String ends the script.
func (s *script) String() string {
	s.flush()
	return strings.Join(s.done, " ")
}
