package journey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Limits of segment rules.
const (
	MaxSeries    = 20                   // different counts of events in one rule
	MinWindow    = time.Minute          // the shortest window of a count
	MaxWindow    = 400 * 24 * time.Hour // the longest
	maxFieldPath = 128                  // bytes of the name of a field that is summed
)

// Rule is a compiled segment rule: a CEL expression over customer, now and what
// happened to the customer. It is safe for concurrent use, and gives the same
// for the same [Moment].
//
//	customer.traits.tier == "gold" && count("order.placed", "30d") >= 3
//	last("order.placed") < now - duration("720h")
//	sum("order.placed", "total") > 1000
type Rule struct {
	source  string
	program cel.Program
	series  []Series
	timed   bool
}

// Series is one way of counting events of a customer.
type Series struct {
	Type  string // of the events
	Field string // path in the event's data whose numbers are summed: "total", "cart.total"; "" for none
	// Window is how far back from now it looks, without its end: an event of
	// exactly so long ago is not counted. 0 is all that ever happened.
	Window time.Duration
}

// Tally is what a series comes to at a moment. Without events it is zero.
type Tally struct {
	Count int64
	Sum   int64     // in millionths, so that the order of adding makes no difference
	First time.Time // of the oldest event that is counted
	Last  time.Time // of the newest
}

// Moment is what a rule is judged on.
type Moment struct {
	Now      time.Time      // microseconds count
	Customer map[string]any // as in [Scope]
	// Tally answers one of the rule's series, as of Now. It is not asked for
	// those that the result does not depend on.
	Tally func(Series) (Tally, error)
}

// Judgement is what a rule says about a customer at a moment.
type Judgement struct {
	Member bool
	// Next is the first moment after Now at which the passing of time alone may
	// change Member; zero when it cannot.
	Next time.Time
	// Trouble is why the rule could not be evaluated for this customer, which
	// then is no member: a trait that is missing, a text where a number is
	// needed. nil when it could.
	Trouble error
}

// CompileRule checks a rule's syntax, types and names and what it may cost.
// Problems have line and column in the source; with problems the rule is nil.
func CompileRule(source string) (*Rule, []Problem) {
	if strings.TrimSpace(source) == "" {
		return nil, []Problem{ruleProblem("REQUIRED", Say("The rule is empty."), Say(`Write one, such as customer.traits.tier == "gold", or true for everybody.`))}
	}
	env, err := segmentEnv()
	if err != nil {
		return nil, []Problem{ruleProblem("BAD_EXPRESSION", Say("It is not usable: %s.", err), Sentence{})}
	}
	if len(source) > MaxExpression {
		return nil, []Problem{ruleProblem("TOO_LONG", Say("The rule has %d bytes; the limit is %d.", len(source), MaxExpression), Say("Make it simpler."))}
	}
	parsed, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, ruleErrors(issues.Errors())
	}
	return newRule(env, source, parsed)
}

func newRule(env *cel.Env, source string, parsed *cel.Ast) (*Rule, []Problem) {
	if t := parsed.OutputType(); t != cel.DynType && t != cel.BoolType {
		return nil, []Problem{ruleProblem("BAD_EXPRESSION", Say("The rule gives %s where true or false is needed.", nameOf(t)), Say("Compare it: … == …, … >= …."))}
	}
	if cost, err := env.EstimateCost(parsed, noSizes{}); err == nil && cost.Min > costLimit {
		return nil, []Problem{ruleProblem("TOO_COSTLY", Say("The rule costs %d or more to evaluate; the limit is %d.", cost.Min, costLimit), Say("Make it simpler."))}
	}
	k := ruleCheck{ast: parsed.NativeRep(), timed: map[int64]timedCall{}}
	k.names()
	series := k.series()
	if k.slope(k.ast.Expr()) != 0 {
		k.report(k.ast.Expr().ID(), "BAD_NOW", Say("The rule is a moment."), Say("Compare it with another one."))
	}
	if len(k.problems) > 0 {
		return nil, k.problems
	}
	program, err := env.Program(parsed, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize),
		cel.CustomDecoratorV2(mixNumbers), cel.CustomDecoratorV2(k.decorate))
	if err != nil {
		return nil, []Problem{ruleProblem("BAD_EXPRESSION", Say("It is not usable: %s.", err), Sentence{})}
	}
	windowed := slices.ContainsFunc(series, func(s Series) bool { return s.Window > 0 })
	return &Rule{source: source, program: program, series: series, timed: windowed || len(k.timed) > 0}, nil
}

