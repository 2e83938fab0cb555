package journey

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
)

// MaxExpressions bounds the expressions of one definition; the same text again
// does not count.
const MaxExpressions = 10_000

// expressions reads every expression of the sites and checks what it speaks of.
func (k *compiler) expressions(list []site) {
	k.tried = map[string]bool{}
	k.clean = map[asked]bool{}
	k.types = borrowTypes(k)
	defer k.types.giveBack()
	for _, s := range list {
		if k.found.full() || len(k.tried) > MaxExpressions {
			return
		}
		if slices.Contains(variableNames, s.loop) {
			continue // the name of the element has been reported
		}
		if !s.template {
			k.expression(s, s.source, 0, false)
			continue
		}
		parts, err := splitTemplate(s.source)
		var unclosed *templateError
		if errors.As(err, &unclosed) {
			k.report(s.path, s.step, "BAD_TEMPLATE", Say("The text cannot be read: %s.", err.Error()), Say("Write ${expression}."))
			k.shift(s, unclosed.open, 0)
		}
		for _, part := range parts {
			if part.expression && !k.found.full() {
				k.expression(s, part.text, part.offset, len(parts) == 1)
			}
		}
	}
}

// asked is an expression with all that its meaning depends on.
type asked struct {
	source, loop, step, event, reply string
	want                             *cel.Type
	exit                             *Exit
	undo, matched, anytime           bool
}

// expression checks one expression, which begins offset bytes into the text at
// s.path. alone: it is all of a template, and keeps its type.
func (k *compiler) expression(s site, source string, offset int, alone bool) {
	if k.tried[s.loop+"\x00"+source] = true; len(k.tried) > MaxExpressions {
		k.report(s.path, s.step, "TOO_MANY_EXPRESSIONS", Say("The definition has more than %d expressions.", MaxExpressions), Say("Split the journey."))
		return
	}
	question := asked{source, s.loop, s.step, s.event, s.reply, s.want, s.exit, s.undo, s.matched, s.anytime}
	fits := k.wants[s.path]
	if k.clean[question] && fits == nil {
		return // another language of the same text, most often
	}
	before := len(k.found.list)
	defer k.spot(s, offset, before)
	x := readExpression(source, s.loop)
	kind, err := "", x.err
	if err == nil {
		kind, err = k.types.check(x, s)
	}
	if err == nil && strings.Contains(source, "matches") {
		_, err = x.ready()
	}
	if err != nil {
		k.badExpression(s, source, offset, err)
		return
	}
	k.speaksOf(s, x)
	if alone && fits != nil {
		k.fitsInput(s, source, kind, fits)
	}
	if len(k.found.list) == before && s.path != "" {
		k.clean[question] = true
	}
}

func (k *compiler) badExpression(s site, source string, offset int, err error) {
	k.report(s.path, s.step, "BAD_EXPRESSION", Say("%.100q is not usable: %s.", source, strings.TrimSuffix(err.Error(), ".")), mendExpression(err, s))
	var syntax *expressionError
	if errors.As(err, &syntax) {
		k.shift(s, offset, syntax.column())
		k.pinpoint(s, offset, syntax.first.Location.Line(), syntax.first.Location.Column())
	}
}

// spot tells of the problems found since then in an expression, offset bytes
// into its text, where it is in the text: where it begins, unless that is known
// better.
func (k *compiler) spot(s site, offset, since int) {
	for i := since; i < len(k.found.list); i++ {
		if p := &k.found.list[i]; p.Path == s.path && p.Within == (Spot{}) {
			p.Within = spotOf(s.source[:offset])
		}
	}
}

// pinpoint tells where in its text the problem reported last is: at a line, from
// 1, and a column, from 0, of an expression that begins offset bytes into it.
func (k *compiler) pinpoint(s site, offset, line, column int) {
	if k.found.full() || len(k.found.list) == 0 || line < 1 {
		return
	}
	last := &k.found.list[len(k.found.list)-1]
	if last.Path != s.path {
		return
	}
	last.Within = spotOf(s.source[:offset])
	if line == 1 {
		last.Within.Column += max(column, 0)
		return
	}
	last.Within = Spot{Line: last.Within.Line + line - 1, Column: max(column, 0) + 1}
}

// spotOf is the place behind a text.
func spotOf(before string) Spot {
	last := before[strings.LastIndexByte(before, '\n')+1:]
	return Spot{Line: 1 + strings.Count(before, "\n"), Column: 1 + utf8.RuneCountInString(last)}
}

