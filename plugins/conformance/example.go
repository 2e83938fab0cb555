package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// now is the moment at which examples run.
var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// errStop ends the examples; the report says why.
var errStop = errors.New("the examples are not run on")

// examples runs all examples. The error is about the check itself.
func (c *checker) examples(ctx context.Context) error {
	s := c.report.begin(StageExamples)
	start := time.Now()
	defer func() { s.Took = time.Since(start) }()
	var err error
	if c.grant, err = plugins.Asked(c.manifest, c.manifest.ExampleConfig); err != nil {
		s.add(Finding{
			Path: "example_config", Message: fmt.Sprintf("The examples cannot run: %v.", err),
			Mend: "Give an example_config that fits the configuration's schema.",
		})
		return nil
	}
	c.report.begin(StageDeterminism)
	limited, cancel := context.WithTimeout(ctx, Budget)
	defer cancel()
	for _, a := range c.manifest.Actions {
		for i, e := range a.Examples {
			x := &example{
				checker: c, action: a, Example: e, path: fmt.Sprintf("actions.%s.examples[%d]", a.Name, i),
				stage: s, again: c.report.begin(StageDeterminism),
			}
			if err := x.check(limited); errors.Is(err, errStop) {
				return nil
			} else if err != nil && ctx.Err() == nil {
				s.add(Finding{
					Path: x.path, Message: fmt.Sprintf("All examples together take more than %d seconds; the rest was not run.", Budget/time.Second),
					Mend: "Make them smaller, or fewer.",
				})
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	c.usage()
	return nil
}

// example is one example at work.
type example struct {
	*checker
	abi.Example
	action       abi.Action
	path         string
	stage, again *Stage
}

// outcome is what one run of an example gave.
type outcome struct {
	plugins.Result
	failed *plugins.CallError // nil: it gave an output
	script *script
}

func (x *example) problem(code, mend, format string, args ...any) {
	x.stage.add(Finding{Path: x.path, Code: code, Message: fmt.Sprintf(format, args...), Mend: mend})
}

// check runs the example, twice if it is right. The error ends all examples.
func (x *example) check(ctx context.Context) error {
	first, err := x.run(ctx)
	if err != nil {
		return err
	}
	x.measure(first)
	x.effect(first.script)
	for _, p := range first.script.problems {
		x.problem("", p.mend, "%s", p.message)
	}
	if rest := first.script.rest; len(rest) > 0 {
		x.problem("", "Make the request, or take it out of the example.", "The action did not request %s %s.", rest[0].Method, rest[0].Path)
	}
	if !x.right(first) {
		return nil
	}
	second, err := x.run(ctx)
	if err != nil {
		return err
	}
	x.compare(first, second)
	return nil
}

func (x *example) run(ctx context.Context) (outcome, error) {
	o := outcome{script: &script{rest: x.HTTP, balance: x.Balance}}
	world, err := x.outside(ctx, o.script)
	if err != nil {
		return o, err
	}
	o.Result, err = x.host.Call(ctx, plugins.Call{
		Workspace: x.workspace, Plugin: x.manifest.Name, Version: x.manifest.Version, Digest: x.report.Digest,
		Action: x.action.Name, Input: x.Input, Config: x.manifest.ExampleConfig, Grant: x.grant,
		IdempotencyKey: x.path, Customer: "c_example", Profile: x.profile(), Now: now, World: world,
	})
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	if !errors.As(err, &o.failed) {
		return o, err
	}
	switch o.failed.Code {
	case abi.CodeSuspended:
		x.problem(abi.CodeSuspended, "Mend the findings above first.", "The plugin failed too often to be trusted with more; the other examples were not run.")
		return o, errStop
	case abi.CodeUnavailable, abi.CodeBusy, abi.CodeCanceled:
		return o, o.failed
	}
	return o, nil
}

// right tells whether the outcome is the example's, and adds what is not.
func (x *example) right(o outcome) bool {
	const mend = "Mend the action, or the example."
	switch {
	case x.Error != "" && o.failed == nil:
		x.problem("", mend, "The example fails with %s, but the action gave %s.", x.Error, brief(o.Output))
	case x.Error != "" && o.failed.Code != x.Error:
		x.problem(o.failed.Code, mend, "The example fails with %s, but the action failed with %s: %s%s", x.Error, o.failed.Code, o.failed.Message, lastLog(o.Log))
	case x.Error == "" && o.failed != nil:
		x.problem(o.failed.Code, mend, "The action failed with %s: %s%s", o.failed.Code, o.failed.Message, lastLog(o.Log))
	case x.Error == "" && !equal(o.Output, x.Output):
		x.problem("", mend, "The example gives %s, but the action gave %s.", brief(x.Output), brief(o.Output))
	default:
		return true
	}
	return false
}

// compare checks that a run is the same again: a call is made again after a
// failure, and must then have the same effects.
func (x *example) compare(first, second outcome) {
	differs := ""
	switch {
	case (second.failed == nil) != (first.failed == nil) || second.failed != nil && second.failed.Code != first.failed.Code:
		differs = "it ended in another way"
	case !bytes.Equal(first.Output, second.Output):
		differs = fmt.Sprintf("it gave %s, and then %s", brief(first.Output), brief(second.Output))
	case !reflect.DeepEqual(first.script.asked, second.script.asked):
		differs = "it made other requests"
	case first.Fuel != second.Fuel:
		differs = fmt.Sprintf("it executed %d instructions, and then %d", first.Fuel, second.Fuel)
	}
	if differs != "" {
		x.again.add(Finding{
			Path: x.path, Message: "The same call, made twice, is not the same: " + differs + ".",
			Mend: "This should not be possible; report it to whoever runs the host.",
		})
	}
}

// equal compares JSON values.
func equal(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
