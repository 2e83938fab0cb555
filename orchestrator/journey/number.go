package journey

import (
	"encoding/json"
	"errors"
	"math"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// jsonNumbers brings data to CEL. All numbers become doubles, as they are after
// a journey through JSON, so that an expression gives the same before and after
// a workflow has been loaded from its history.
type jsonNumbers struct{ types.Adapter }

// NativeToValue implements CEL's adapter.
func (a jsonNumbers) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case int:
		return types.Double(v)
	case int32:
		return types.Double(v)
	case int64:
		return types.Double(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return types.WrapErr(err)
		}
		return types.Double(f)
	case map[string]any:
		return types.NewStringInterfaceMap(a, v)
	case []any:
		return types.NewDynamicList(a, v)
	}
	return a.Adapter.NativeToValue(v)
}

// number is f as an int64 when it is whole and exact: 128, not 128.0.
func number(f float64) (any, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, errors.New("the number is not finite")
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return int64(f), nil
	}
	return f, nil
}

// numberMacros make a number in an expression as loosely typed as the data it is
// combined with: steps.x + 1 is then 3.5 when x is 2.5, to the checker too.
func numberMacros() []cel.Macro {
	var out []cel.Macro
	for operator := range arithmeticOf {
		out = append(out, cel.GlobalMacro(operator, 2, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			left, right := args[0].Kind() == ast.LiteralKind, args[1].Kind() == ast.LiteralKind
			switch {
			case left == right:
				return nil, nil // stays as it is
			case left && isNumber(args[0]):
				return f.NewCall(operator, f.NewCall("dyn", args[0]), args[1]), nil
			case right && isNumber(args[1]):
				return f.NewCall(operator, args[0], f.NewCall("dyn", args[1])), nil
			}
			return nil, nil
		}))
	}
	return out
}

func isNumber(e ast.Expr) bool {
	_, ok := asDouble(e.AsLiteral())
	return ok
}

// mixNumbers lets arithmetic take integers and doubles together: data has
// doubles only, and 1 in an expression is an integer.
func mixNumbers(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	apply, ok := arithmeticOf[call.Function()]
	if args := call.Args(); ok && len(args) == 2 {
		return &arithmetic{InterpretableCall: call, left: args[0], right: args[1], apply: apply}, nil
	}
	return i, nil
}

// arithmetic is a call of an operator on two numbers, texts, lists or moments.
type arithmetic struct {
	interpreter.InterpretableCall
	left, right interpreter.InterpretableV2
	apply       func(a, b ref.Val) (ref.Val, bool)
}

// Exec implements CEL's interpretable.
func (a *arithmetic) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	l := a.left.Exec(frame)
	if types.IsUnknownOrError(l) {
		return l
	}
	r := a.right.Exec(frame)
	if types.IsUnknownOrError(r) {
		return r
	}
	x, y := alike(l, r, a.Function() == operators.Modulo)
	out, ok := a.apply(x, y)
	if !ok {
		out = types.NoSuchOverloadErr()
	}
	if types.IsError(out) {
		return types.NewErrWithNodeID(a.ID(), "%s of %s and %s: %v", strings.Trim(a.Function(), "_"), l.Type(), r.Type(), out)
	}
	if d, ok := out.(types.Double); ok && strings.HasSuffix(a.OverloadID(), "_int64") && d == types.Double(types.Int(d)) {
		return types.Int(d) // what the checker has promised
	}
	if s, ok := out.(types.String); ok && len(s) > maxResult {
		return types.NewErrWithNodeID(a.ID(), "the text is longer than %d bytes", maxResult)
	}
	return out
}

// Eval implements CEL's interpretable.
func (a *arithmetic) Eval(vars interpreter.Activation) ref.Val {
	return a.Exec(interpreter.AsFrame(vars))
}

// alike makes two numbers of one kind: integers if both are whole and that is
// asked for, else doubles unless they are integers both.
func alike(l, r ref.Val, whole bool) (ref.Val, ref.Val) {
	x, ok := asDouble(l)
	y, also := asDouble(r)
	if !ok || !also {
		return l, r
	}
	if whole && x == math.Trunc(x) && y == math.Trunc(y) && math.Abs(x) < 1<<53 && math.Abs(y) < 1<<53 {
		return types.Int(x), types.Int(y)
	}
	if l.Type() == r.Type() {
		return l, r
	}
	return types.Double(x), types.Double(y)
}

func asDouble(v ref.Val) (float64, bool) {
	switch v := v.(type) {
	case types.Int:
		return float64(v), true
	case types.Uint:
		return float64(v), true
	case types.Double:
		return float64(v), true
	}
	return 0, false
}

var arithmeticOf = map[string]func(a, b ref.Val) (ref.Val, bool){
	operators.Add: func(a, b ref.Val) (ref.Val, bool) {
		if t, ok := a.(traits.Adder); ok {
			return t.Add(b), true
		}
		return nil, false
	},
	operators.Subtract: func(a, b ref.Val) (ref.Val, bool) {
		if t, ok := a.(traits.Subtractor); ok {
			return t.Subtract(b), true
		}
		return nil, false
	},
	operators.Multiply: func(a, b ref.Val) (ref.Val, bool) {
		if t, ok := a.(traits.Multiplier); ok {
			return t.Multiply(b), true
		}
		return nil, false
	},
	operators.Divide: func(a, b ref.Val) (ref.Val, bool) {
		if t, ok := a.(traits.Divider); ok {
			return t.Divide(b), true
		}
		return nil, false
	},
	operators.Modulo: func(a, b ref.Val) (ref.Val, bool) {
		if t, ok := a.(traits.Modder); ok {
			return t.Modulo(b), true
		}
		return nil, false
	},
}
