// Package conformance tells whether a plugin does what its manifest says: it
// runs every example of every action against the answers that the example
// scripts. Partners run it before an upload, the platform at the upload.
package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// Finding is one thing that a plugin does not do as it says.
type Finding struct {
	Path    string // "actions.hold_seats.examples[0]", indexes from 0
	Message string // a sentence
	Warning bool   // good to mend, no reason to refuse the plugin
}

// String is path and message.
func (f Finding) String() string { return f.Path + ": " + f.Message }

// now is the moment at which examples run.
var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Check describes a module and runs its examples, each twice, in a host of its
// own under cfg, whose Modules and Ledger are not used. Nothing outside is
// reached. The findings come in the order of the manifest; none is a plugin
// that conforms. The error is a *plugins.ModuleError for a module that is
// refused altogether.
func Check(ctx context.Context, cfg plugins.Config, wasm []byte) ([]Finding, error) {
	sum := sha256.Sum256(wasm)
	cfg.Modules, cfg.Ledger = single(wasm), nil
	h, err := plugins.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	m, err := h.Describe(ctx, wasm)
	if err != nil {
		return nil, err
	}
	c := checker{host: h, manifest: m, digest: hex.EncodeToString(sum[:])}
	if c.grant, err = plugins.Asked(m, m.ExampleConfig); err != nil {
		c.add("example_config", false, "The examples cannot run: %v.", err)
		return c.findings, nil
	}
	for _, a := range m.Actions {
		path := "actions." + a.Name + ".examples"
		if len(a.Examples) == 0 {
			c.add(path, true, "The action has no example: nobody can see what it does, and nothing is checked.")
		}
		for i, e := range a.Examples {
			if ctx.Err() != nil {
				return c.findings, fmt.Errorf("running the examples of plugin %s: %w", m.Name, ctx.Err())
			}
			c.example(ctx, fmt.Sprintf("%s[%d]", path, i), a.Name, e)
		}
	}
	return c.findings, nil
}

// single is a store of one module.
type single []byte

func (s single) Module(context.Context, string) ([]byte, error) { return s, nil }

type checker struct {
	host     *plugins.Host
	manifest *abi.Manifest
	digest   string
	grant    plugins.Grant
	findings []Finding
}

func (c *checker) add(path string, warning bool, format string, args ...any) {
	c.findings = append(c.findings, Finding{Path: path, Message: fmt.Sprintf(format, args...), Warning: warning})
}

// example runs one example and adds what is wrong with it.
func (c *checker) example(ctx context.Context, path, action string, e abi.Example) {
	s := &script{rest: e.HTTP, balance: e.Balance}
	r, err := c.run(ctx, path, action, e, s)
	for _, problem := range s.problems {
		c.add(path, false, "%s", problem)
	}
	if len(s.rest) > 0 {
		c.add(path, false, "The action did not request %s %s.", s.rest[0].Method, s.rest[0].Path)
	}
	var failed *plugins.CallError
	switch errors.As(err, &failed); {
	case e.Error != "" && failed == nil:
		c.add(path, false, "The example fails with %s, but the action gave %s.", e.Error, r.Output)
	case e.Error != "" && failed.Code != e.Error:
		c.add(path, false, "The example fails with %s, but the action failed with %s: %s", e.Error, failed.Code, failed.Message)
	case e.Error == "" && failed != nil:
		c.add(path, false, "The action failed with %s: %s", failed.Code, failed.Message)
	case e.Error == "" && !equal(r.Output, e.Output):
		c.add(path, false, "The example gives %s, but the action gave %s.", e.Output, r.Output)
	default:
		again, _ := c.run(ctx, path, action, e, &script{rest: e.HTTP, balance: e.Balance})
		if !bytes.Equal(r.Output, again.Output) {
			c.add(path, false, "The same call gave %s, and then %s: a retry must give the same.", r.Output, again.Output)
		}
	}
}

func (c *checker) run(ctx context.Context, path, action string, e abi.Example, s *script) (plugins.Result, error) {
	return c.host.Call(ctx, plugins.Call{
		Workspace: "conformance", Plugin: c.manifest.Name, Version: c.manifest.Version, Digest: c.digest,
		Action: action, Input: e.Input, Config: c.manifest.ExampleConfig, Grant: c.grant,
		IdempotencyKey: path, Customer: "c_example", Now: now,
		World: &plugins.World{HTTP: s, Ledger: s},
	})
}

func equal(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
