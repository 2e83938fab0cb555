package journey

import (
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
)

// expressions compiles every expression and checks what it speaks of.
func (k *compiler) expressions() {
	envs := map[string]*cel.Env{}
	for _, s := range sites(k.def) {
		env := envs[s.loop]
		if env == nil {
			var err error
			if env, err = newEnv(s.loop); err != nil {
				k.report(s.path, s.step, "BAD_EXPRESSION", "The name "+s.loop+" cannot be used: "+err.Error()+".", "Choose another.")
				continue
			}
			envs[s.loop] = env
		}
		if !s.template {
			k.expression(env, s, s.source, 0)
			continue
		}
		parts, err := splitTemplate(s.source)
		if err != nil {
			k.report(s.path, s.step, "BAD_TEMPLATE", "The text cannot be read: "+err.Error()+".", "")
			continue
		}
		for _, part := range parts {
			if part.expression {
				k.expression(env, s, part.text, part.offset)
			}
		}
	}
}

func (k *compiler) expression(env *cel.Env, s site, source string, offset int) {
	_, checked, err := compileExpression(env, source, s.want)
	if err != nil {
		k.report(s.path, s.step, "BAD_EXPRESSION", fmt.Sprintf("%q is not usable: %s.", source, err), "")
		var syntax *expressionError
		if errors.As(err, &syntax) {
			k.shift(s.path, offset+syntax.column())
		}
		return
	}
	guarded := map[string]bool{}
	var used []string
	root := ast.NavigateAST(checked.NativeRep())
	for _, e := range ast.MatchDescendants(root, ast.AllMatcher()) {
		if e.Kind() == ast.IdentKind && !k.visible(s, e.AsIdent()) {
			k.report(s.path, s.step, "NOT_IN_SCOPE", fmt.Sprintf("%s is not known here, in %q.", e.AsIdent(), source), "event is known in match, call in undo.")
		}
		if e.Kind() != ast.SelectKind {
			continue
		}
		sel := e.AsSelect()
		if op := sel.Operand(); op.Kind() != ast.IdentKind || op.AsIdent() != "steps" {
			continue
		}
		if sel.IsTestOnly() {
			guarded[sel.FieldName()] = true
		}
		used = append(used, sel.FieldName())
	}
	for _, id := range used {
		k.reference(s, source, id, guarded[id])
	}
}

func (k *compiler) visible(s site, name string) bool {
	return (name != "event" || s.event) && (name != "call" || s.undo)
}

// reference checks that a step spoken of can have ended.
func (k *compiler) reference(s site, source, id string, guarded bool) {
	at := k.steps[id]
	if at == nil {
		k.report(s.path, s.step, "UNKNOWN_STEP", fmt.Sprintf("There is no step %q, in %q.", id, source), suggest(id, k.known()))
		return
	}
	if s.exit { // an exit comes at any time: its match says which steps have ended
		return
	}
	if s.step == "" {
		k.report(s.path, s.step, "NOT_BEFORE", fmt.Sprintf("No step has run at the entry, in %q.", source), "Use event.")
		return
	}
	switch before := k.before(s.step)[id]; {
	case before == 2, guarded && before == 1, id == s.step && (s.event || s.undo):
	case before == 1:
		k.report(s.path, s.step, "MAYBE_NOT_BEFORE", fmt.Sprintf("Step %s is in an arm that may not have been taken, in %q.", id, source), "Guard it: has(steps."+id+") ? … : ….")
	default:
		k.report(s.path, s.step, "NOT_BEFORE", fmt.Sprintf("Step %s has not run when this is evaluated, in %q.", id, source), "Speak of an earlier step.")
	}
}

// shift moves the last problem to a column inside its scalar.
func (k *compiler) shift(path string, by int) {
	at, ok := k.doc.positions[path]
	if ok && at.plain {
		k.problems[len(k.problems)-1].Column = at.column + by
	}
}
