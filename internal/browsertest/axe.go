package browsertest

import (
	"context"
	_ "embed" // the checker below
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is axe-core 4.14.1, unchanged; its license is beside it.
//
//go:embed testdata/axe/axe.min.js
var axe string

// Still tells the page that its reader wants no motion, so that colors are what
// they will be as soon as they are painted.
func Still() Option {
	return func() chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
			})
			return err
		})
	}
}

// Violations is what keeps people who see, hear or move less from using the page
// as it is now, one sentence each, by all rules of axe-core, its advice as well.
// A page that is fine has none. Naming rules, like "color-contrast", looks at
// those alone, which is quicker.
func (p *Page) Violations(only ...string) []string {
	p.t.Helper()
	rules := ""
	if len(only) > 0 {
		b, _ := json.Marshal(only) // strings always have a JSON form
		rules = ", runOnly: " + string(b)
	}
	if !Eval[bool](p, "!!window.axe") {
		Eval[bool](p, axe+"\n;true")
	}
	return Eval[[]string](p, fmt.Sprintf(`axe.run(document, {resultTypes: ["violations"]%s}).then(r => r.violations.flatMap(v => v.nodes.slice(0, %d).map(n =>
		v.id + " (" + v.impact + "): " + v.help + ": " + n.html.slice(0, 200) + " " + (n.any[0]?.message || ""))))`, rules, shownNodes))
}

// shownNodes is how many elements are told of each rule.
const shownNodes = 4
