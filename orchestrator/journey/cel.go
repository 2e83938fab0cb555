package journey

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// Limits of expressions.
const (
	MaxExpression = 2048    // bytes of one expression
	costLimit     = 100_000 // CEL's own units, for one evaluation
)

// newEnv declares what expressions may speak of. loop is the name of a
// carousel's element, "" outside one.
func newEnv(loop string) (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.Variable("customer", cel.DynType),
		cel.Variable("vars", cel.DynType),
		cel.Variable("entry", cel.DynType),
		cel.Variable("steps", cel.DynType),
		cel.Variable("event", cel.DynType),
		cel.Variable("call", cel.DynType),
		cel.Variable("now", cel.TimestampType),
		cel.CrossTypeNumericComparisons(true),
		ext.Strings(),
		// time(x) needs the customer's zone and language, which a function
		// cannot see: the macro hands them over.
		cel.Macros(append(cel.StandardMacros, timeMacro)...),
		cel.Function("qidong_time", cel.Overload("qidong_time_dyn_dyn",
			[]*cel.Type{cel.DynType, cel.DynType}, cel.StringType, cel.BinaryBinding(localTime))),
	}
	if loop != "" {
		opts = append(opts, cel.Variable(loop, cel.DynType))
	}
	env, err := cel.NewCustomEnv(append([]cel.EnvOption{cel.StdLib()}, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("preparing expressions: %w", err)
	}
	return env, nil
}

var timeMacro = cel.GlobalMacro("time", 1, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return f.NewCall("qidong_time", args[0], f.NewIdent("customer")), nil
})

// expression is a compiled CEL expression.
type expression struct {
	source  string
	program cel.Program
}

// compile parses and checks one expression. want is the type its result must
// be able to have; nil allows any.
func compileExpression(env *cel.Env, source string, want *cel.Type) (*expression, *cel.Ast, error) {
	if len(source) > MaxExpression {
		return nil, nil, fmt.Errorf("the expression has %d bytes; the limit is %d", len(source), MaxExpression)
	}
	parsed, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, nil, &expressionError{issues: issues}
	}
	if want != nil && parsed.OutputType() != cel.DynType && !parsed.OutputType().IsAssignableType(want) {
		return nil, nil, fmt.Errorf("the expression gives %s where %s is needed", parsed.OutputType(), want)
	}
	program, err := env.Program(parsed, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, nil, fmt.Errorf("preparing the expression: %w", err)
	}
	return &expression{source: source, program: program}, parsed, nil
}

// expressionError is what CEL's compiler found, first problem first.
type expressionError struct{ issues *cel.Issues }

func (e *expressionError) Error() string { return e.issues.Errors()[0].Message }

// column is where in the expression the first problem is, from 0.
func (e *expressionError) column() int { return e.issues.Errors()[0].Location.Column() }

func (e *expression) eval(vars map[string]any) (any, error) {
	out, _, err := e.program.Eval(vars)
	if err != nil {
		return nil, fmt.Errorf("evaluating %q: %w", e.source, err)
	}
	v, err := plain(out, 0)
	if err != nil {
		return nil, fmt.Errorf("evaluating %q: %w", e.source, err)
	}
	return v, nil
}

// plain turns a CEL value into what JSON can hold. Whole doubles become
// integers: data that came as JSON has only doubles.
func plain(v ref.Val, depth int) (any, error) {
	if depth > 64 {
		return nil, errors.New("the value is nested deeper than 64")
	}
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.String:
		return string(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		return int64(v), nil //nolint:gosec // far beyond any amount
	case types.Double:
		return number(float64(v)), nil
	case types.Timestamp:
		return v.Time, nil
	case types.Duration:
		return v.Duration, nil
	case traits.Mapper:
		return plainMap(v, depth)
	case traits.Lister:
		n, _ := v.Size().Value().(int64)
		list := make([]any, 0, n)
		for i := range n {
			item, err := plain(v.Get(types.Int(i)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		return list, nil
	}
	return nil, fmt.Errorf("a value of type %s cannot be used here", v.Type().TypeName())
}

func plainMap(v traits.Mapper, depth int) (any, error) {
	out := map[string]any{}
	for it := v.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		key, ok := k.Value().(string)
		if !ok {
			return nil, errors.New("the keys of a map must be strings")
		}
		item, err := plain(v.Get(k), depth+1)
		if err != nil {
			return nil, err
		}
		out[key] = item
	}
	return out, nil
}

// number is f as an int64 when it is whole and exact.
func number(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}

// localTime writes a moment in the customer's time zone and language.
func localTime(moment, customer ref.Val) ref.Val {
	at, err := momentOf(moment)
	if err != nil {
		return types.WrapErr(err)
	}
	zone, locale := time.UTC, "en"
	if m, ok := customer.(traits.Mapper); ok {
		if z, found := m.Find(types.String("timezone")); found {
			if name, ok := z.Value().(string); ok {
				if loaded, err := time.LoadLocation(name); err == nil && name != "" {
					zone = loaded
				}
			}
		}
		if l, found := m.Find(types.String("locale")); found {
			locale, _ = l.Value().(string)
		}
	}
	return types.String(formatTime(at.In(zone), locale))
}

func momentOf(v ref.Val) (time.Time, error) {
	switch v := v.(type) {
	case types.Timestamp:
		return v.Time, nil
	case types.String:
		at, err := time.Parse(time.RFC3339, string(v))
		if err != nil {
			return time.Time{}, fmt.Errorf("%q is not a moment like 2026-11-28T19:30:00+08:00", string(v))
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("time() takes a moment, not %s", v.Type().TypeName())
}

func formatTime(at time.Time, locale string) string {
	if strings.HasPrefix(locale, "zh") {
		days := [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
		return fmt.Sprintf("%d月%d日 %s %s", at.Month(), at.Day(), days[at.Weekday()], at.Format("15:04"))
	}
	return at.Format("Mon 2 Jan, 15:04")
}
