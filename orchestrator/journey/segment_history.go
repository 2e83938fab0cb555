package journey

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// momentName is how expanded macros call what a rule is judged on; nobody can
// write it.
const momentName = "@moment"

// historyFunctions are what the macros become.
var historyFunctions = []string{"@count", "@first", "@last", "@sum"}

// segmentEnv declares what a rule may speak of.
func segmentEnv() (*cel.Env, error) {
	env, err := cel.NewCustomEnv(
		cel.StdLib(),
		cel.CustomTypeAdapter(jsonNumbers{types.DefaultTypeAdapter}),
		cel.CrossTypeNumericComparisons(true),
		cel.ExpressionNestingDepthLimit(100),
		cel.RegexProgramSizeLimit(1000),
		ext.Strings(),
		cel.Macros(append(append(numberMacros(), cel.StandardMacros...), historyMacros()...)...),
		cel.Variable("customer", cel.DynType),
		cel.Variable("now", cel.TimestampType),
		cel.Variable(momentName, cel.DynType),
		historyFunction("@count", cel.IntType, func(t Tally) ref.Val { return types.Int(t.Count) }),
		historyFunction("@sum", cel.DoubleType, func(t Tally) ref.Val { return types.Double(float64(t.Sum) / 1e6) }),
		historyFunction("@first", cel.DynType, func(t Tally) ref.Val { return momentOrNull(t.First) }),
		historyFunction("@last", cel.DynType, func(t Tally) ref.Val { return momentOrNull(t.Last) }),
	)
	if err != nil {
		return nil, fmt.Errorf("preparing rules: %w", err)
	}
	return env, nil
}

func momentOrNull(at time.Time) ref.Val {
	if at.IsZero() {
		return types.NullValue
	}
	return types.Timestamp{Time: at}
}

// historyMacros turn count("type", "30d") into a call that carries the moment.
// What they count is written in the rule itself, so that it is known which
// events matter.
func historyMacros() []cel.Macro {
	var out []cel.Macro
	for name, counts := range map[string][]int{"count": {1, 2}, "first": {1}, "last": {1}, "sum": {2, 3}} {
		for _, n := range counts {
			out = append(out, cel.GlobalMacro(name, n, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
				s, err := readSeries(f, name, args)
				if err != nil {
					return nil, err
				}
				return f.NewCall("@"+name, f.NewIdent(momentName), f.NewLiteral(types.String(s.Type)),
					f.NewLiteral(types.String(s.Field)), f.NewLiteral(types.Int(s.Window))), nil
			}))
		}
	}
	return out
}

