package journey

import (
	"fmt"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// timedCall is a part of a rule whose value changes by time alone.
type timedCall struct {
	slope int           // how what is compared moves with now: 1 along with it, -1 against it
	unit  time.Duration // of a field of the calendar: a day or an hour; 0 for a comparison
}

var comparisons = map[string]bool{
	operators.Less: true, operators.LessEquals: true, operators.Greater: true, operators.GreaterEquals: true,
	operators.Equals: true, operators.NotEquals: true,
}

// calendarFields are the fields of a moment, with how often they change.
var calendarFields = map[string]time.Duration{
	"getFullYear": 24 * time.Hour, "getMonth": 24 * time.Hour, "getDate": 24 * time.Hour, "getDayOfMonth": 24 * time.Hour,
	"getDayOfWeek": 24 * time.Hour, "getDayOfYear": 24 * time.Hour, "getHours": time.Hour,
}

// slope is how the value of an expression moves with now: not (0), along with it
// (1), against it (-1). It notes what changes by time, and reports uses of now
// of which nobody could say when they change: members could then only be found
// by judging everybody all the time.
func (k *ruleCheck) slope(e ast.Expr) int {
	switch e.Kind() {
	case ast.IdentKind:
		if e.AsIdent() == "now" {
			return 1
		}
	case ast.CallKind:
		return k.callSlope(e)
	case ast.SelectKind:
		k.fixed(e.AsSelect().Operand())
	case ast.ListKind:
		k.fixed(e.AsList().Elements()...)
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			k.fixed(entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		k.fixed(c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result())
	default: // a literal
	}
	return 0
}

func (k *ruleCheck) callSlope(e ast.Expr) int {
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	switch {
	case comparisons[name] && len(args) == 2:
		if s := k.slope(args[0]) - k.slope(args[1]); s != 0 {
			k.timed[e.ID()] = timedCall{slope: s}
		}
		return 0
	case name == operators.Add && len(args) == 2:
		return k.slope(args[0]) + k.slope(args[1])
	case name == operators.Subtract && len(args) == 2:
		return k.slope(args[0]) - k.slope(args[1])
	case name == "dyn" && len(args) == 1:
		return k.slope(args[0])
	case call.IsMemberFunction() && calendarFields[name] > 0:
		if s := k.slope(call.Target()); s != 0 {
			k.timed[e.ID()] = timedCall{slope: s, unit: calendarFields[name]}
		}
		k.fixed(args...)
		return 0
	}
	if call.IsMemberFunction() {
		k.fixed(call.Target())
	}
	k.fixed(args...)
	return 0
}

// fixed reports parts that move with now.
func (k *ruleCheck) fixed(parts ...ast.Expr) {
	for _, e := range parts {
		if k.slope(e) != 0 {
			k.report(e.ID(), "BAD_NOW", Say("Here nobody can tell when the passing of time changes the result."),
				Say(`Compare now, or a sum or difference with it: now - last("order.placed") > duration("72h"), or take its day: now.getMonth("Asia/Shanghai").`))
		}
	}
}

// decorate lets the parts that change by time tell when they do.
func (k *ruleCheck) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	if t, ok := k.timed[i.ID()]; ok && (comparisons[call.Function()] && t.unit == 0 || calendarFields[call.Function()] > 0) {
		return &timedNode{InterpretableCall: call, timedCall: t}, nil
	}
	return i, nil
}

// timedNode is a call that notes when its value changes.
type timedNode struct {
	interpreter.InterpretableCall
	timedCall
}

// Exec implements CEL's interpretable.
func (n *timedNode) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	out := n.InterpretableCall.Exec(frame)
	found, _ := frame.ResolveName(momentName)
	at, ok := found.(*moment)
	if !ok {
		return types.NewErrWithNodeID(n.ID(), "a rule was evaluated without its moment")
	}
	args := n.Args()
	switch {
	case n.unit > 0:
		zoneName := ""
		if len(args) > 1 {
			s, _ := args[1].Exec(frame).(types.String)
			zoneName = string(s)
		}
		n.calendar(at, args[0].Exec(frame), zoneName)
	case len(args) == 2:
		n.comparison(at, args[0].Exec(frame), args[1].Exec(frame))
	}
	return out
}

// Eval implements CEL's interpretable.
func (n *timedNode) Eval(vars interpreter.Activation) ref.Val {
	return n.Exec(interpreter.AsFrame(vars))
}

// comparison notes when both sides become equal, and the moment after.
func (n *timedNode) comparison(at *moment, l, r ref.Val) {
	var ahead time.Duration // of the left side
	switch l := l.(type) {
	case types.Timestamp:
		r, ok := r.(types.Timestamp)
		if !ok {
			return
		}
		ahead = l.Sub(r.Time)
	case types.Duration:
		r, ok := r.(types.Duration)
		if !ok {
			return
		}
		ahead = l.Duration - r.Duration
	default:
		return
	}
	switch wait := -ahead / time.Duration(n.slope); {
	case ahead == 0:
		at.changesAt(at.Now.Add(time.Microsecond))
	case wait > 0:
		at.changesAt(at.Now.Add(wait))
	}
}

// calendar notes when the next day or hour begins, of a moment in its zone, or
// of a duration.
func (n *timedNode) calendar(at *moment, v ref.Val, zoneName string) {
	switch v := v.(type) {
	case types.Timestamp:
		local := v.In(celZone(zoneName))
		next := local.Truncate(time.Minute).Add(time.Duration(60-local.Minute()) * time.Minute)
		if n.unit == 24*time.Hour {
			day := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, time.UTC)
			next = localMoment(day, 0, local.Location())
		}
		// A zone may change its clocks in between.
		if _, end := local.ZoneBounds(); !end.IsZero() && end.Before(next) && end.After(v.Time) {
			next = end
		}
		at.changesAt(at.Now.Add(next.Sub(v.Time)))
	case types.Duration:
		rest := ((v.Duration % n.unit) + n.unit) % n.unit
		switch {
		case rest == 0:
			at.changesAt(at.Now.Add(time.Microsecond))
		case n.slope > 0:
			at.changesAt(at.Now.Add(n.unit - rest))
		default:
			at.changesAt(at.Now.Add(rest))
		}
	}
}

// celZone is the zone that CEL's functions take: an IANA name or "+08:00".
func celZone(name string) *time.Location {
	var hours, minutes int
	if n, err := fmt.Sscanf(name, "%d:%d", &hours, &minutes); n == 2 && err == nil {
		if hours < 0 || name[0] == '-' {
			minutes = -minutes
		}
		return time.FixedZone("", hours*3600+minutes*60)
	}
	return zone(name)
}
