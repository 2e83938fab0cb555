package journey

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// guarding are the steps, and fields of steps, that an expression asks for with
// has().
type guarding struct {
	steps  map[string]bool
	fields map[string]bool // "step.field"
}

// spoken is what an expression speaks of.
type spoken struct {
	guarding
	chains  [][]string // each name with the fields selected from it
	replies []string   // texts that event.data.reply is compared with
	loops   bool
}

// expr reads a part of an expression; fields are what is selected from it, the
// innermost last.
func (r *spoken) expr(e ast.Expr, fields []string) {
	switch e.Kind() {
	case ast.IdentKind:
		chain := make([]string, 0, len(fields)+1)
		chain = append(chain, e.AsIdent())
		for _, field := range slices.Backward(fields) {
			chain = append(chain, field)
		}
		r.chains = append(r.chains, chain)
	case ast.SelectKind:
		r.guards(e)
		r.expr(e.AsSelect().Operand(), append(slices.Clone(fields), e.AsSelect().FieldName()))
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() == operators.Equals {
			r.reply(call.Args())
		}
		if call.IsMemberFunction() {
			r.expr(call.Target(), nil)
		}
		for _, arg := range call.Args() {
			r.expr(arg, nil)
		}
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			r.expr(item, nil)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			r.expr(entry.AsMapEntry().Key(), nil)
			r.expr(entry.AsMapEntry().Value(), nil)
		}
	case ast.ComprehensionKind:
		r.loops = true
		c := e.AsComprehension()
		for _, part := range []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			r.expr(part, nil)
		}
	default: // a literal; there are no messages
	}
}

// reply notes event.data.reply == "name".
func (r *spoken) reply(args []ast.Expr) {
	for i, arg := range args {
		if other := args[1-i]; isReply(arg) && other.Kind() == ast.LiteralKind {
			if name, ok := other.AsLiteral().Value().(string); ok {
				r.replies = append(r.replies, name)
			}
		}
	}
}

// isReply tells whether e is event.data.reply.
func isReply(e ast.Expr) bool {
	for _, field := range []string{"reply", "data"} {
		if e.Kind() != ast.SelectKind || e.AsSelect().FieldName() != field {
			return false
		}
		e = e.AsSelect().Operand()
	}
	return e.Kind() == ast.IdentKind && e.AsIdent() == "event"
}

// guards notes has(steps.<id>) and has(steps.<id>.<field>).
func (r *spoken) guards(e ast.Expr) {
	if id, ok := guard(e); ok {
		r.steps[id] = true
	}
	if !e.AsSelect().IsTestOnly() || e.AsSelect().Operand().Kind() != ast.SelectKind {
		return
	}
	step := e.AsSelect().Operand().AsSelect()
	if of := step.Operand(); of.Kind() == ast.IdentKind && of.AsIdent() == "steps" {
		r.fields[step.FieldName()+"."+e.AsSelect().FieldName()] = true
	}
}

func guard(e ast.Expr) (string, bool) {
	if e.Kind() != ast.SelectKind || !e.AsSelect().IsTestOnly() {
		return "", false
	}
	of := e.AsSelect().Operand()
	return e.AsSelect().FieldName(), of.Kind() == ast.IdentKind && of.AsIdent() == "steps"
}

// conjuncts are those of the whole expression.
func (x *parsedExpression) conjuncts() map[string]bool {
	x.tree.Lock()
	defer x.tree.Unlock()
	return conjuncts(x.parsed.NativeRep().Expr(), map[string]bool{})
}

// conjuncts are the steps that have ended whenever the expression is true:
// has(steps.a) && has(steps.b) && ….
func conjuncts(e ast.Expr, into map[string]bool) map[string]bool {
	if id, ok := guard(e); ok {
		into[id] = true
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		for _, arg := range e.AsCall().Args() {
			conjuncts(arg, into)
		}
	}
	return into
}
