package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// Trial is a call in the world of an example: nothing outside is reached, no
// points are given, and the store is the example's.
type Trial struct {
	Workspace string // whose trial it is; failures suspend the plugin for nobody's journeys
	Digest    string // of the module, which the host can load
	Manifest  *abi.Manifest
	Config    json.RawMessage // nil is the example configuration
	Action    string
	Example   int             // whose world it is; one that the action lacks is an empty world
	Input     json.RawMessage // an object; empty is the example's
	Locale    string
}

// Tried is what came of a trial.
type Tried struct {
	plugins.Result
	Failed *plugins.CallError // nil: it gave an output
	Asked  []string           // what it asked of the world, in order
	Beside []string           // what it asked that is not the example's, as sentences
}

// Try makes a call in the world of an example. The error is a trouble of the host
// or of what is asked, not of the plugin.
func Try(ctx context.Context, h *plugins.Host, t Trial) (Tried, error) {
	action := t.Manifest.Action(t.Action)
	if action == nil {
		return Tried{}, fmt.Errorf("the plugin %s has no action %q", t.Manifest.Name, t.Action)
	}
	if t.Config == nil {
		t.Config = t.Manifest.ExampleConfig
	}
	grant, err := plugins.Asked(t.Manifest, t.Config)
	if err != nil {
		return Tried{}, fmt.Errorf("granting what the plugin asks for: %w", err)
	}
	x := &example{checker: &checker{host: h, workspace: "trial of " + t.Workspace, manifest: t.Manifest}, action: *action, path: "trial"}
	if t.Example >= 0 && t.Example < len(action.Examples) {
		x.Example = action.Examples[t.Example]
	}
	if len(t.Input) == 0 {
		t.Input = x.Input
	}
	s := &script{rest: x.HTTP, balance: x.Balance}
	world, err := x.outside(ctx, s)
	if err != nil {
		return Tried{}, err
	}
	var out Tried
	out.Result, err = h.Call(ctx, plugins.Call{
		Workspace: x.workspace, Plugin: t.Manifest.Name, Version: t.Manifest.Version, Digest: t.Digest, Action: t.Action, Input: t.Input,
		Config: t.Config, Grant: grant, IdempotencyKey: "trial", Customer: "c_example", Profile: x.profile(), Locale: t.Locale,
		Now: time.Now().UTC().Truncate(time.Second), World: world,
	})
	if err != nil && !errors.As(err, &out.Failed) {
		return out, err
	}
	out.Asked = s.asked
	for _, p := range s.problems {
		out.Beside = append(out.Beside, p.message)
	}
	return out, ctx.Err()
}
