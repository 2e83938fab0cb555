package journey

import "slices"

// Function is something that expressions may call.
type Function struct {
	Name    string
	Of      ValueKind // what it is called on, as in name.contains("a"); "" when it stands alone
	Example string    // an expression
}

// Functions are the ones worth offering to those who write expressions, those
// that stand alone first; what else CEL's standard and strings library have is
// allowed as well.
func Functions() []Function { return slices.Clone(functions) }

var functions = []Function{
	{"has", "", `has(customer.traits.city)`},
	{"size", "", `size(customer.tags)`},
	{"time", "", `time(now)`},
	{"local", "", `local("2026-12-24T18:00")`},
	{"timestamp", "", `timestamp("2026-11-28T19:30:00+08:00")`},
	{"duration", "", `now + duration("90m")`},
	{"int", "", `int("12")`},
	{"double", "", `double("1.5")`},
	{"string", "", `string(12)`},
	{"contains", TextValue, `customer.name.contains("a")`},
	{"startsWith", TextValue, `customer.locale.startsWith("zh")`},
	{"endsWith", TextValue, `customer.name.endsWith("a")`},
	{"matches", TextValue, `customer.name.matches("^[A-Z]")`},
	{"size", TextValue, `customer.name.size() > 0`},
	{"lowerAscii", TextValue, `customer.name.lowerAscii()`},
	{"upperAscii", TextValue, `customer.name.upperAscii()`},
	{"trim", TextValue, `customer.name.trim()`},
	{"replace", TextValue, `customer.name.replace("a", "b")`},
	{"split", TextValue, `customer.name.split(" ")`},
	{"substring", TextValue, `customer.name.substring(0, 1)`},
	{"exists", ListValue, `customer.tags.exists(t, t == "vip")`},
	{"all", ListValue, `customer.tags.all(t, t != "test")`},
	{"exists_one", ListValue, `customer.tags.exists_one(t, t == "vip")`},
	{"filter", ListValue, `customer.tags.filter(t, t != "test")`},
	{"map", ListValue, `customer.tags.map(t, t + "!")`},
	{"size", ListValue, `customer.tags.size() > 0`},
	{"join", ListValue, `customer.tags.join(", ")`},
	{"getFullYear", MomentValue, `now.getFullYear("Asia/Shanghai")`},
	{"getMonth", MomentValue, `now.getMonth("Asia/Shanghai")`},
	{"getDate", MomentValue, `now.getDate("Asia/Shanghai")`},
	{"getDayOfWeek", MomentValue, `now.getDayOfWeek("Asia/Shanghai")`},
	{"getHours", MomentValue, `now.getHours("Asia/Shanghai")`},
	{"getMinutes", MomentValue, `now.getMinutes("Asia/Shanghai")`},
}
