package plugins

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// within lists the places at which two JSON values differ, in the order of
// their names.
func within(what string, old, replayed json.RawMessage) []Difference {
	a, errA := parse(old)
	b, errB := parse(replayed)
	if errA != nil || errB != nil { // of a recording that was changed by hand
		return []Difference{{What: what, Old: quote(string(old)), New: quote(string(replayed)), Message: "It is no JSON."}}
	}
	p := places{what: what}
	p.compare("", a, b)
	if p.more > 0 {
		p.all = append(p.all, Difference{What: what, Message: fmt.Sprintf("%d more places differ.", p.more)})
	}
	return p.all
}

// parse keeps numbers as they are written.
func parse(raw json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

type places struct {
	what string
	all  []Difference
	more int
}

// absent stands for a value that is not there; null is one.
type absent struct{}

func (p *places) compare(path string, old, replayed any) {
	switch a := old.(type) {
	case map[string]any:
		if b, ok := replayed.(map[string]any); ok {
			p.objects(path, a, b)
			return
		}
	case []any:
		if b, ok := replayed.([]any); ok {
			for i := range max(len(a), len(b)) {
				p.compare(fmt.Sprintf("%s[%d]", path, i), at(a, i), at(b, i))
			}
			return
		}
	default:
		if old == replayed { // neither can be compared when the other is an object
			return
		}
	}
	if len(p.all) == maxDifferences {
		p.more++
		return
	}
	p.all = append(p.all, Difference{What: p.what, Path: path, Old: present(old), New: present(replayed)})
}

func (p *places) objects(path string, a, b map[string]any) {
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		p.compare(step(path, name), member(a, name), member(b, name))
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// step is the path of a field.
func step(path, name string) string {
	switch {
	case !plainName.MatchString(name):
		return path + "[" + strconv.QuoteToASCII(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

func member(o map[string]any, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	return absent{}
}

func at(l []any, i int) any {
	if i < len(l) {
		return l[i]
	}
	return absent{}
}

func present(v any) json.RawMessage {
	if v == (absent{}) {
		return nil
	}
	return encode(v)
}
