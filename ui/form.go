package ui

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// language is the JSON Schema of journeys, which forms are made from.
var language = sync.OnceValue(func() map[string]any { return journey.Schema(nil) })

// stepForm is the panel of a box of the canvas: the fields of a step, of the
// entry with what holds for the whole journey, or of an exit criterion. It is
// nil when there is no such box.
func (u *UI) stepForm(ctx context.Context, a actor, v orchestrator.DraftView, box string) (*view.StepForm, error) {
	doc := v.Document
	if box == "" || doc == nil {
		return nil, nil
	}
	offers, err := u.service.Offers(ctx, a)
	if err != nil {
		return nil, err
	}
	b := &formBuilder{ctx: ctx, doc: doc, def: v.Definition, offers: offers, problems: v.Problems, touched: v.Change.Touched}
	f := &view.StepForm{ID: box, URL: view.TabURL(v.Journey, "design"), Close: view.TabURL(v.Journey, "design")}
	switch id, isExit := strings.CutPrefix(box, journey.ExitPrefix); {
	case box == journey.EntryBox:
		f.Kind, f.Title = "entry", i18n.T(ctx, "kind.entry")
		b.journey()
	case isExit:
		if doc.Value("exit."+id) == nil {
			return nil, nil
		}
		f.Kind, f.Title = "stop", id
		b.begin("")
		b.object(schemaOf("exit"), "exit."+id)
	default:
		i := slices.IndexFunc(steps(v.Definition), func(s *journey.Step) bool { return s.ID == box })
		if i < 0 {
			return nil, nil
		}
		s := steps(v.Definition)[i]
		f.Kind, f.Title, f.Step, f.Disabled = kindOf(s), stepTitle(ctx, s), true, s.Disabled
		b.step(s)
		if s.Send != nil {
			looks := messagePreviews(ctx, s.Send)
			f.Looks = &looks
			f.Templates = f.URL + "/templates?" + url.Values{"step": {s.ID}}.Encode()
		}
	}
	f.KindText = i18n.T(ctx, "kind."+f.Kind)
	f.Groups = b.finish()
	return f, nil
}

// formBuilder makes fields of a schema and of what a document holds.
type formBuilder struct {
	ctx      context.Context
	doc      *edit.Document
	def      *journey.Definition
	offers   orchestrator.Offers
	problems []journey.Problem
	touched  []string // the fields of the edit that led here
	groups   []view.StepGroup
	adds     []view.StepAdd // of what is not there yet
}

func schemaOf(name string) map[string]any {
	defs, _ := language()["$defs"].(map[string]any)
	s, _ := defs[name].(map[string]any)
	return s
}

// resolve follows a reference to its name and schema.
func resolve(s map[string]any) (name string, schema map[string]any) {
	if list, ok := s["oneOf"].([]any); ok && s["$ref"] == nil {
		for _, item := range list { // undo: none, or an object
			if m, ok := item.(map[string]any); ok && m["$ref"] != nil {
				return resolve(m)
			}
		}
	}
	ref, ok := s["$ref"].(string)
	if !ok {
		return "", s
	}
	name = ref[strings.LastIndexByte(ref, '/')+1:]
	return name, schemaOf(name)
}

// journey is what holds for the whole of it.
func (b *formBuilder) journey() {
	root := language()
	properties, _ := root["properties"].(map[string]any)
	b.begin("")
	for _, name := range []string{"title", "description", "deadline"} {
		b.property(properties, name, name)
	}
	b.begin(i18n.T(b.ctx, "field.entry"))
	b.object(schemaOf("entry"), "entry")
	b.begin(i18n.T(b.ctx, "field.guardrails"))
	b.object(schemaOf("guardrails"), "guardrails")
	for _, name := range []string{"goals", "exit", "variables", "events"} {
		b.property(properties, name, name)
	}
}

// step is a step's fields: its kind's first, then what every step has.
func (b *formBuilder) step(s *journey.Step) {
	path, kind := "steps."+s.ID, string(s.Kind())
	all := schemaOf("step")
	properties, _ := all["properties"].(map[string]any)
	b.begin("")
	b.add(view.StepField{Path: path + "#id", Label: i18n.T(b.ctx, "field.id"), Widget: "text", Value: s.ID, Help: i18n.T(b.ctx, "form.id.help")})
	b.property(properties, "title", path+".title")
	if kind != "" {
		b.begin("")
		name, schema := resolve(asMap(properties[kind]))
		if name == "call" {
			b.call(s, path+".call")
		} else {
			b.object(schema, path+"."+kind)
		}
	}
	b.begin(i18n.T(b.ctx, "form.failure"))
	for _, name := range []string{"on_failure", "failed"} {
		b.property(properties, name, path+"."+name)
	}
	if s.Call != nil {
		b.property(properties, "timeout", path+".timeout")
		b.property(properties, "retry", path+".retry")
	}
	b.begin("")
	b.property(properties, "note", path+".note")
	b.property(properties, "disabled", path+".disabled")
}

