package journey

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Variables fills the defaults of the journey's variables in and checks the
// result against their schema. given may be nil.
func (p *Program) Variables(given map[string]any) (map[string]any, error) {
	out := map[string]any{}
	properties, _ := p.def.Variables["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if schema, ok := properties[name].(map[string]any); ok && schema["default"] != nil {
			out[name] = schema["default"]
		}
	}
	maps.Copy(out, given)
	if p.def.Variables == nil {
		if len(given) > 0 {
			return nil, fmt.Errorf("journey %s declares no variables, but %d were given", p.def.Journey, len(given))
		}
		return out, nil
	}
	schema, err := compileSchema(p.def.Variables)
	if err != nil {
		return nil, err
	}
	value, err := asJSON(out)
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(value); err != nil {
		return nil, fmt.Errorf("the variables of journey %s: %w", p.def.Journey, err)
	}
	checked, _ := value.(map[string]any)
	return checked, nil
}

// compileSchema prepares a JSON Schema that refers to nothing outside itself.
func compileSchema(schema map[string]any) (*jsonschema.Schema, error) {
	doc, err := asJSON(schema)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	const name = "schema:inline"
	if err := c.AddResource(name, doc); err != nil {
		return nil, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	compiled, err := c.Compile(name)
	if err != nil {
		return nil, fmt.Errorf("compiling a JSON Schema: %w", err)
	}
	return compiled, nil
}

// noLoader refuses references to files and addresses.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a schema may not refer to %s; put what it needs under $defs", url)
}

// asJSON turns a value into what JSON decoding would have made of it.
func asJSON(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding as JSON: %w", err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, fmt.Errorf("decoding JSON: %w", err)
	}
	return out, nil
}

// schemaFault is what is wrong with a JSON Schema, in one line.
func schemaFault(err error) string {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return strings.TrimSuffix(strings.TrimLeft(lines[len(lines)-1], " -"), ".")
}