// affordable reports an expression that costs too much whatever the data are.
// Only loops can.
func (k *compiler) affordable(x *parsedExpression, s site) {
	checked, err := x.check()
	if err != nil {
		return
	}
	x.tree.Lock()
	defer x.tree.Unlock()
	if cost, err := x.env.EstimateCost(checked, noSizes{}); err == nil && cost.Min > costLimit {
		k.report(s.path, s.step, "TOO_COSTLY", Say("%.100q costs %d or more to evaluate; the limit is %d.", x.source, cost.Min, costLimit), Say("Make it simpler."))
	}
}

// noSizes knows nothing of the data, so that the least cost is that without any.
type noSizes struct{}

func (noSizes) EstimateSize(checker.AstNode) *checker.SizeEstimate { return nil }

func (noSizes) EstimateCallCost(_, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	return nil
}

// mendExpression is help for the commonest mistakes.
func mendExpression(err error, s site) Sentence {
	switch message := err.Error(); {
	case strings.Contains(message, "undeclared reference"):
		known := slices.Clone(variableNames)
		if s.loop != "" {
			known = append(known, s.loop)
		}
		return Say("Known are %s; a text is written in quotes.", strings.Join(known, ", "))
	case strings.Contains(message, "no matching overload"):
		return Say("Convert one side: double(…), int(…), string(…), timestamp(…).")
	}
	return Sentence{}
}

// shift moves the problem reported last to a place inside its scalar, offset
// bytes and then some characters in, if the scalar stands in the source as it
// is.
func (k *compiler) shift(s site, offset, characters int) {
	at, ok := k.doc.positions[s.path]
	if k.lines == nil {
		k.lines = bytes.Split(k.doc.source, []byte("\n"))
	}
	if !ok || at.line > len(k.lines) || k.found.full() {
		return
	}
	by := utf8.RuneCountInString(s.source[:offset]) + characters
	line, text := []rune(string(k.lines[at.line-1])), []rune(s.source)
	if by > len(text) || at.column < 1 || at.column-1+by > len(line) || string(line[at.column-1:at.column-1+by]) != string(text[:by]) {
		return
	}
	if last := &k.found.list[len(k.found.list)-1]; last.Path == s.path {
		last.Column = at.column + by
	}
}

// scopeFields are the fields of what expressions see, where they are fixed.
var scopeFields = map[string][]string{
	"customer": {"id", "name", "locale", "timezone", "traits", "tags", "consents"},
	"event":    {"type", "source", "id", "time", "subject", "data"},
	"call":     {"key"},
}

// mention is one name in an expression, with the fields selected from it.
type mention struct {
	name     string
	field    string // "" when it is used as a whole
	selected bool
}

// speaksOf checks the names in an expression.
func (k *compiler) speaksOf(s site, x *parsedExpression) {
	if x.chain != nil {
		m := mention{name: x.chain[0], selected: len(x.chain) > 1}
		if m.selected {
			m.field = x.chain[1]
		}
		k.mention(s, x.source, m, guarding{}, x.chain)
		return
	}
	read := x.spoken()
	if s.exit != nil && s.step == "" {
		k.sure[s.exit] = x.conjuncts()
	}
	for _, chain := range read.chains {
		m := mention{name: chain[0], selected: len(chain) > 1}
		if m.selected {
			m.field = chain[1]
		}
		k.mention(s, x.source, m, read.guarding, chain)
	}
	for _, name := range read.replies {
		k.answer(s, x.source, name)
	}
	if read.loops {
		k.affordable(x, s)
	}
}

func (k *compiler) mention(s site, source string, m mention, guarded guarding, chain []string) {
	switch {
	case m.name == "event" && !s.matched, m.name == "call" && !s.undo:
		k.report(s.path, s.step, "NOT_IN_SCOPE", Say("%s is not known here, in %.100q.", m.name, source), Say("event is known in match, call in the undo of a call."))
	case m.name == "steps" && !m.selected:
		k.report(s.path, s.step, "BAD_REFERENCE", Say("steps is used as a whole, in %.100q.", source), Say("Speak of one step: steps.<id>."))
	case m.name == "steps":
		k.reference(s, source, m.field, guarded, chain)
	case m.selected && scopeFields[m.name] != nil && m.name != s.loop && !slices.Contains(scopeFields[m.name], m.field):
		k.report(s.path, s.step, "UNKNOWN_NAME", Say("There is no %s.%s, in %.100q.", m.name, m.field, source), k.found.suggest(m.field, slices.Clone(scopeFields[m.name])))
	case m.selected && m.name == "vars":
		k.variable(s, source, m.field)
	}
}