// readSeries reads the arguments as they are written.
func readSeries(f cel.MacroExprFactory, name string, args []ast.Expr) (s Series, problem *cel.Error) {
	kind, ok := literalText(args[0])
	switch n := utf8.RuneCountInString(kind); {
	case !ok || n == 0 || n > 256 || !utf8.ValidString(kind):
		return s, f.NewError(args[0].ID(), fmt.Sprintf(`%s() takes the type of events as a text in quotes, of 1 to 256 characters, like %s("order.placed")`, name, name))
	case strings.HasPrefix(kind, "qidong.segment."):
		return s, f.NewError(args[0].ID(), "a rule cannot count joining and leaving of segments")
	}
	s.Type = kind
	rest := args[1:]
	if name == "sum" {
		field, ok := literalText(rest[0])
		if !ok || field == "" || len(field) > maxFieldPath || !utf8.ValidString(field) {
			return s, f.NewError(rest[0].ID(), fmt.Sprintf(`sum() takes the field of the event's data as a text in quotes, at most %d bytes, like sum("order.placed", "total")`, maxFieldPath))
		}
		s.Field, rest = field, rest[1:]
	}
	if len(rest) == 0 {
		return s, nil
	}
	window, ok := literalWindow(rest[0])
	if !ok || window < MinWindow || window > MaxWindow {
		return s, f.NewError(rest[0].ID(), fmt.Sprintf(`%s() takes its window as written time from %v to %dd, like duration("720h") or "30d"`, name, MinWindow, MaxWindow/(24*time.Hour)))
	}
	s.Window = window
	return s, nil
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// literalWindow reads "30d" or duration("720h").
func literalWindow(e ast.Expr) (time.Duration, bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "duration" && len(e.AsCall().Args()) == 1 {
		text, ok := literalText(e.AsCall().Args()[0])
		d, err := time.ParseDuration(text)
		return d, ok && err == nil
	}
	text, ok := literalText(e)
	d, err := ParseDuration(text)
	return time.Duration(d), ok && err == nil
}

// seriesOf reads the arguments that readSeries wrote.
func seriesOf(args []ast.Expr) (s Series, ok bool) {
	if len(args) != 4 {
		return s, false
	}
	kind, _ := literalText(args[1])
	field, _ := literalText(args[2])
	window, ok := args[3].AsLiteral().(types.Int)
	return Series{Type: kind, Field: field, Window: time.Duration(window)}, ok
}

func historyFunction(name string, result *cel.Type, read func(Tally) ref.Val) cel.EnvOption {
	binding := func(args ...ref.Val) ref.Val {
		at, ok := args[0].(*moment)
		kind, ok1 := args[1].(types.String)
		field, ok2 := args[2].(types.String)
		window, ok3 := args[3].(types.Int)
		if !ok || !ok1 || !ok2 || !ok3 {
			return types.NoSuchOverloadErr()
		}
		t, err := at.tally(Series{Type: string(kind), Field: string(field), Window: time.Duration(window)})
		if err != nil {
			return types.WrapErr(err)
		}
		return read(t)
	}
	return cel.Function(name, cel.Overload(name+"_of", []*cel.Type{cel.DynType, cel.StringType, cel.StringType, cel.IntType}, result,
		cel.FunctionBinding(binding)))
}

// moment is one judging under way, as a value that expressions can hold.
type moment struct {
	Moment
	next   time.Time
	failed error
}

// tally asks for a series, and notes when its oldest event leaves the window.
func (m *moment) tally(s Series) (Tally, error) {
	t, err := m.Tally(s)
	if err != nil {
		m.failed = err
		return Tally{}, err
	}
	if s.Window > 0 && !t.First.IsZero() {
		m.changesAt(t.First.Add(s.Window))
	}
	return t, nil
}

// changesAt notes that something of the rule changes at a moment.
func (m *moment) changesAt(at time.Time) {
	if whole := at.Truncate(time.Microsecond); whole.Before(at) {
		at = whole.Add(time.Microsecond)
	}
	if at.After(m.Now) && (m.next.IsZero() || at.Before(m.next)) {
		m.next = at
	}
}

// ConvertToNative implements CEL's value; there is nothing to convert to.
func (m *moment) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a moment is no %v", t)
}

// ConvertToType implements CEL's value.
func (m *moment) ConvertToType(ref.Type) ref.Val { return types.NoSuchOverloadErr() }

// Equal implements CEL's value.
func (m *moment) Equal(ref.Val) ref.Val { return types.False }

// Type implements CEL's value.
func (m *moment) Type() ref.Type { return types.NullType }

// Value implements CEL's value.
func (m *moment) Value() any { return m }

// Fact is one event as a series counts it.
type Fact struct {
	At    time.Time
	Value int64 // in millionths; 0 when the series sums nothing
}

// Tally adds up facts, whatever their order.
func (s Series) Tally(facts []Fact, now time.Time) Tally {
	var t Tally
	for _, f := range facts {
		if s.Window > 0 && !f.At.After(now.Add(-s.Window)) {
			continue
		}
		t.Count, t.Sum = t.Count+1, min(max(t.Sum+f.Value, -MaxSum), MaxSum)
		if t.First.IsZero() || f.At.Before(t.First) {
			t.First = f.At
		}
		if f.At.After(t.Last) || t.Last.IsZero() {
			t.Last = f.At
		}
	}
	return t
}

// MaxSum bounds a sum, in millionths: 4·10¹². One that is larger stays there.
const MaxSum = 4_000_000_000_000_000_000

// maxFactValue bounds what one event adds to a sum: 10¹⁰.
const maxFactValue = 10_000_000_000

// Value is what an event's data add to a series's sum, in millionths. What is no
// number, or above 10¹⁰ either way, adds nothing.
func (s Series) Value(data any) int64 {
	if s.Field == "" {
		return 0
	}
	for name := range strings.SplitSeq(s.Field, ".") {
		m, _ := data.(map[string]any)
		data = m[name]
	}
	f, ok := data.(float64)
	if !ok || math.IsNaN(f) || math.Abs(f) > maxFactValue {
		return 0
	}
	return int64(math.Round(f * 1e6))
}