// call is an action with the fields of its own input.
func (b *formBuilder) call(s *journey.Step, path string) {
	schema := schemaOf("call")
	properties, _ := schema["properties"].(map[string]any)
	b.property(properties, "action", path+".action")
	b.input(s.Call.Action, path+".with")
	if s.Call.Undo != nil {
		b.begin(i18n.T(b.ctx, "field.undo"))
		b.groups[len(b.groups)-1].Remove = path + ".undo"
		undo := asMap(schemaOf("undo")["properties"])
		b.property(undo, "action", path+".undo.action")
		b.input(s.Call.Undo.Action, path+".undo.with")
		return
	}
	none := b.field("undo", path+".undo", "select")
	none.Options = []view.Option{{Text: "—"}, {Value: "none", Text: i18n.T(b.ctx, "field.undo.none"), Selected: none.Value == "none"}}
	b.add(none)
	b.adds = append(b.adds, view.StepAdd{Text: i18n.T(b.ctx, "field.undo"), Field: path + ".undo", Value: `{"action":""}`})
}

// inputWidget is how a field of an action's input is written: as a template, or,
// where the action does not take a text, as a template or JSON.
func inputWidget(schema any) string {
	if word(schema, "type") == "string" {
		return "code"
	}
	return "value"
}

// input asks for what an action takes, by the action's own schema.
func (b *formBuilder) input(action, path string) {
	for _, p := range b.offers.Plugins {
		for _, a := range p.Actions {
			if a.Name != action {
				continue
			}
			properties := asMap(a.Input["properties"])
			required, _ := a.Input["required"].([]any)
			for _, name := range fieldOrder(a.Input) {
				f := b.field(name, path+"."+name, inputWidget(properties[name]))
				f.Label, f.Required = cmp.Or(fieldText(b.ctx, asMap(properties[name]), "title"), name), slices.Contains(required, any(name))
				f.Help, f.Complete = fieldText(b.ctx, asMap(properties[name]), "description"), "template"
				b.add(f)
			}
			return
		}
	}
	b.add(b.field("with", path, "json"))
}

// object asks for the fields of an object in the order of the schema.
func (b *formBuilder) object(schema map[string]any, path string) {
	properties := asMap(schema["properties"])
	required, _ := schema["required"].([]any)
	order, _ := schema["x-order"].([]any)
	for _, name := range order {
		if name, ok := name.(string); ok && name != "steps" && (name != "weight" || !strings.Contains(path, ".split.arms.")) && (name != "id" || strings.Contains(path, ".arms.") || !strings.HasPrefix(path, "steps.")) {
			b.required(properties, name, path+"."+name, slices.Contains(required, any(name)))
		}
	}
}

func (b *formBuilder) property(properties map[string]any, name, path string) {
	b.required(properties, name, path, false)
}

func (b *formBuilder) required(properties map[string]any, name, path string, required bool) {
	ref, schema := resolve(asMap(properties[name]))
	switch {
	case ref == "text":
		b.texts(name, path, required)
	case ref == "duration", name == "offset":
		b.duration(name, path, required)
	case ref == "expression":
		f := b.field(name, path, "code")
		f.Required, f.Complete = required, "expression"
		if strings.HasSuffix(path, ".journey.key") {
			f.Complete = "template"
		}
		b.add(f)
		b.moment(name, path, f.Value)
	case schema["type"] == "array":
		b.list(name, schema, path)
	case schema["properties"] != nil:
		b.part(name, schema, path)
	case schema["type"] == "object":
		b.add(b.field(name, path, "json"))
	default:
		b.scalar(name, schema, path, required)
	}
}

func (b *formBuilder) begin(title string) {
	b.groups = append(b.groups, view.StepGroup{Title: title})
}

func (b *formBuilder) add(f view.StepField) {
	g := &b.groups[len(b.groups)-1]
	g.Fields = append(g.Fields, f)
}

// finish leaves out empty groups, offers what is not there yet, and puts each
// problem at its field: that of its path, or the nearest around it.
func (b *formBuilder) finish() []view.StepGroup {
	for _, a := range b.adds {
		b.groups = append(b.groups, view.StepGroup{Add: &a})
	}
	b.groups = slices.DeleteFunc(b.groups, func(g view.StepGroup) bool { return len(g.Fields) == 0 && g.Add == nil && g.Remove == "" })
	for _, p := range b.problems {
		var best *view.StepField
		for i := range b.groups {
			for j := range b.groups[i].Fields {
				f := &b.groups[i].Fields[j]
				if about(p.Path, f.Path) && (best == nil || len(f.Path) > len(best.Path)) {
					best = f
				}
			}
		}
		if best != nil && best.Error == "" {
			what, mend := i18n.Problem(b.ctx, p)
			best.Error = strings.TrimSpace(what + " " + mend)
			if at := p.Within; at.Line > 0 && best.Complete != "" {
				best.Error = i18n.T(b.ctx, "form.place", "line", strconv.Itoa(at.Line), "column", strconv.Itoa(at.Column)) + best.Error
			}
		}
	}
	return b.groups
}
