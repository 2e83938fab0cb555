package journey

import (
	"slices"
	"strconv"
)

// The sizes of a picture in CSS pixels. The style sheet of the UI uses the same
// numbers.
const (
	CardWidth  = 232
	CardHeight = 64

	gapY   = 60  // between two cards; a gap is in its middle
	stub   = 22  // from the last card of an arm to the gap below it
	gapX   = 36  // between two arms
	fork   = 84  // from a block's card to its first arm card
	join   = 52  // from the last arm card to the join bar
	radius = 12  // corner of an edge
	margin = 56  // around the picture
	aside  = 96  // from the main flow to the exit criteria
	frame  = 28  // from the frame of the exit criteria to their cards
	tagY   = 38  // from a block's card to the labels of its arms
	plusY  = 66  // from a block's card to the first gap of an arm
	barY   = 18  // from a block's card to the bar on which its arms part
	back   = 46  // from the last card of a round to where the next one begins
	head   = 22  // room for the heading of the frame
	tagGap = 150 // least distance between two labels, for arms without steps
)

// The ids of boxes that are not steps. Step ids begin with a letter, and an
// exit criterion's id is its own with this prefix.
const (
	EntryBox   = "0-entry"
	ExitPrefix = "0-exit-"
)

// Layout is the picture of a definition: where each card, edge and label goes.
// It is valid until the definition changes, and holds pointers into it.
type Layout struct {
	W, H  int // of the whole picture, margins included
	Boxes []Box
	Edges []Edge
	Tags  []Tag
	// Exits frames the exit criteria and their steps; nil when there are none.
	Exits *Frame
	// Gaps are where a step can be put, in the order of the boxes before them.
	Gaps []Gap
}

// Gap is a place for a step, centered on X, Y: after a step, or first in an arm
// of In. In is "" for the journey itself, and the box of an exit criterion for
// its steps.
type Gap struct {
	After, In, Arm string
	X, Y           int
}

// Box is one card. Exactly one of Entry, Step and Exit is set. Boxes are in
// reading order: the entry, the steps in order of the source, then the exit
// criteria, each followed by its steps.
type Box struct {
	ID    string // the step's id, [EntryBox], or [ExitPrefix] + the criterion's id
	Entry *Entry
	Step  *Step
	Exit  *Exit
	X, Y  int  // the upper left corner
	Depth int  // how many blocks it is in
	Block bool // steps are in the arms of the step, or in the criterion
	// Inside are those steps, in the order of the source, when the picture leaves
	// them out; else nil.
	Inside []*Step
}

// Edge is one line of the picture. Its ID is stable over versions, so that a
// browser keeps the element when the journey changes; and so is D unless its
// shape changes, however far it moves.
type Edge struct {
	ID   string
	X, Y int    // where it begins
	D    string // an SVG path from 0,0
	From string // id of the box whose outflow this is
	Arm  string // the arm of From, "" when From is no block or the edge leaves the block as a whole
	To   string // id of the box it leads to, "" when it ends at a join bar
	Back bool   // it leads up again: the next round of a repeat
}

// Tag is the label of one arm, centered on X, Y.
type Tag struct {
	ID      string
	Step    string
	Arm     string
	Title   Text
	Timeout bool // it is a wait's arm that time takes
	X, Y    int
}

// Frame is a rectangle around boxes.
type Frame struct{ X, Y, W, H int }

// Place computes the picture of d in one pass over its steps. No two cards
// overlap, and no edge crosses a card. A nil definition is an empty picture.
func Place(d *Definition) *Layout { return PlaceFolded(d, nil) }

// PlaceFolded is [Place] without what is in the boxes of these ids. Ids of boxes
// that are not there, or that nothing is in, mean nothing.
func PlaceFolded(d *Definition, folded map[string]bool) *Layout {
	p := &placer{out: &Layout{}, sizes: make(map[*Step]extent), folded: folded}
	if d == nil {
		p.out.W, p.out.H = 2*margin+CardWidth, 2*margin+CardHeight
		return p.out
	}
	main := p.measure(d.Steps)
	axis := margin + main.left
	p.out.Boxes = append(p.out.Boxes, Box{ID: EntryBox, Entry: &d.Entry, X: axis - CardWidth/2, Y: margin})
	bottom := margin + CardHeight
	p.gap(Gap{X: axis, Y: bottom + gapY/2})
	if len(d.Steps) > 0 {
		p.edge(Edge{ID: "e-" + EntryBox, From: EntryBox, To: d.Steps[0].ID, X: axis, Y: bottom, D: vertical(gapY)})
		bottom = p.draw(d.Steps, axis, bottom+gapY, 0)
	}
	p.out.W, p.out.H = main.left+main.right+2*margin, bottom+margin
	p.exits(d.Exit)
	return p.out
}

