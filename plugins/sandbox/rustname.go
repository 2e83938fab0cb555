package sandbox

import (
	"strconv"
	"strings"
)

// rustName makes a name of Rust's older mangling readable, as its compiler
// writes it by default: _ZN4core9panicking5panic17h0123456789abcdefE is
// core::panicking::panic. Anything else stays as it is. It takes linear time:
// the name is a stranger's.
// https://doc.rust-lang.org/rustc/symbol-mangling/index.html
func rustName(name string) string {
	rest, ok := strings.CutPrefix(name, "_ZN")
	if !ok {
		return name
	}
	var parts []string
	for rest != "E" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n <= 0 || n > len(rest)-digits {
			return name
		}
		part := rest[digits : digits+n]
		rest = rest[digits+n:]
		if rest == "E" && n == 17 && part[0] == 'h' {
			break // the hash of what the function was made of
		}
		if strings.HasPrefix(part, "_$") { // a name begins with a letter
			part = part[1:]
		}
		parts = append(parts, rustEscapes.Replace(part))
	}
	if len(parts) == 0 {
		return name
	}
	return strings.Join(parts, "::")
}

var rustEscapes = strings.NewReplacer(
	"$LT$", "<", "$GT$", ">", "$RF$", "&", "$BP$", "*", "$C$", ",", "$LP$", "(", "$RP$", ")",
	"$u20$", " ", "$u27$", "'", "$u5b$", "[", "$u5d$", "]", "$u7b$", "{", "$u7d$", "}", "..", "::",
)
