package ui

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// maxFolded bounds the list of what is folded, in bytes: it is part of addresses.
const maxFolded = 8 << 10

// foldedSet reads a list of boxes, with commas between them.
func foldedSet(list string) map[string]bool {
	set := map[string]bool{}
	for id := range strings.SplitSeq(list, ",") {
		if id != "" {
			set[id] = true
		}
	}
	return set
}

// visible is what stays folded of a list so that a step can be seen, in the order
// of the picture. What is not there any more, or has nothing in it, is left out.
func visible(d *journey.Definition, folded, step string) string {
	set := foldedSet(folded)
	if len(set) == 0 {
		return ""
	}
	for {
		l := journey.PlaceFolded(d, set)
		hides := slices.IndexFunc(l.Boxes, func(b journey.Box) bool {
			return slices.ContainsFunc(b.Inside, func(s *journey.Step) bool { return s.ID == step })
		})
		if hides < 0 {
			return kept(d, set)
		}
		delete(set, l.Boxes[hides].ID)
	}
}

// kept are those of a set that can be folded, also inside of others.
func kept(d *journey.Definition, set map[string]bool) string {
	var out []string
	for _, b := range journey.Place(d).Boxes {
		if b.Block && set[b.ID] {
			out = append(out, b.ID)
		}
	}
	return strings.Join(out, ",")
}

// fold makes a card say what is folded in it: how many steps, the first problem
// of theirs, and their names for the outline.
func fold(ctx context.Context, box *view.Box, inside []*journey.Step, problems map[string]string) {
	var names [][3]string
	for _, s := range inside {
		names = append(names, [3]string{s.ID, stepTitle(ctx, s), kindOf(s)})
		if box.Problem == "" {
			box.Problem = problems[s.ID]
		}
	}
	text, _ := json.Marshal(names) // strings
	box.Fold, box.Inside, box.Sub = view.FoldClosed, string(text), i18n.Count(ctx, "design.inside", len(inside))
}
