package journey_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

func text(s string) journey.Text { return journey.Text{"en": s} }

// greeting is a definition to be changed by tests.
func greeting(change func(*journey.Definition)) *journey.Definition {
	d := &journey.Definition{
		Journey: "greeting", Title: text("Greeting"),
		Steps: []*journey.Step{
			{ID: "hello", Send: &journey.Send{Text: text("Hello")}},
			{ID: "ask", Wait: &journey.Wait{Arms: []journey.Arm{
				{ID: "came", Event: "shop.visited", Steps: []*journey.Step{{ID: "thank", Send: &journey.Send{Text: text("Thanks")}}}},
				{ID: "late", After: 3600e9},
			}}},
			{ID: "points", Call: &journey.Call{Action: "points.grant", With: map[string]any{"amount": 10, "steps": []any{1}}}},
			{ID: "end", Exit: &journey.ExitStep{Outcome: "done"}},
		},
		Exit: []journey.Exit{{ID: "left", Event: "customer.left", Outcome: "left", Steps: []*journey.Step{{ID: "bye", Send: &journey.Send{Text: text("Bye")}}}}},
	}
	if change != nil {
		change(d)
	}
	return d
}

func TestDiff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*journey.Definition)
		want   journey.Comparison
	}{
		"nothing changed": {},
		"a step is added": {
			func(d *journey.Definition) {
				d.Steps = append(d.Steps[:1:1], append([]*journey.Step{{ID: "new", Exit: &journey.ExitStep{}}}, d.Steps[1:]...)...)
			},
			journey.Comparison{Steps: []journey.StepDiff{{Step: "new", Kind: journey.DiffAdded, To: &journey.Position{After: "hello"}}}},
		},
		"a step inside an arm is removed, and its block did not change": {
			func(d *journey.Definition) { d.Steps[1].Wait.Arms[0].Steps = nil },
			journey.Comparison{Steps: []journey.StepDiff{{Step: "thank", Kind: journey.DiffRemoved, From: &journey.Position{Within: "ask/came"}}}},
		},
		"a step moves into a block": {
			func(d *journey.Definition) {
				arm := &d.Steps[1].Wait.Arms[1]
				arm.Steps = append(arm.Steps, d.Steps[2])
				d.Steps = append(d.Steps[:2:2], d.Steps[3])
			},
			journey.Comparison{Steps: []journey.StepDiff{{
				Step: "points", Kind: journey.DiffMoved, From: &journey.Position{After: "ask"}, To: &journey.Position{Within: "ask/late"},
			}}},
		},
		"the first step moves to the end, and the others did not move": {
			func(d *journey.Definition) {
				d.Steps = append(d.Steps[1:len(d.Steps):len(d.Steps)], d.Steps[0])
			},
			journey.Comparison{Steps: []journey.StepDiff{{
				Step: "hello", Kind: journey.DiffMoved, From: &journey.Position{}, To: &journey.Position{After: "end"},
			}}},
		},
		"fields of a step, of an arm and of the journey change": {
			func(d *journey.Definition) {
				d.Title = text("Welcome")
				d.Steps[1].Wait.Arms[1].After = 60e9
				d.Steps[2].Call.With["amount"] = 20
			},
			journey.Comparison{
				Fields: []journey.FieldDiff{{Path: "title.en", Old: "Greeting", New: "Welcome"}},
				Steps: []journey.StepDiff{
					{
						Step: "ask", Kind: journey.DiffChanged, From: &journey.Position{After: "hello"}, To: &journey.Position{After: "hello"},
						Fields: []journey.FieldDiff{{Path: "wait.arms.late.after", Old: "1h0m0s", New: "1m0s"}},
					},
					{
						Step: "points", Kind: journey.DiffChanged, From: &journey.Position{After: "ask"}, To: &journey.Position{After: "ask"},
						Fields: []journey.FieldDiff{{Path: "call.with.amount", Old: 10.0, New: 20.0}},
					},
				},
			},
		},
		"a step of an exit is added": {
			func(d *journey.Definition) {
				d.Exit[0].Steps = append(d.Exit[0].Steps, &journey.Step{ID: "gift", Exit: &journey.ExitStep{}})
			},
			journey.Comparison{Steps: []journey.StepDiff{{Step: "gift", Kind: journey.DiffAdded, To: &journey.Position{Within: "exit/left", After: "bye"}}}},
		},
		"arms change their order": {
			func(d *journey.Definition) {
				a := d.Steps[1].Wait.Arms
				a[0], a[1] = a[1], a[0]
			},
			journey.Comparison{Steps: []journey.StepDiff{{
				Step: "ask", Kind: journey.DiffChanged, From: &journey.Position{After: "hello"}, To: &journey.Position{After: "hello"},
				Fields: []journey.FieldDiff{{Path: "wait.arms.order", Old: []string{"came", "late"}, New: []string{"late", "came"}}},
			}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := journey.Diff(greeting(nil), greeting(c.change))
			require.Empty(t, cmp.Diff(c.want, got), "-want +got")
		})
	}
}