// exits puts the exit criteria as columns to the right of the main flow.
func (p *placer) exits(exits []Exit) {
	if len(exits) == 0 {
		return
	}
	o := p.out
	f := &Frame{X: o.W - margin + aside - frame, Y: margin - frame}
	x, low := f.X+frame, 0
	for i := range exits {
		e := &exits[i]
		id, m := ExitPrefix+e.ID, p.measure(e.Steps)
		if p.folded[id] {
			m = p.measure(nil)
		}
		axis, y := x+m.left, margin+head
		box := Box{ID: id, Exit: e, X: axis - CardWidth/2, Y: y, Block: len(e.Steps) > 0}
		folded := box.Block && p.folded[id]
		if folded {
			box.Inside = below(nil, e.Steps)
		}
		o.Boxes = append(o.Boxes, box)
		y += CardHeight
		if !folded {
			p.gap(Gap{In: id, X: axis, Y: y + stub})
		}
		if box.Block && !folded {
			p.edge(Edge{ID: "e-" + id, From: id, To: e.Steps[0].ID, X: axis, Y: y, D: vertical(gapY)})
			y = p.draw(e.Steps, axis, y+gapY, 0)
		}
		low = max(low, y)
		x += m.left + m.right + gapX
	}
	f.W, f.H = x-gapX+frame-f.X, low+frame-f.Y
	o.Exits = f
	o.W, o.H = f.X+f.W+margin-frame, max(o.H, f.Y+f.H+margin-frame)
}

// extent is how far steps reach to the left and right of their axis, and down.
type extent struct{ left, right, height int }

type placer struct {
	out    *Layout
	sizes  map[*Step]extent
	folded map[string]bool
}

// below appends steps with all that is in them.
func below(out, steps []*Step) []*Step {
	walkSteps(steps, func(s *Step) { out = append(out, s) })
	return out
}

// block tells whether steps are in any of the arms.
func block(arms []ShownArm) bool {
	return slices.ContainsFunc(arms, func(a ShownArm) bool { return len(a.Steps) > 0 })
}

// arms are those of s that the picture shows: none when it is folded.
func (p *placer) arms(s *Step) []ShownArm {
	arms := s.ShownArms()
	if p.folded[s.ID] && block(arms) {
		return nil
	}
	return arms
}

// box is the card of s.
func (p *placer) box(s *Step, x, y, depth int) Box {
	arms := s.ShownArms()
	b := Box{ID: s.ID, Step: s, X: x - CardWidth/2, Y: y, Depth: depth, Block: block(arms)}
	if b.Block && p.folded[s.ID] {
		for _, a := range arms {
			b.Inside = below(b.Inside, a.Steps)
		}
	}
	return b
}

func (p *placer) edge(e Edge) { p.out.Edges = append(p.out.Edges, e) }

func (p *placer) gap(g Gap) { p.out.Gaps = append(p.out.Gaps, g) }

// measure is the extent of steps one under the other.
func (p *placer) measure(steps []*Step) extent {
	m := extent{left: CardWidth / 2, right: CardWidth / 2}
	for i, s := range steps {
		e := p.size(s)
		m.left, m.right = max(m.left, e.left), max(m.right, e.right)
		m.height += e.height
		if i > 0 {
			m.height += gapY
		}
	}
	return m
}

// size is the extent of one step with its arms.
func (p *placer) size(s *Step) extent {
	if e, ok := p.sizes[s]; ok {
		return e
	}
	e := extent{CardWidth / 2, CardWidth / 2, CardHeight}
	if arms := p.arms(s); len(arms) > 0 {
		width, height := -gapX, 0
		for _, a := range arms {
			m := p.arm(a)
			width += m.left + m.right + gapX
			height = max(height, m.height)
		}
		e = extent{max(e.left, width/2), max(e.right, width-width/2), CardHeight + fork + height + join}
	}
	p.sizes[s] = e
	return e
}

// arm is the extent of an arm; one without steps needs room for its label only.
func (p *placer) arm(a ShownArm) extent {
	if len(a.Steps) == 0 {
		return extent{left: tagGap / 2, right: tagGap / 2}
	}
	return p.measure(a.Steps)
}

