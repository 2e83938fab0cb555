package ui

import (
	"cmp"
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// bigPicture is how many cards a picture may have and still be animated.
const bigPicture = 100

// picture is the canvas of a definition without numbers or path, and the layout
// behind it.
func picture(ctx context.Context, d *journey.Definition, mode string) (view.Canvas, *journey.Layout) {
	l := journey.Place(d)
	return drawing(ctx, l, mode), l
}

// drawing is the canvas of a layout.
func drawing(ctx context.Context, l *journey.Layout, mode string) view.Canvas {
	c := view.Canvas{W: l.W, H: l.H, Mode: mode, Big: len(l.Boxes) > bigPicture}
	for _, b := range l.Boxes {
		c.Boxes = append(c.Boxes, box(ctx, b))
	}
	for _, e := range l.Edges {
		line := view.Edge{ID: e.ID, X: e.X, Y: e.Y, D: e.D}
		if e.Back {
			line.Class = "back"
		}
		c.Edges = append(c.Edges, line)
	}
	for _, t := range l.Tags {
		v := view.Tag{ID: t.ID, Key: t.Step + "-" + t.Arm, Step: t.Step, Arm: t.Arm, Text: armTitle(ctx, t.Title, t.Arm), X: t.X, Y: t.Y}
		if t.Timeout {
			v.Class = "timeout"
		}
		c.Tags = append(c.Tags, v)
	}
	if l.Exits != nil {
		c.Exits = &view.Frameset{X: l.Exits.X, Y: l.Exits.Y, W: l.Exits.W, H: l.Exits.H}
	}
	return c
}

func box(ctx context.Context, b journey.Box) view.Box {
	v := view.Box{ID: b.ID, X: b.X, Y: b.Y}
	switch {
	case b.Entry != nil:
		v.Kind, v.Title, v.Sub = "entry", i18n.T(ctx, "kind.entry"), doors(ctx, b.Entry)
	case b.Exit != nil:
		v.Kind, v.Sub = "stop", cmp.Or(b.Exit.Event, b.Exit.When)
		if v.Title = i18n.Pick(ctx, b.Exit.Title); v.Title == "" {
			v.Title = b.Exit.ID
		}
	default:
		v.Kind, v.Title, v.Sub = kindOf(b.Step), stepTitle(ctx, b.Step), subtitle(ctx, b.Step)
	}
	return v
}

// armTitle is how people call an arm.
func armTitle(ctx context.Context, title journey.Text, id string) string {
	if t := i18n.Pick(ctx, title); t != "" {
		return t
	}
	if key := "arm." + id; i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return id
}

// form says which shape a message has.
func form(s *journey.Send) string {
	switch {
	case s.Carousel != nil:
		return "carousel"
	case s.Card != nil:
		return "card"
	}
	return "text"
}

func duration(ctx context.Context, d journey.Duration) string {
	return i18n.Duration(ctx, toDuration(d))
}

// thumb is the picture of a definition in the size of a stamp.
func thumb(d *journey.Definition) view.Thumb {
	l := journey.Place(d)
	w := max(l.W, 900)
	if l.Exits != nil {
		w = max(l.Exits.X, 900)
	}
	t := view.Thumb{Box: fmt.Sprintf("%d 0 %d %d", axis(l)-w/2, w, min(max(l.H, 500), 900))}
	for i, e := range l.Edges {
		if i == 200 {
			break
		}
		t.Paths = append(t.Paths, view.Edge{X: e.X, Y: e.Y, D: e.D})
	}
	for i, b := range l.Boxes {
		if i == 200 || b.Exit != nil {
			break
		}
		kind := "entry"
		if b.Step != nil {
			kind = kindOf(b.Step)
		}
		t.Cards = append(t.Cards, view.ThumbCard{Kind: kind, X: b.X, Y: b.Y})
	}
	return t
}

// axis is the middle of the main flow.
func axis(l *journey.Layout) int {
	if len(l.Boxes) == 0 {
		return l.W / 2
	}
	return l.Boxes[0].X + journey.CardWidth/2
}
