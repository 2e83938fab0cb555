package hostfunc

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// redactor replaces every value in every form in which backends repeat what
// they were sent; nil when there are none. What a backend hides in another form
// cannot be found: a secret is safe with a host that it is bound to only as far
// as the host keeps it.
func redactor(values map[string]string) *strings.Replacer {
	type pair struct{ form, ref string }
	var pairs []pair
	for name, value := range values {
		for _, form := range forms(value) {
			pairs = append(pairs, pair{form, abi.SecretRef(name)})
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	slices.SortFunc(pairs, func(a, b pair) int { // of two that begin alike, the longer first
		return cmp.Or(cmp.Compare(len(b.form), len(a.form)), cmp.Compare(a.form, b.form), cmp.Compare(a.ref, b.ref))
	})
	var flat []string
	for _, p := range pairs {
		flat = append(flat, p.form, p.ref)
	}
	return strings.NewReplacer(flat...)
}

// minForm is the length from which a part of a text in base64 is taken for the
// secret; a shorter one is too likely to be something else.
const minForm = 8

func forms(value string) []string {
	escaped, _ := json.Marshal(value) // a string never fails
	all := []string{
		value, strings.ToLower(value), strings.ToUpper(value),
		jsonText(value), strings.Trim(string(escaped), `"`), html.EscapeString(value),
		url.QueryEscape(value), url.PathEscape(value), lowerEscapes(url.QueryEscape(value)),
		hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.URLEncoding.EncodeToString([]byte(value)),
	}
	for shift := range 3 {
		core := base64Core(value, shift)
		if len(core) >= minForm {
			all = append(all, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
		}
	}
	return all
}

// base64Core is the part of base64 that does not depend on what stands around
// value, when a number of bytes that leaves the rest shift by 3 is before it.
func base64Core(value string, shift int) string {
	encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
	first := (shift*8 + 5) / 6
	whole := (shift + len(value)) * 8 / 6
	return encoded[min(first, whole):whole]
}

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// redact replaces secrets by their references.
func (v *vault) redact(s string) string {
	if v == nil || v.out == nil {
		return s
	}
	return v.out.Replace(s)
}

// redactBytes is redact for bytes.
func (v *vault) redactBytes(b []byte) []byte {
	if v == nil || v.out == nil {
		return b
	}
	return []byte(v.out.Replace(string(b)))
}

// inName tells whether the name of a header gives a secret away; net/http has
// changed its letters to capitals and small ones by then.
func (v *vault) inName(name string) bool {
	if v == nil {
		return false
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc(v.names, func(value string) bool { return len(value) >= 4 && strings.Contains(name, value) })
}

// redactError takes secrets out of a refusal.
func (v *vault) redactError(e *abi.Error) *abi.Error {
	if e != nil {
		e.Message = v.redact(e.Message)
	}
	return e
}
