package journey

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that every worker knows the same zones

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

var timeMacro = cel.GlobalMacro("time", 1, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return f.NewCall("qidong_time", args[0], f.NewIdent("customer")), nil
})

// localMacros make a moment of a date and a time of day: local("2026-12-24T18:00")
// is that in the customer's time zone, local("2026-12-24T18:00", "Asia/Shanghai")
// in one that is named. What is written out is checked when it is read.
func localMacros() []cel.Macro {
	taking := func(n int) cel.Macro {
		return cel.GlobalMacro("local", n, func(f cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			for i, read := range []func(string) error{checkLocal, checkZone}[:n] {
				if text, ok := literalText(args[i]); ok {
					if err := read(text); err != nil {
						return nil, f.NewError(args[i].ID(), err.Error())
					}
				}
			}
			if n == 1 {
				return f.NewCall("qidong_local", args[0], f.NewIdent("customer")), nil
			}
			return f.NewCall("qidong_local", args...), nil
		})
	}
	return []cel.Macro{taking(1), taking(2)}
}

// localForm is how a date with a time of day is written.
const localForm = "2006-01-02T15:04"

func checkLocal(text string) error {
	if _, err := time.Parse(localForm, text); err != nil {
		return fmt.Errorf("%.40q is no date and time like 2026-12-24T18:00", text)
	}
	return nil
}

func checkZone(name string) error {
	if name != "UTC" && zone(name) == time.UTC {
		return fmt.Errorf("%.64q is no time zone like Asia/Shanghai", name)
	}
	return nil
}

// momentIn is the moment of a date and time of day in a zone, or in that of
// a customer.
func momentIn(at, where ref.Val) ref.Val {
	text, ok := at.(types.String)
	if !ok {
		return types.NewErr("local() takes a text, not %s", at.Type().TypeName())
	}
	if err := checkLocal(string(text)); err != nil {
		return types.WrapErr(err)
	}
	name := field(where, "timezone")
	if given, ok := where.(types.String); ok {
		name = string(given)
		if err := checkZone(name); err != nil {
			return types.WrapErr(err)
		}
	}
	moment, err := time.ParseInLocation(localForm, string(text), zone(name))
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Timestamp{Time: moment}
}

// localTime writes a moment in the customer's time zone and language.
func localTime(moment, customer ref.Val) ref.Val {
	at, err := momentOf(moment)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.String(formatTime(at.In(zone(field(customer, "timezone"))), field(customer, "locale")))
}

// field is a text in a map, "" when there is none.
func field(v ref.Val, name string) string {
	m, ok := v.(traits.Mapper)
	if !ok {
		return ""
	}
	found, _ := m.Find(types.String(name))
	s, _ := found.(types.String)
	return string(s)
}

func momentOf(v ref.Val) (time.Time, error) {
	switch v := v.(type) {
	case types.Timestamp:
		return v.Time, nil
	case types.String:
		at, err := time.Parse(time.RFC3339, string(v))
		if err != nil {
			return time.Time{}, fmt.Errorf("%.40q is not a moment like 2026-11-28T19:30:00+08:00", string(v))
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("time() takes a moment, not %s", v.Type().TypeName())
}

// zones remembers the zones that exist, of which there are some hundreds.
var zones sync.Map

// zone is the location of an IANA name, UTC for one that does not exist. The
// zone of this machine is none that a customer can have.
func zone(name string) *time.Location {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location) //nolint:errcheck // nothing else is stored
	}
	if name == "" || name == "Local" || len(name) > 64 || strings.Contains(name, "//") {
		return time.UTC
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, at)
	return at
}

func formatTime(at time.Time, locale string) string {
	if strings.HasPrefix(locale, "zh") {
		days := [...]string{"周日", "周一", "周二", "周三", "周四", "周五", "周六"}
		return fmt.Sprintf("%d月%d日 %s %s", at.Month(), at.Day(), days[at.Weekday()], at.Format("15:04"))
	}
	return at.Format("Mon 2 Jan, 15:04")
}