// fork is a parallel with a wait in each arm.
func fork() *journey.Step {
	wait := func(id string) []*journey.Step {
		return []*journey.Step{{ID: id, Wait: &journey.Wait{Arms: []journey.Arm{{ID: "late", After: 3600e9}}}}}
	}
	return &journey.Step{ID: "both", Parallel: &journey.Parallel{Join: "all", Arms: []journey.ParallelArm{
		{ID: "a", Steps: wait("in_a")}, {ID: "b", Steps: wait("in_b")},
	}}}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	with := func(change func(*journey.Definition)) *journey.Program {
		p, err := journey.NewProgram(greeting(change))
		require.NoError(t, err)
		return p
	}
	old := with(func(d *journey.Definition) { d.Steps = append(d.Steps, fork()) })
	for name, c := range map[string]struct {
		change       func(*journey.Definition)
		mapping      journey.Mapping
		step, target string
		refused      string
	}{
		"a step that stayed maps to itself": {step: "ask", target: "ask"},
		"a step that went must be mapped":   {change: func(d *journey.Definition) { d.Steps = d.Steps[:1] }, step: "ask", refused: "no step ask"},
		"a step may be mapped to another":   {change: func(d *journey.Definition) { d.Steps = d.Steps[:1] }, mapping: journey.Mapping{"ask": "hello"}, step: "ask", target: "hello"},
		"a step may be mapped to remove":    {mapping: journey.Mapping{"ask": journey.Remove}, step: "ask", target: journey.Remove},
		"a disabled step is no target":      {change: func(d *journey.Definition) { d.Steps[1].Disabled = true }, step: "ask", refused: "disabled"},
		"what is in a disabled block is no target": {
			change: func(d *journey.Definition) { d.Steps[1].Disabled = true }, step: "thank", refused: "disabled",
		},
		"another kind under the same id must be mapped": {
			change: func(d *journey.Definition) {
				d.Steps[1] = &journey.Step{ID: "ask", Send: &journey.Send{Text: text("x")}}
			}, step: "ask", refused: "was a wait and is a send",
		},
		"another kind under the same id may be mapped to itself": {
			change: func(d *journey.Definition) {
				d.Steps[1] = &journey.Step{ID: "ask", Send: &journey.Send{Text: text("x")}}
			}, mapping: journey.Mapping{"ask": "ask"}, step: "ask", target: "ask",
		},
		"an unknown target":         {mapping: journey.Mapping{"ask": "asks"}, step: "ask", refused: "no step asks"},
		"an unknown old step":       {step: "asked", refused: "old version has no step"},
		"out of a parallel's arm":   {mapping: journey.Mapping{"in_a": "hello"}, step: "in_a", refused: "arm of a parallel"},
		"from one arm into another": {change: func(d *journey.Definition) { d.Steps = append(d.Steps, fork()) }, mapping: journey.Mapping{"in_a": "in_b"}, step: "in_a", refused: "arm of a parallel"},
		"within the same arm":       {change: func(d *journey.Definition) { d.Steps = append(d.Steps, fork()) }, step: "in_a", target: "in_a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, problem := c.mapping.Target(old, with(c.change), c.step)
			if c.refused != "" {
				require.NotNil(t, problem)
				require.Contains(t, problem.Message, c.refused)
				require.NotEmpty(t, c.mapping.Check(old, with(c.change), []string{c.step}))
				return
			}
			require.Nil(t, problem)
			require.Equal(t, c.target, target)
		})
	}
	require.Equal(t, []string{"both", "in_a", "in_b"}, journey.Vanished(old, with(nil)))
}
