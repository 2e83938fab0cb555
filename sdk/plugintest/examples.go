package plugintest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"testing"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
)

// Examples runs every example of every action as a sub-test of its own.
func Examples(t *testing.T, p *plugin.Plugin) {
	t.Helper()
	for _, a := range p.Manifest().Actions {
		for i, e := range a.Examples {
			t.Run(fmt.Sprintf("%s example %d", a.Name, i+1), func(t *testing.T) { runExample(t, p, a, e) })
		}
	}
}

func runExample(t *testing.T, p *plugin.Plugin, a abi.Action, e abi.Example) {
	t.Helper()
	h := New(t, p)
	h.Balance = e.Balance
	h.KV = maps.Clone(e.KV)
	if e.Customer != nil {
		h.Customer = e.Customer
	}
	h.script = append(h.script, e.HTTP...)
	out, err := Run[any](h, a.Name, e.Input)
	if e.Error != "" {
		if plugin.Code(err) != e.Error {
			t.Errorf("the example fails with %q, but the action gave %v, error %v", e.Error, out, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("the example gives an output, but the action failed: %v", err)
	}
	var want any
	if err := json.Unmarshal(e.Output, &want); err != nil {
		t.Fatalf("decoding the example's output: %v", err)
	}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("the example gives %v, but the action gave %v", want, out)
	}
}
