package plugin

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/internal/codec"
)

// Text is one string per language tag. Everything that people see should have
// at least "en" and "zh-CN".
type Text = abi.Text

// T is a text in English and Chinese.
func T(en, zh string) Text { return Text{"en": en, "zh-CN": zh} }

// Info says what the plugin is.
type Info struct {
	Name        string // lower-case letters, digits, - and _; the first part of "cinema.hold_seats"
	Version     string // semantic version, without "v"
	Partner     string // who owns the plugin: "Aurora Cinemas"
	Title       Text
	Description Text
	// Config is a value of the struct that the plugin is configured with, nil
	// for none. Its type gives the schema, its value the configuration that
	// examples run with.
	Config any
	Needs  []Need
}

// Plugin is a set of actions. It is built once, at start, and safe for
// concurrent use after that.
type Plugin struct {
	manifest abi.Manifest
	actions  map[string]func(Host, []byte) (any, error) // by name; they read the envelope
	warmups  []func()
	config   reflect.Type
}

// New begins a plugin. It panics when info.Config is no struct that a schema
// can be derived from: a fault of the program that every test shows.
func New(info Info) *Plugin {
	p := &Plugin{
		manifest: abi.Manifest{
			ABI: abi.Version, Name: info.Name, Version: info.Version, Partner: info.Partner,
			Title: info.Title, Description: info.Description,
		},
		actions: map[string]func(Host, []byte) (any, error){},
	}
	if info.Config != nil {
		p.manifest.Config = mustSchema(reflect.TypeOf(info.Config), "the configuration of plugin "+info.Name)
		p.manifest.ExampleConfig = mustJSON(info.Config)
		p.config = reflect.TypeOf(info.Config)
	}
	for _, need := range info.Needs {
		need(&p.manifest.Needs)
	}
	return p
}

// Manifest returns a copy of what the plugin says of itself.
func (p *Plugin) Manifest() abi.Manifest {
	m := p.manifest
	m.Actions = append([]abi.Action(nil), m.Actions...)
	return m
}

// Describe is the manifest as JSON, as qidong_describe outputs it.
func (p *Plugin) Describe() []byte { return mustJSON(p.manifest) }

// Call runs one call envelope against host and returns the result envelope.
// It never panics: a panic of the action is an error with code "panic".
func (p *Plugin) Call(host Host, envelope []byte) []byte {
	name, err := actionOf(envelope)
	if err != nil {
		return encodeResult(nil, Errorf("bad_envelope", "The call's envelope cannot be read: %v.", err))
	}
	return encodeResult(p.run(host, name, envelope))
}

// actionOf finds the action in an envelope: the host writes it first.
func actionOf(envelope []byte) (string, error) {
	if rest, ok := bytes.CutPrefix(envelope, []byte(`{"action":"`)); ok {
		if end := bytes.IndexAny(rest, `"\`); end >= 0 && rest[end] == '"' {
			return string(rest[:end]), nil
		}
	}
	var e struct {
		Action string `json:"action"`
	}
	err := codec.Unmarshal(envelope, &e)
	return e.Action, err
}

func (p *Plugin) run(host Host, action string, envelope []byte) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			host.Log(abi.LogError, fmt.Sprintf("panic: %v\n%s", r, stack()))
			out, err = nil, Errorf("panic", "The action %s panicked: %v.", action, r)
		}
	}()
	run, ok := p.actions[action]
	if !ok {
		return nil, Errorf("unknown_action", "The plugin %s has no action %q.", p.manifest.Name, action)
	}
	return run(host, envelope)
}

func encodeResult(out any, err error) []byte {
	if err == nil {
		b, e := codec.Marshal(struct {
			Output any `json:"output"`
		}{out})
		if e == nil {
			return b
		}
		err = Errorf("bad_output", "The output cannot be written as JSON: %v.", e)
	}
	return mustJSON(abi.Result{Error: wire(err)})
}

// warm makes calls fast whose memory the host sets back to what describe left:
// they need not find out again how types are written as JSON.
func (p *Plugin) warm() { //nolint:unused // by the exports, which are built for wasip1 only
	if p.manifest.ExampleConfig != nil {
		c := reflect.New(p.config).Interface()
		_ = codec.Unmarshal(p.manifest.ExampleConfig, c)
	}
	_ = encodeResult(nil, Errorf("", ""))
	_ = mustJSON(abi.Request{HTTP: &abi.HTTPRequest{Header: map[string]string{"": ""}}})
	var answer abi.Response
	_ = codec.Unmarshal([]byte(`{"http":{"status":200,"header":{"a":"b"},"body":""},"error":{"code":"","message":""}}`), &answer)
	for _, w := range p.warmups {
		w()
	}
}

func mustJSON(v any) []byte {
	b, err := codec.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plugin: writing %T as JSON: %v", v, err))
	}
	return b
}
