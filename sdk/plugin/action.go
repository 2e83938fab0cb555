package plugin

import (
	"fmt"
	"reflect"
	"time"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/internal/codec"
)

// Option says more about an action.
type Option interface{ apply(*abi.Action) }

// Effect is an option: what the action does to the world outside.
type Effect abi.Effect

// The effects; an action without one is None. A plugin's write must be
// idempotent under [Call.IdempotencyKey].
const (
	None  = Effect(abi.None)
	Read  = Effect(abi.Read)
	Write = Effect(abi.Write)
)

func (e Effect) apply(a *abi.Action) { a.Effect = abi.Effect(e) }

type option func(*abi.Action)

func (o option) apply(a *abi.Action) { o(a) }

// UndoneBy names the action of the same plugin that compensates this one.
func UndoneBy(action string) Option { return option(func(a *abi.Action) { a.Undo = action }) }

// Title is the action's name for people.
func Title(en, zh string) Option { return option(func(a *abi.Action) { a.Title = T(en, zh) }) }

// Description is a sentence or two for people.
func Description(en, zh string) Option {
	return option(func(a *abi.Action) { a.Description = T(en, zh) })
}

// Timeout bounds one run of the action: 10 ms to 60 s, 10 s by default.
func Timeout(d time.Duration) Option {
	return option(func(a *abi.Action) { a.TimeoutMS = d.Milliseconds() })
}

// Example adds an example: given these HTTP exchanges, in gives out. Examples
// are documentation, run at upload, and the data of simulations.
func Example(in, out any, http ...abi.Exchange) Option {
	return option(func(a *abi.Action) {
		a.Examples = append(a.Examples, abi.Example{Input: mustJSON(in), Output: mustJSON(out), HTTP: http})
	})
}

// ExampleError adds an example that fails with the error of that code.
func ExampleError(in any, code string, http ...abi.Exchange) Option {
	return option(func(a *abi.Action) {
		a.Examples = append(a.Examples, abi.Example{Input: mustJSON(in), Error: code, HTTP: http})
	})
}

// ExampleBalance adds an example of an action that posts to the ledger, whose
// answer is balance.
func ExampleBalance(in, out any, balance int64) Option {
	return option(func(a *abi.Action) {
		a.Examples = append(a.Examples, abi.Example{Input: mustJSON(in), Output: mustJSON(out), Balance: balance})
	})
}

// ExampleOf adds an example with all that an example can have.
func ExampleOf(e abi.Example) Option {
	return option(func(a *abi.Action) { a.Examples = append(a.Examples, e) })
}

// Exchange scripts one HTTP request of an example: a request with that method
// and path (with its query, relative to the host) is answered with status and
// the JSON of answer; a nil answer is an empty body.
func Exchange(method, path string, status int, answer any) abi.Exchange {
	x := abi.Exchange{Method: method, Path: path, Status: status}
	if answer != nil {
		x.Answer = mustJSON(answer)
	}
	return x
}

// Action adds an action to p. In and Out are structs; their JSON Schemas are
// derived from their fields, see the package's documentation. It panics when
// that is not possible or the name is taken: faults of the program that every
// test shows.
//
// fn returns an [Error] made by [Errorf] for a failure it knows; any other
// error reaches people with code "failed" and is not retried.
func Action[In, Out any](p *Plugin, name string, fn func(*Call, In) (Out, error), opts ...Option) {
	if _, taken := p.actions[name]; taken {
		panic(fmt.Sprintf("plugin %s: action %s is added twice", p.manifest.Name, name))
	}
	where := "action " + p.manifest.Name + "." + name
	a := abi.Action{
		Name: name, Effect: abi.None,
		Input:  mustSchema(reflect.TypeFor[In](), where+", input"),
		Output: mustSchema(reflect.TypeFor[Out](), where+", output"),
	}
	for _, o := range opts {
		o.apply(&a)
	}
	p.manifest.Actions = append(p.manifest.Actions, a)
	p.warmups = append(p.warmups, func() { warm[In, Out](a.Examples) })
	p.actions[name] = func(host Host, raw []byte) (any, error) {
		var e abi.CallOf[In] // read once: checking and decoding JSON is most of what a small call costs
		if err := codec.Unmarshal(raw, &e); err != nil {
			return nil, Errorf("bad_input", "The input of %s cannot be read: %v.", name, err)
		}
		return fn(&Call{host: host, envelope: abi.CallOf[struct{}]{
			Action: e.Action, Config: e.Config, IdempotencyKey: e.IdempotencyKey, Now: e.Now, Locale: e.Locale, Customer: e.Customer,
		}}, e.Input)
	}
}

// warm has the codec study the types, with the values of the examples. No action
// is run: what a plugin keeps in variables stays as it was.
func warm[In, Out any](examples []abi.Example) {
	for _, e := range append([]abi.Example{{Input: []byte("{}")}}, examples...) {
		var in abi.CallOf[In]
		var out Out
		_ = codec.Unmarshal(mustJSON(abi.Call{Input: e.Input, Config: []byte("{}"), Customer: []byte("{}")}), &in)
		_ = codec.Unmarshal(e.Output, &out)
		_ = encodeResult(out, nil)
	}
}
