package ui

import (
	"context"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// palette is what can be put into a journey: the step kinds, then each plugin's
// actions under its partner, then the fragments.
func palette(ctx context.Context, o orchestrator.Offers) []view.PaletteGroup {
	kinds := view.PaletteGroup{Title: i18n.T(ctx, "palette.steps")}
	for _, k := range journey.Kinds() {
		if k == journey.KindFragment || k == journey.KindCall {
			continue // they are listed one by one
		}
		name := string(k)
		kinds.Choices = append(kinds.Choices, choice(name, name, i18n.T(ctx, "kind."+name), i18n.T(ctx, "palette."+name)))
	}
	out := []view.PaletteGroup{kinds}
	for _, p := range o.Plugins {
		g := view.PaletteGroup{Title: p.Name}
		for _, a := range p.Actions {
			title := i18n.Pick(ctx, a.Title)
			if title == "" {
				title = a.Name
			}
			g.Choices = append(g.Choices, choice("call:"+a.Name, "call", title, a.Name))
		}
		out = append(out, g)
	}
	if len(o.Fragments) > 0 {
		g := view.PaletteGroup{Title: i18n.T(ctx, "palette.fragments")}
		for _, f := range o.Fragments {
			g.Choices = append(g.Choices, choice("fragment:"+f.Reference, "fragment", i18n.Pick(ctx, f.Title), f.Reference))
		}
		out = append(out, g)
	}
	return out
}

func choice(kind, icon, title, text string) view.Choice {
	return view.Choice{Kind: kind, Icon: icon, Title: title, Text: text, Search: strings.ToLower(kind + " " + title + " " + text)}
}
