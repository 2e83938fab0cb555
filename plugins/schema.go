package plugins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/qidong/qidong/sdk/abi"
)

// maxSchema bounds one JSON Schema, in bytes.
const maxSchema = abi.MaxSchema

const draft = "https://json-schema.org/draft/2020-12/schema"

// compileSchema compiles a schema of an object. References are refused: they
// make the cost of a check exponential, and readers of a manifest search.
func compileSchema(raw json.RawMessage) (*jsonschema.Schema, error) {
	if len(raw) > maxSchema {
		return nil, fmt.Errorf("the schema has %d bytes; at most %d are allowed", len(raw), maxSchema)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %w", err)
	}
	root, ok := doc.(map[string]any)
	if !ok || root["type"] != "object" {
		return nil, errors.New(`the schema must describe an object: {"type": "object", …}`)
	}
	if d, ok := root["$schema"]; ok && d != draft {
		return nil, fmt.Errorf("the schema is written in another dialect than %s", draft)
	}
	if name := findReference(doc); name != "" {
		return nil, fmt.Errorf("the schema uses %s; write it without references", name)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	p := newPatterns()
	c.UseRegexpEngine(p.compile)
	const url = "qidong:schema"
	if err := c.AddResource(url, doc); err != nil {
		return nil, fmt.Errorf("the schema is not valid: %w", err)
	}
	s, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("the schema is not valid: %s", oneLine(err.Error()))
	}
	p.sealed = true
	return s, nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not loaded: schemas stand for themselves", url)
}

// findReference returns the name of a keyword that refers elsewhere, or "".
func findReference(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range []string{"$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor"} {
			if _, is := v[k].(string); is {
				return k
			}
		}
		for _, e := range v {
			if name := findReference(e); name != "" {
				return name
			}
		}
	case []any:
		for _, e := range v {
			if name := findReference(e); name != "" {
				return name
			}
		}
	}
	return ""
}

// matches checks a JSON value against s; the error is a sentence about the
// first few things that are wrong.
func matches(s *jsonschema.Schema, raw json.RawMessage) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if c := (cost{left: maxSchemaSteps}); !c.affords(s, v) {
		return fmt.Errorf("checking it takes more than %d steps, which is the limit: it has too many values for so large a schema", maxSchemaSteps)
	}
	err = s.Validate(v)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var all []string
	leaves(invalid, &all)
	return errors.New(strings.Join(all, "; "))
}

func leaves(e *jsonschema.ValidationError, all *[]string) {
	if len(*all) >= 5 {
		return
	}
	if len(e.Causes) == 0 {
		where := strings.Join(e.InstanceLocation, ".")
		if where != "" {
			where += ": "
		}
		*all = append(*all, shorten(oneLine(where+e.ErrorKind.LocalizedString(printer)), 300))
		return
	}
	for _, cause := range e.Causes {
		leaves(cause, all)
	}
}

var printer = message.NewPrinter(language.English)

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
