package journey_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// library is a catalog with fragments of its own.
type library struct {
	journey.Catalog
	fragments map[string][]*journey.Step
}

func (l library) Fragment(name string, version int) ([]*journey.Step, bool) {
	steps, ok := l.fragments[fmt.Sprintf("%s@%d", name, version)]
	return steps, ok
}

func fragment(t *testing.T, c journey.Catalog, steps string) []*journey.Step {
	t.Helper()
	f, problems := journey.CompileFragment([]byte("{qidong: v1, fragment: f, title: F, steps: ["+steps+"]}"), c)
	require.Empty(t, problems)
	return f.Steps
}

func TestCompile_PutsAFragmentInItsPlace(t *testing.T) {
	t.Parallel()
	c := library{journeytest.Catalog(), map[string][]*journey.Step{}}
	c.fragments["inner@1"] = fragment(t, c, `{id: echo, call: {action: test.echo, with: {a: "${customer.id}"}}}`)
	c.fragments["outer@2"] = fragment(t, c, `
  {id: ask, send: {category: service, text: Ask, suggestions: [{reply: "yes", text: "Yes"}]}},
  {id: answer, wait: {arms: [
    {id: said, reply: ask, match: event.data.step == "steps.ask", steps: [{id: in, fragment: {name: inner, version: 1}}]},
    {id: late, after: 1d, steps: [{id: gone, exit: {outcome: gone}}]}]}},
  {id: try, split: {arms: [{id: a, weight: 1}, {id: b, weight: 1}]}},
  {id: told, send: {category: service, text: "steps.ask: ${steps . answer.arm + 'steps.ask'} ${has(steps.in_echo.x) ? steps.in_echo.x : ''}"}}`)
	def, problems := journey.Compile([]byte(`{qidong: v1, journey: test, title: Test, entry: {api: true}, steps: [
	  {id: one, fragment: {name: outer, version: 2}},
	  {id: two, disabled: true, fragment: {name: outer, version: 2}},
	  {id: end, update: {traits: {arm: "${steps.one_answer.arm}"}}}]}`), c)
	require.Empty(t, problems)
	var ids []string
	for _, s := range def.Steps {
		ids = append(ids, s.ID)
		require.Equal(t, strings.HasPrefix(s.ID, "two_"), s.Disabled)
		require.Nil(t, s.Fragment)
	}
	require.Equal(t, []string{"one_ask", "one_answer", "one_try", "one_told", "two_ask", "two_answer", "two_try", "two_told", "end"}, ids)
	answer := def.Steps[1].Wait.Arms[0]
	require.Equal(t, "one_ask", answer.Reply)
	require.Equal(t, `event.data.step == "steps.ask"`, answer.Match, "a text is no reference")
	require.Equal(t, "one_in_echo", answer.Steps[0].ID)
	require.Equal(t, "test/one_try", def.Steps[2].Split.Salt, "two uses are two experiments")
	require.Equal(t, "steps.ask: ${steps . one_answer.arm + 'steps.ask'} ${has(steps.one_in_echo.x) ? steps.one_in_echo.x : ''}", def.Steps[3].Send.Text["en"])
	p, err := journey.NewProgram(def)
	require.NoError(t, err)
	require.Equal(t, "end", p.Next("one_told", ""))
	comesBack(t, def)
}

func TestCompile_RefusesFragmentsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 60)
	c := library{journeytest.Catalog(), map[string][]*journey.Step{
		"self@1":  {{ID: "a", Fragment: &journey.Fragment{Name: "self", Version: 1}}},
		"typed@1": fragment(t, journeytest.Catalog(), `{id: a, update: {vars: {seats: 2}, traits: {x: "${vars.seats}"}}}`),
		"long@1":  fragment(t, journeytest.Catalog(), `{id: `+long+`, update: {traits: {a: 1}}}`),
	}}
	for i := range 12 {
		c.fragments[fmt.Sprintf("deep@%d", i+1)] = []*journey.Step{{ID: "a", Fragment: &journey.Fragment{Name: "deep", Version: i + 2}}}
	}
	for i := range 5 {
		for n := range 10 {
			again := &journey.Step{ID: fmt.Sprintf("w%d", n), Fragment: &journey.Fragment{Name: "wide", Version: i + 2}}
			if i == 4 {
				again = &journey.Step{ID: again.ID, Update: &journey.Update{Traits: map[string]any{"a": 1.0}}, OnFailure: "hold"}
			}
			c.fragments[fmt.Sprintf("wide@%d", i+1)] = append(c.fragments[fmt.Sprintf("wide@%d", i+1)], again)
		}
	}
	for use, code := range map[string]string{
		"{id: s, fragment: {name: nope, version: 1}}":                                 "UNKNOWN_FRAGMENT",
		"{id: s, fragment: {name: ask-nps, version: 2}}":                              "UNKNOWN_FRAGMENT",
		"{id: s, fragment: {name: self, version: 1}}":                                 "FRAGMENT_CYCLE",
		"{id: s, fragment: {name: deep, version: 1}}":                                 "TOO_DEEP",
		"{id: s, fragment: {name: wide, version: 1}}":                                 "TOO_MANY_STEPS",
		"{id: s, fragment: {name: typed, version: 1}}":                                "UNKNOWN_VARIABLE",
		"{id: abcdef, fragment: {name: long, version: 1}}":                            "BAD_FRAGMENT",
		"{id: s, fragment: {version: 1}}":                                             "MISSING_FIELD",
		"{id: s, on_failure: undo, fragment: {name: self, version: 1}}":               "NOT_HERE",
		"{id: s_a, exit: {outcome: x}}, {id: s, fragment: {name: typed, version: 1}}": "DUPLICATE_ID",
	} {
		def, problems := journey.Compile([]byte("{qidong: v1, journey: test, title: Test, entry: {api: true}, steps: [\n"+use+"]}"), c)
		require.Nil(t, def, use)
		codes := map[string]bool{}
		for _, p := range problems {
			codes[p.Code] = true
			require.True(t, p.Line == 2 || p.Code == "TOO_MANY_PROBLEMS", "%s: %s", use, p)
		}
		require.True(t, codes[code], "%s: %v", use, problems[:min(3, len(problems))])
	}
}

func TestCompileFragment_ReportsItsProblems(t *testing.T) {
	t.Parallel()
	f, problems := journey.CompileFragment([]byte("qidong: v1\nfragment: A b\nentry: {}\nsteps:\n  - {id: a, update: {traits: {x: \"${steps.b.y}\"}}}\n"), nil)
	require.Nil(t, f)
	var codes []string
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	require.Equal(t, []string{"MISSING_FIELD", "BAD_NAME", "UNKNOWN_FIELD", "UNKNOWN_STEP"}, codes)
}
