package view

import (
	"context"

	"github.com/a-h/templ"
)

// fieldScripts are the addresses of what only some fields of the panel need; a
// field names in data-use the one that it is given to when it is first used.
func fieldScripts(ctx context.Context) templ.Attributes {
	asset := frame(ctx).Asset
	return templ.Attributes{
		"data-listbox":       asset("listbox.js"),
		"data-listbox-looks": asset("listbox.css"),
		"data-complete":      asset("complete.js"),
	}
}

// completed makes a field one whose expressions are completed.
func completed(ctx context.Context, f StepField) templ.Attributes {
	return templ.Attributes{
		"data-use":         "complete",
		"data-complete":    f.Complete,
		"data-suggestions": t(ctx, "complete.list"),
		"autocomplete":     "off",
	}
}
