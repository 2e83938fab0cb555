package journey

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// isJSON tells whether a source is a JSON object.
func isJSON(src []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(src, " \t\r\n"), []byte("{")) && utf8.Valid(src) && json.Valid(src)
}

// jsonReader makes the tree of a JSON text, with places, as the YAML parser
// makes it of YAML.
type jsonReader struct {
	src          []byte
	dec          *json.Decoder
	at           int // how much of src line and column have counted
	line, column int // of src[at], from 1
}

// readJSON reads what isJSON has accepted.
func readJSON(src []byte) (*yaml.Node, *Problem) {
	r := &jsonReader{src: src, dec: json.NewDecoder(bytes.NewReader(src)), line: 1, column: 1}
	r.dec.UseNumber()
	return r.node(0)
}

func (r *jsonReader) node(depth int) (*yaml.Node, *Problem) {
	n := r.place()
	if depth > MaxDepth {
		found := Problem{Line: n.Line, Column: n.Column, Code: "TOO_DEEP"}
		found = found.Saying(Say("The definition is nested deeper than %d.", MaxDepth), Say("Flatten it."))
		return nil, &found
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, syntaxProblem(err)
	}
	n.Kind = yaml.ScalarNode
	switch t := token.(type) {
	case string:
		n.Tag, n.Style, n.Value = "!!str", yaml.DoubleQuotedStyle, t
	case json.Number:
		n.Tag, n.Value = "!!int", t.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(t)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	case json.Delim:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		for r.dec.More() { // names of fields are tokens like others
			c, p := r.node(depth + 1)
			if p != nil {
				return nil, p
			}
			n.Content = append(n.Content, c)
		}
		if _, err := r.dec.Token(); err != nil {
			return nil, syntaxProblem(err)
		}
	}
	return n, nil
}

// place is a node where the next token begins.
func (r *jsonReader) place() *yaml.Node {
	end := int(r.dec.InputOffset())
	for end < len(r.src) && strings.IndexByte(" \t\r\n:,", r.src[end]) >= 0 {
		end++
	}
	for _, c := range string(r.src[r.at:end]) {
		if r.column++; c == '\n' {
			r.line, r.column = r.line+1, 1
		}
	}
	r.at = end
	return &yaml.Node{Line: r.line, Column: r.column}
}
