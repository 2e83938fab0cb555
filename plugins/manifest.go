package plugins

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/qidong/qidong/sdk/abi"
)

var (
	pluginName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	actionName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	errorCode  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	// From semver.org.
	semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$`)
)

// action is an action with its schemas compiled.
type action struct {
	*abi.Action
	input, output *jsonschema.Schema
}

// contract is a checked manifest.
type contract struct {
	manifest *abi.Manifest
	config   *jsonschema.Schema // nil: takes none
	actions  map[string]*action
}

// readManifest decodes and checks what a module said of itself. The error is a
// *ModuleError with every problem.
func readManifest(raw []byte) (*contract, error) {
	var m abi.Manifest
	if f := decode(raw, abi.CodeBadManifest, &m); f != nil {
		return nil, moduleError(f.code, "The manifest is not valid. %s", f.message)
	}
	c := &checker{}
	c.identity(&m)
	out := &contract{manifest: &m, actions: map[string]*action{}}
	if m.Config != nil {
		out.config = c.schema("config", m.Config)
	}
	c.example("example_config", out.config, m.ExampleConfig)
	c.needs(&m)
	if n := len(m.Actions); n == 0 || n > abi.MaxActions {
		c.add("actions", "A plugin has 1 to %d actions, this one has %d.", abi.MaxActions, n)
	}
	for i := range m.Actions[:min(len(m.Actions), abi.MaxActions)] {
		a := c.action(&m, &m.Actions[i])
		if out.actions[a.Name] != nil {
			c.add("actions."+a.Name, "There are two actions of this name.")
		}
		out.actions[a.Name] = a
	}
	if len(c.problems) > 0 {
		return nil, &ModuleError{Problems: c.problems}
	}
	return out, nil
}

// checker gathers problems.
type checker struct{ problems []Problem }

func (c *checker) add(path, format string, args ...any) {
	c.problems = append(c.problems, Problem{Path: path, Code: abi.CodeBadManifest, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) identity(m *abi.Manifest) {
	if m.ABI != abi.Version {
		c.add("abi", "The plugin speaks version %d of the contract; this host speaks version %d.", m.ABI, abi.Version)
	}
	if !pluginName.MatchString(m.Name) {
		c.add("name", "The name %.60q is not possible: a lower-case letter, then up to 39 lower-case letters, digits, - or _.", m.Name)
	}
	if !semver.MatchString(m.Version) || len(m.Version) > 64 {
		c.add("version", "The version %.80q is no semantic version; write it like 1.0.0.", m.Version)
	}
	if m.Partner == "" || len(m.Partner) > 100 {
		c.add("partner", "Say who owns the plugin, in 1 to 100 bytes.")
	}
	c.text("title", m.Title, true)
	c.text("description", m.Description, false)
}

func (c *checker) text(path string, t abi.Text, required bool) {
	if required && t["en"] == "" {
		c.add(path, `Give a text in English, and best also in Chinese: {"en": "…", "zh-CN": "…"}.`)
	}
	for lang, s := range t {
		if len(s) > abi.MaxText || len(lang) > 35 {
			c.add(path, "A text has at most %d bytes; the one in %.40q has %d.", abi.MaxText, lang, len(s))
		}
	}
}

func (c *checker) schema(path string, raw json.RawMessage) *jsonschema.Schema {
	if len(raw) == 0 {
		c.add(path, "The JSON Schema is missing.")
		return nil
	}
	s, err := compileSchema(raw)
	if err != nil {
		c.add(path, "%s.", sentence(err))
	}
	return s
}

// example checks a value against its schema; nil values and schemas that were
// not valid are passed over.
func (c *checker) example(path string, s *jsonschema.Schema, raw json.RawMessage) {
	if raw == nil || s == nil {
		return
	}
	if err := matches(s, raw); err != nil {
		c.add(path, "It does not match its schema: %v.", err)
	}
}

func (c *checker) action(m *abi.Manifest, a *abi.Action) *action {
	path := "actions." + shorten(a.Name, 60)
	if !actionName.MatchString(a.Name) {
		c.add(path, "The name is not possible: a lower-case letter, then up to 39 lower-case letters, digits or _.")
	}
	c.text(path+".title", a.Title, false)
	c.text(path+".description", a.Description, false)
	if !slices.Contains([]abi.Effect{abi.None, abi.Read, abi.Write}, a.Effect) {
		c.add(path+".effect", "The effect %.40q is not known; write none, read or write.", a.Effect)
	}
	if a.Undo != "" {
		c.undo(path+".undo", m, a)
	}
	if t := time.Duration(a.TimeoutMS) * time.Millisecond; a.TimeoutMS != 0 && (a.TimeoutMS < 0 || a.TimeoutMS > abi.MaxTimeout.Milliseconds() || t < abi.MinTimeout) {
		c.add(path+".timeout_ms", "The timeout is %d ms; it may be %d to %d.", a.TimeoutMS, abi.MinTimeout.Milliseconds(), abi.MaxTimeout.Milliseconds())
	}
	out := &action{Action: a, input: c.schema(path+".input", a.Input), output: c.schema(path+".output", a.Output)}
	if len(a.Examples) > abi.MaxExamples {
		c.add(path+".examples", "An action has at most %d examples, this one has %d.", abi.MaxExamples, len(a.Examples))
		return out
	}
	for i, e := range a.Examples {
		at := fmt.Sprintf("%s.examples[%d]", path, i)
		if (e.Output == nil) == (e.Error == "") {
			c.add(at, "An example has either an output or an error.")
		}
		if e.Input == nil {
			c.add(at+".input", "The example has no input.")
		}
		c.example(at+".input", out.input, e.Input)
		c.example(at+".output", out.output, e.Output)
		c.outside(at, e)
	}
	return out
}

func (c *checker) undo(path string, m *abi.Manifest, a *abi.Action) {
	switch u := m.Action(a.Undo); {
	case a.Effect != abi.Write:
		c.add(path, "Only an action that writes has something to undo; this one's effect is %s.", a.Effect)
	case u == nil:
		c.add(path, "The plugin has no action %.60q.", a.Undo)
	case a.Undo == a.Name:
		c.add(path, "An action cannot undo itself.")
	}
}

// sentence is an error's text with a capital letter.
func sentence(err error) string {
	s := err.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}
