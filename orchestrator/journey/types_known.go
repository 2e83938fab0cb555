package journey

import (
	"strings"
	"sync"
)

// kindsByData remembers what a check against types found of an expression: the
// kind of its result by the kinds of the data that it speaks of, which are all
// that the check depends on.
type kindsByData struct {
	sync.Mutex
	byData map[string]string
}

// maxKinds bounds what is remembered of one expression. Most have one.
const maxKinds = 8

func (k *kindsByData) get(data string) (string, bool) {
	k.Lock()
	defer k.Unlock()
	kind, ok := k.byData[data]
	return kind, ok
}

func (k *kindsByData) put(data, kind string) {
	k.Lock()
	defer k.Unlock()
	if k.byData == nil || len(k.byData) >= maxKinds {
		k.byData = map[string]string{}
	}
	k.byData[data] = kind
}

// dataOf writes down the kinds of all data that an expression speaks of. It is
// false for expressions whose check depends on more: on what a list or an object
// holds that is used as a whole, or is looped over; and where a field does not
// exist, which must be reported.
func (t *dataTypes) dataOf(x *parsedExpression) (string, bool) {
	read := x.spoken()
	if read.loops {
		return "", false
	}
	var b strings.Builder
	for _, chain := range read.chains {
		node := t.rootNode(chain[0])
		for i, name := range chain[1:] {
			if i == 0 && chain[0] == "steps" {
				node = t.step(name)
			} else {
				node = t.field(node, name)
			}
			b.WriteString(t.kindOf(node))
			if schema := node.resolve(); schema["properties"] != nil {
				b.WriteString(" with fields")
			}
			b.WriteByte(';')
		}
		if kind := t.kindOf(node); len(t.unknown) > 0 || kind == "a list" || kind == "an object" {
			t.unknown = nil
			return "", false
		}
		b.WriteByte('\n')
	}
	return b.String(), true
}
