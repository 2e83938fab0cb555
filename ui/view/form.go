package view

import (
	"context"
	"strconv"

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
		"data-fields":        asset("fields.js"),
		"data-beside":        asset("beside.js"),
		"data-beside-looks":  asset("beside.css"),
	}
}

// Grouped tells whether the field is several controls, or none, so that a label
// is of all of them.
func (f StepField) Grouped() bool {
	return f.Widget == "days" || f.Widget == "moment" || f.Widget == "sum"
}

// control is what every control that holds a field has.
func control(f StepField) templ.Attributes {
	kind := f.Widget
	switch kind {
	case "weight":
		kind = "number"
	case "select", "time", "zone", "event", "duration":
		kind = "text"
	}
	if kind == "text" && f.Midnight {
		kind = "midnight"
	}
	a := templ.Attributes{"data-path": f.Path, "data-type": kind, "aria-describedby": "m-" + f.ID()}
	if f.Grouped() {
		return a // its label and its problem are of all its controls
	}
	a["id"] = f.ID()
	if f.Widget != "switch" && f.Widget != "select" {
		a["aria-invalid"] = strconv.FormatBool(f.Error != "")
	}
	return a
}

// helped gives a field to the script that helps to fill it in, when there is
// one.
func helped(ctx context.Context, f StepField) templ.Attributes {
	switch {
	case f.Complete != "":
		return templ.Attributes{"data-use": "complete", "data-complete": f.Complete, "data-suggestions": t(ctx, "complete.list")}
	case f.Widget == "duration", f.Widget == "event", f.Widget == "zone", f.Widget == "moment":
		return templ.Attributes{
			"data-use": "fields", "data-help": f.Widget, "data-suggestions": t(ctx, "suggest."+f.Widget), "data-zone": f.Unit,
			"data-new": t(ctx, "suggest.new"), "data-customer": t(ctx, "form.zone.customer"), "data-workspace": t(ctx, "suggest.workspace"),
		}
	}
	return nil
}