// Source is the rule as it was written.
func (r *Rule) Source() string { return r.source }

// Series are the counts that the rule uses, each once; a caller may not change
// them.
func (r *Rule) Series() []Series { return r.series }

// Timed tells whether the passing of time alone can change who is a member.
func (r *Rule) Timed() bool { return r.timed }

// Judge tells whether a customer is a member. An error is one that Tally gave.
func (r *Rule) Judge(m Moment) (Judgement, error) {
	at := &moment{Moment: m}
	out, _, err := r.program.Eval(map[string]any{"customer": m.Customer, "now": m.Now, momentName: at})
	j := Judgement{Next: at.next}
	switch v, ok := out.(types.Bool); {
	case at.failed != nil:
		return Judgement{}, at.failed
	case err != nil:
		j.Trouble = errors.New(oneLine(err.Error()))
	case !ok:
		j.Trouble = fmt.Errorf("the rule gives %s, where true or false is needed", out.Type().TypeName())
	default:
		j.Member = bool(v)
	}
	return j, nil
}

func oneLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

// ruleErrors turns what CEL found into problems.
func ruleErrors(errs []*cel.Error) []Problem {
	var out []Problem
	for _, e := range errs[:min(len(errs), 20)] {
		reason, mend := strings.TrimSuffix((&expressionError{e}).Error(), "."), Sentence{}
		if strings.Contains(reason, "undeclared reference") {
			mend = Say(`Known are customer, now, count("type"), first("type"), last("type") and sum("type", "field"); a text is written in quotes.`)
		}
		if strings.Contains(reason, "no matching overload") {
			mend = Say("Convert one side: double(…), int(…), string(…), timestamp(…).")
		}
		p := ruleProblem("BAD_EXPRESSION", Say("It is not usable: %s.", reason), mend)
		p.Line, p.Column = e.Location.Line(), e.Location.Column()+1
		out = append(out, p)
	}
	return out
}

func ruleProblem(code string, message, mend Sentence) Problem {
	return Problem{Path: "rule", Code: code}.Saying(message, mend)
}

// ruleCheck looks at a rule whose types are right.
type ruleCheck struct {
	ast      *ast.AST
	problems []Problem
	timed    map[int64]timedCall // what changes by time, by its id
}

func (k *ruleCheck) report(id int64, code string, message, mend Sentence) {
	p := ruleProblem(code, message, mend)
	if at := k.ast.SourceInfo().GetStartLocation(id); at.Line() > 0 {
		p.Line, p.Column = at.Line(), at.Column()+1
	}
	k.problems = append(k.problems, p)
}

// names checks the fields of customer.
func (k *ruleCheck) names() {
	var f findings
	root := ast.NavigateAST(k.ast)
	for _, e := range ast.MatchDescendants(root, ast.KindMatcher(ast.IdentKind)) {
		field, selected := fieldOf(e)
		known := scopeFields["customer"]
		if e.AsIdent() == "customer" && selected && !slices.Contains(known, field) {
			k.report(e.ID(), "UNKNOWN_FIELD", Say("A customer has no field %.80q.", field), f.suggest(field, slices.Clone(known)))
		}
	}
}

// series collects the counts.
func (k *ruleCheck) series() []Series {
	var out []Series
	root := ast.NavigateAST(k.ast)
	for _, e := range ast.MatchDescendants(root, ast.KindMatcher(ast.CallKind)) {
		if call := e.AsCall(); slices.Contains(historyFunctions, call.FunctionName()) {
			if s, ok := seriesOf(call.Args()); ok && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	if len(out) > MaxSeries {
		k.report(k.ast.Expr().ID(), "TOO_MANY", Say("The rule counts events in %d ways; the limit is %d.", len(out), MaxSeries), Say("Count fewer types, fields or windows."))
	}
	return out
}