// draw places steps on the axis x from y down and returns the y below the last.
func (p *placer) draw(steps []*Step, x, y, depth int) int {
	for i, s := range steps {
		p.out.Boxes = append(p.out.Boxes, p.box(s, x, y, depth))
		bottom := y + CardHeight
		if arms := p.arms(s); len(arms) > 0 {
			p.fork(s, arms, x, y, depth)
			bottom = y + p.size(s).height
		}
		last := i == len(steps)-1
		switch {
		case !s.ends() && last && depth > 0:
			p.gap(Gap{After: s.ID, X: x, Y: bottom + stub})
		case !s.ends():
			p.gap(Gap{After: s.ID, X: x, Y: bottom + gapY/2})
		}
		if last {
			return bottom
		}
		if !s.ends() {
			p.edge(Edge{ID: "e-" + s.ID, From: s.ID, To: steps[i+1].ID, X: x, Y: bottom, D: vertical(gapY)})
		}
		y = bottom + gapY
	}
	return y
}

// fork places the arms of the block s, whose card is on the axis x at y.
func (p *placer) fork(s *Step, arms []ShownArm, x, y, depth int) {
	top, end := y+CardHeight, y+p.size(s).height
	width := -gapX
	for _, a := range arms {
		m := p.arm(a)
		width += m.left + m.right + gapX
	}
	left := x - width/2
	for _, a := range arms {
		m := p.arm(a)
		ax, ay := left+m.left, top+fork
		left += m.left + m.right + gapX
		key := s.ID + "-" + a.ID
		e := Edge{ID: "e-" + key, From: s.ID, Arm: a.ID, X: x, Y: top, D: elbow(ax-x, fork)}
		if a.ID != "" {
			p.out.Tags = append(p.out.Tags, Tag{ID: "t-" + key, Step: s.ID, Arm: a.ID, Title: a.Title, Timeout: a.Timeout, X: ax, Y: top + tagY})
		}
		if a.ID != "" {
			p.gap(Gap{In: s.ID, Arm: a.ID, X: ax, Y: ay - fork + plusY})
		}
		if len(a.Steps) == 0 {
			e.D += tail(ax-x, 0, end-top)
			p.edge(e)
			continue
		}
		e.To = a.Steps[0].ID
		p.edge(e)
		bottom := p.draw(a.Steps, ax, ay, depth+1)
		last := a.Steps[len(a.Steps)-1]
		if s.Repeat != nil && a.ID == ArmRound && !last.ends() {
			p.edge(Edge{ID: "e-" + key + "-back", From: last.ID, To: s.ID, Back: true, X: ax, Y: bottom + back, D: again(m.left+gapX/2, bottom+back-top-barY)})
		}
		if !last.ends() {
			p.edge(Edge{ID: "e-" + last.ID, From: last.ID, X: ax, Y: bottom, D: "M0 0" + tail(0, x-ax, end-bottom)})
		}
	}
}

func point(x, y int) string { return strconv.Itoa(x) + " " + strconv.Itoa(y) }

func vertical(y int) string { return "M0 0V" + strconv.Itoa(y) }

// elbow goes down to the bar, along it to x, and down to y.
func elbow(x, y int) string {
	if x == 0 {
		return vertical(y)
	}
	r, sign := corner(0, x)
	return "M0 0V" + strconv.Itoa(barY-r) + "Q" + point(0, barY) + " " + point(sign*r, barY) +
		"H" + strconv.Itoa(x-sign*r) + "Q" + point(x, barY) + " " + point(x, barY+r) + "V" + strconv.Itoa(y)
}

// tail goes down from the axis x1 to the join bar, along it to x2, and ends at y2.
func tail(x1, x2, y2 int) string {
	if x1 == x2 {
		return "V" + strconv.Itoa(y2)
	}
	r, sign := corner(x1, x2)
	bar := y2 - radius
	return "V" + strconv.Itoa(bar-r) + "Q" + point(x1, bar) + " " + point(x1+sign*r, bar) +
		"H" + strconv.Itoa(x2-sign*r) + "Q" + point(x2, bar) + " " + point(x2, y2)
}

// again goes to the left by x, up by y, and back.
func again(x, y int) string {
	r := radius
	return "M0 0H" + strconv.Itoa(r-x) + "Q" + point(-x, 0) + " " + point(-x, -r) + "V" + strconv.Itoa(r-y) +
		"Q" + point(-x, -y) + " " + point(r-x, -y) + "H0"
}

// corner is the radius that fits between two axes, and the direction.
func corner(x1, x2 int) (r, sign int) {
	d, sign := x2-x1, 1
	if d < 0 {
		d, sign = -d, -1
	}
	return min(radius, d/2), sign
}
