package journey

import (
	"maps"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// selected is a field of an object by the name of its type.
func (t *dataTypes) selected(object, field string) dataNode {
	name := strings.TrimPrefix(object, mark)
	switch n, ok := t.nodes[object]; {
	case ok:
		return t.field(n, field)
	case name == "steps":
		return t.step(field)
	case name == "element":
		return t.field(t.element, field)
	}
	return t.field(t.rootNode(name), field)
}

// step is what a step binds, as the site sees it.
func (t *dataTypes) step(id string) dataNode {
	label := "steps." + id
	at := t.k.steps[id]
	if at == nil {
		return dataNode{label: label} // reported elsewhere
	}
	s, from := at.step, t.k.steps[t.site.step]
	if from != nil && from.inArm(at, ArmFailed) {
		return knownNode(label, closed(map[string]any{"error": errorSchema}))
	}
	properties := map[string]any{}
	node := dataNode{label: label, schema: closed(properties)}
	switch {
	case s.Send != nil:
		properties["message_id"], properties["delivery"], properties["reason"], properties["channel"] = textSchema, textSchema, textSchema, textSchema
	case s.Wait != nil:
		properties["arm"] = textSchema
		event := t.ending(s.Wait, from, at)
		properties["event"], node.root = event.schema, event.root
	case s.Choose != nil, s.Split != nil:
		properties["arm"] = textSchema
	case s.Parallel != nil:
		properties["arms"] = map[string]any{"type": "array", "items": textSchema}
	case s.Repeat != nil:
		properties["round"], properties["arm"] = numberSchema, textSchema
	case s.Journey != nil:
		properties["outcome"] = textSchema
	case s.Task != nil:
		properties["result"], properties["by"], properties["arm"] = map[string]any{}, textSchema, textSchema
		if s.Task.Form != nil {
			properties["result"], node.root = s.Task.Form, s.Task.Form
		}
	case s.Survey != nil:
		properties["answered"], properties["score"] = map[string]any{"type": "boolean"}, numberSchema
		properties["text"], properties["message_id"] = textSchema, textSchema
	case s.Call != nil:
		spec, _ := t.k.catalog.Action(s.Call.Action)
		node.schema, node.root = spec.Output, spec.Output
	default:
		return dataNode{label: label}
	}
	if s.Failed != nil {
		node.schema = withError(node.schema)
	}
	return node
}

var (
	numberSchema = map[string]any{"type": "number"}
	errorSchema  = closed(map[string]any{"code": textSchema, "message": textSchema})
)

func knownNode(label string, schema map[string]any) dataNode {
	return dataNode{label: label, schema: schema, root: schema}
}

// withError is a step's result with the error that there may be instead.
func withError(schema map[string]any) map[string]any {
	properties, _ := schema["properties"].(map[string]any)
	if properties == nil {
		return schema
	}
	out := maps.Clone(schema)
	more := maps.Clone(properties)
	more["error"] = errorSchema
	out["properties"] = more
	return out
}

// ending is the event that ended a wait: of the arm that the site is in, else
// of the only arm that has one.
func (t *dataTypes) ending(w *Wait, from, at *place) dataNode {
	var found *Arm
	for i := range w.Arms {
		a := &w.Arms[i]
		if a.Event == "" && a.Reply == "" {
			continue
		}
		if from != nil && from.inArm(at, a.ID) {
			return t.event("", a.Event, a.Reply != "")
		}
		if found != nil && (found.Event != a.Event || (found.Reply == "") != (a.Reply == "")) {
			return t.event("", "", false)
		}
		found = a
	}
	if found == nil {
		return t.event("", "", false)
	}
	return t.event("", found.Event, found.Reply != "")
}

// elementOf is what the list of a carousel holds.
func (t *dataTypes) elementOf(x *parsedExpression) dataNode {
	if x.chain == nil {
		return dataNode{label: "element"}
	}
	list := t.chain(x.chain)
	items, _ := list.resolve()["items"].(map[string]any)
	return dataNode{label: list.label + "[]", schema: items, root: list.root}
}

// operands finds numbers where something else must be, which CEL's checker
// leaves open, and names the kind of the whole.
func (t *dataTypes) operands(checked *cel.Ast) (kind string, err error) {
	native := checked.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if err != nil || e.Kind() != ast.CallKind || e.AsCall().IsMemberFunction() {
			return
		}
		var kinds []string
		for _, arg := range e.AsCall().Args() {
			kinds = append(kinds, t.kind(native, arg))
		}
		err = misused(e.AsCall().FunctionName(), kinds)
	}))
	return t.kind(native, native.Expr()), err
}

// kind names the type of a part of an expression, "" when it is not known.
func (t *dataTypes) kind(native *ast.AST, e ast.Expr) string {
	switch got := native.GetType(e.ID()); {
	case got.Kind() == types.DynKind && e.Kind() == ast.SelectKind && !e.AsSelect().IsTestOnly():
		if of := native.GetType(e.AsSelect().Operand().ID()); of.Kind() == types.StructKind {
			unknown := t.unknown
			n := t.selected(of.TypeName(), e.AsSelect().FieldName())
			t.unknown = unknown // it was counted when it was checked
			return t.kindOf(n)
		}
		return ""
	case got.Kind() == types.DynKind, got.Kind() == types.NullTypeKind, got.Kind() == types.TypeParamKind, got.Kind() == types.ErrorKind:
		return ""
	default:
		return nameOf(got)
	}
}

// misused says that operands of a kind cannot go with an operator.
func misused(operator string, kinds []string) error {
	const numeral, logical = "a number", "true or false"
	switch operator {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if kinds[0] != "" && kinds[1] != "" && kinds[0] != kinds[1] {
			return &kindError{"it compares " + kinds[0] + " with " + kinds[1]}
		}
	case operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo:
		for i, k := range kinds {
			if other := kinds[1-i]; k == numeral && other != "" && other != numeral {
				return &kindError{"it combines a number with " + other}
			}
		}
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Conditional:
		conditions := kinds
		if operator == operators.Conditional {
			conditions = kinds[:1]
		}
		for _, k := range conditions {
			if k != "" && k != logical {
				return &kindError{"it takes " + k + " for true or false"}
			}
		}
	}
	return nil
}

// kindError is an operator between values that do not go together.
type kindError struct{ what string }

func (e *kindError) Error() string { return e.what }

// fitsInput checks that the kind of an expression's result is that of the input
// it is for.
func (k *compiler) fitsInput(s site, source, got string, schema map[string]any) {
	want := k.types.kindOf(knownNode("", schema))
	if got == "a moment" || got == "a duration" {
		got = "a text" // as JSON has them
	}
	if got != "" && want != "" && got != want {
		k.report(s.path, s.step, "BAD_INPUT", Say("%.100q gives %s, where %s is needed.", source, got, want), Say("Convert it, or use another value."))
	}
}
