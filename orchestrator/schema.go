package orchestrator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// nothing loads no schema from anywhere: a partner's schema must not read files.
type nothing struct{}

// Load refuses.
func (nothing) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %s, which is outside of it", url)
}

// schema checks a JSON value against a JSON Schema, and returns every problem
// so far as an error.
func (c *check) schema(path string, schema, value json.RawMessage) error {
	definition, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("reading the schema of %s: %w", path, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothing{})
	if err := compiler.AddResource("schema.json", definition); err != nil {
		return fmt.Errorf("reading the schema of %s: %w", path, err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return fmt.Errorf("reading the schema of %s: %w", path, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, invalid(err))
	}
	var bad *jsonschema.ValidationError
	if err := compiled.Validate(v); errors.As(err, &bad) {
		c.mismatch(path, bad)
	}
	return c.err()
}

var english = message.NewPrinter(language.English)

// mismatch adds the innermost causes: those that name a field.
func (c *check) mismatch(path string, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		c.mismatch(path, cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	path = strings.Join(append([]string{path}, e.InstanceLocation...), ".")
	c.add(path, "SCHEMA", say("It does not fit the schema: %s.", e.ErrorKind.LocalizedString(english)), say("Change it to what the schema says."))
}
