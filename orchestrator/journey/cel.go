package journey

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// Limits of expressions.
const (
	MaxExpression = 2048     // bytes of one expression
	costLimit     = 100_000  // CEL's own units, for one evaluation
	maxResult     = 64 << 10 // bytes of a text that is put together
	maxValues     = 20_000   // elements and fields in one result
	maxNesting    = 64       // of lists and objects in one result
)

// variableNames are what expressions may speak of.
var variableNames = []string{"customer", "vars", "entry", "steps", "event", "call", "now"}

// newEnv declares what expressions may speak of.
func newEnv(loop string) (*cel.Env, error) {
	opts := slices.Clone(envOptions)
	for _, name := range variableNames {
		kind := cel.DynType
		if name == "now" {
			kind = cel.TimestampType
		}
		if name == loop {
			return nil, fmt.Errorf("%s is taken", loop)
		}
		opts = append(opts, cel.Variable(name, kind))
	}
	if loop != "" {
		opts = append(opts, cel.Variable(loop, cel.DynType))
	}
	env, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing expressions: %w", err)
	}
	return env, nil
}

// envOptions are what all expressions have, but for the variables.
var envOptions = []cel.EnvOption{
	cel.StdLib(),
	cel.CustomTypeAdapter(adapter),
	cel.CrossTypeNumericComparisons(true),
	cel.ExpressionNestingDepthLimit(100),
	cel.RegexProgramSizeLimit(1000),
	ext.Strings(),
	// time(x) needs the customer's zone and language, which a function
	// cannot see: the macro hands them over.
	cel.Macros(slices.Concat(cel.StandardMacros, numberMacros(), localMacros(), []cel.Macro{timeMacro})...),
	cel.Function("qidong_time", cel.Overload("qidong_time_dyn_dyn",
		[]*cel.Type{cel.DynType, cel.DynType}, cel.StringType, cel.BinaryBinding(localTime))),
	cel.Function("qidong_local", cel.Overload("qidong_local_dyn_dyn",
		[]*cel.Type{cel.DynType, cel.DynType}, cel.TimestampType, cel.BinaryBinding(momentIn))),
}

// nameOf is how people call a type.
func nameOf(t *cel.Type) string {
	switch t.Kind() {
	case types.TimestampKind:
		return "a moment"
	case types.DurationKind:
		return "a duration"
	case types.BoolKind:
		return "true or false"
	case types.StringKind:
		return "a text"
	case types.IntKind, types.UintKind, types.DoubleKind:
		return "a number"
	case types.ListKind:
		return "a list"
	case types.MapKind, types.StructKind:
		return "an object"
	default:
		return t.String()
	}
}

// expressionError is the first thing that CEL's compiler found.
type expressionError struct{ first *cel.Error }

// Error is CEL's message in one line, without the container that CEL names
// though there is none.
func (e *expressionError) Error() string {
	first, _, _ := strings.Cut(e.first.Message, "\n")
	first, _, _ = strings.Cut(first, " expecting ")
	return strings.NewReplacer(" (in container '')", "", "mismatched input '<EOF>'", "it ends too early").Replace(first)
}

// column is where in the expression the problem is, from 0.
func (e *expressionError) column() int {
	if e.first.Location.Line() != 1 {
		return 0
	}
	return max(e.first.Location.Column(), 0)
}

func evaluateProgram(program cel.Program, source string, vars map[string]any) (any, error) {
	out, _, err := program.Eval(vars)
	if err == nil {
		left := maxValues
		var v any
		if v, err = plain(out, maxNesting, &left); err == nil {
			return v, nil
		}
	}
	return nil, fmt.Errorf("evaluating %.100q: %w", source, err)
}

// plain turns a CEL value into what JSON can hold, a moment into [time.Time], a
// duration into [time.Duration]. Whole doubles become integers. It stops depth
// levels down, and when nothing is left of the number of values.
func plain(v ref.Val, depth int, left *int) (any, error) {
	if *left--; depth < 0 || *left < 0 {
		return nil, fmt.Errorf("the result is nested deeper than %d, or has more than %d values", maxNesting, maxValues)
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
		return number(float64(v))
	case types.Double:
		return number(float64(v))
	case types.Timestamp:
		return v.Time, nil
	case types.Duration:
		return v.Duration, nil
	case traits.Mapper:
		return plainMap(v, depth, left)
	case traits.Lister:
		n, _ := v.Size().Value().(int64)
		list := make([]any, 0, min(n, maxValues))
		for i := range n {
			item, err := plain(v.Get(types.Int(i)), depth-1, left)
			if err != nil {
				return nil, err
			}
			list = append(list, timeless(item))
		}
		return list, nil
	}
	return nil, fmt.Errorf("a value of type %s cannot be used here", v.Type().TypeName())
}

func plainMap(v traits.Mapper, depth int, left *int) (any, error) {
	out := map[string]any{}
	for it := v.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		key, ok := k.Value().(string)
		if !ok {
			return nil, errors.New("the keys of a map must be strings")
		}
		item, err := plain(v.Get(k), depth-1, left)
		if err != nil {
			return nil, err
		}
		out[key] = timeless(item)
	}
	return out, nil
}