// fieldOf is the field selected from an identifier.
func fieldOf(e ast.NavigableExpr) (string, bool) {
	parent, ok := e.Parent()
	if !ok || parent.Kind() != ast.SelectKind {
		return "", false
	}
	return parent.AsSelect().FieldName(), true
}

// variable checks a name of the journey's variables, if they are closed.
func (k *compiler) variable(s site, source, name string) {
	properties, _ := k.def.Variables["properties"].(map[string]any)
	closed := k.def.Variables == nil || k.def.Variables["additionalProperties"] == false
	if _, ok := properties[name]; !ok && closed {
		k.report(s.path, s.step, "UNKNOWN_VARIABLE", Say("The journey declares no variable %s, in %.100q.", name, source), k.found.suggest(name, slices.Collect(maps.Keys(properties))))
	}
}

// reference checks that a step spoken of can have ended.
func (k *compiler) reference(s site, source, id string, guarded guarding, chain []string) {
	inExit := s.exit != nil && s.step != ""
	if id == "exit" && inExit {
		return // the event that met the exit
	}
	at := k.steps[id]
	if at == nil {
		k.report(s.path, s.step, "UNKNOWN_STEP", Say("There is no step %s, in %.100q.", id, source), k.found.suggest(id, slices.Clone(k.order)))
		return
	}
	state := never
	switch {
	case s.step != "" && k.steps[s.step] != nil && k.before(id, s.step) != never:
		state = k.before(id, s.step)
	case s.exit != nil && k.sure[s.exit][id]:
		state = surely
	case (s.exit != nil || s.anytime) && k.inJourney(at):
		state = maybe // an exit or a goal comes at any time
	}
	switch {
	case state == never && s.undo && id == s.step:
		k.report(s.path, s.step, "NOT_BEFORE", Say("The input of an undo is made before the call, so that a call without an answer can be undone too; it cannot speak of %s, in %.100q.", id, source), Say("Use ${call.key}, the idempotency key of the call."))
	case state == never:
		k.report(s.path, s.step, "NOT_BEFORE", Say("Step %s has not ended when this is evaluated, in %.100q.", id, source), Say("Speak of an earlier step."))
	case state == beside:
		k.report(s.path, s.step, "SIDE_BY_SIDE", Say("Step %s is in another arm of the same parallel and may not have ended, in %.100q.", id, source), Say("Speak of it after the parallel."))
	case at.step.Exit != nil:
		k.report(s.path, s.step, "NOTHING_BOUND", Say("Step %s is an exit and has no result, in %.100q.", id, source), Say("Speak of another step."))
	case state == maybe && !guarded.steps[id]:
		k.report(s.path, s.step, "MAYBE_NOT_BEFORE", Say("Step %s may not have ended when this is evaluated, in %.100q.", id, source), Say("Guard it: has(steps.%s) && …, or has(steps.%s) ? … : ….", id, id))
	case k.mayHaveFailed(at, s.step) && !failureGuarded(id, guarded, chain):
		k.report(s.path, s.step, "MAYBE_FAILED", Say("Step %s may have failed and gone on, in %.100q.", id, source), Say("Guard it: has(steps.%s.error) ? … : ….", id))
	}
}

// mayHaveFailed tells whether a step that has ended may be one whose error arm
// went on.
func (k *compiler) mayHaveFailed(at *place, now string) bool {
	if at.step.Failed == nil || !goesOn(at.step.Failed.Steps) {
		return false
	}
	from := k.steps[now]
	return from == nil || !from.inArm(at, ArmFailed)
}

// failureGuarded tells whether an expression asks whether a step failed, or
// whether it has the field that it speaks of.
func failureGuarded(id string, guarded guarding, chain []string) bool {
	if len(chain) > 2 && (chain[2] == "error" || guarded.fields[id+"."+chain[2]]) {
		return true
	}
	return len(chain) < 3 || guarded.fields[id+".error"]
}

// inJourney tells whether a step is in the journey itself, and not in an exit.
func (k *compiler) inJourney(at *place) bool {
	for at.parent != nil {
		at = at.parent
	}
	return len(k.def.Steps) > 0 && &at.siblings[0] == &k.def.Steps[0]
}

// answer checks the name in event.data.reply == "name" in a reply arm.
func (k *compiler) answer(s site, source, name string) {
	if s.reply == "" || k.steps[s.reply] == nil {
		return
	}
	if known := replies(k.steps[s.reply].step); !slices.Contains(known, name) {
		k.report(s.path, s.step, "UNKNOWN_REPLY", Say("The message of step %s has no reply %.80q, in %.100q.", s.reply, name, source), k.found.suggest(name, known))
	}
}
