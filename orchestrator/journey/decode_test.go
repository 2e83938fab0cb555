package journey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// Each source is one that a careless reader would take long for, or die of.
func TestCompile_RefusesWhatIsTooLargeInBoundedTime(t *testing.T) {
	t.Parallel()
	head := "qidong: v1\njourney: test\ntitle: Test\nentry: {event: {type: a}}\n"
	indented := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	}
	steps := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  - {id: s%d, send: {category: service, text: a}}\n", i)
		}
		return head + "steps:\n" + b.String()
	}
	expressions := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "${%d} ", i)
		}
		return head + "steps: [{id: a, send: {category: service, text: \"" + b.String() + "\"}}]\n"
	}
	references := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "${steps.unknown%d} ", i)
		}
		return strings.Replace(steps(1900), "text: a}", "text: \""+b.String()+"\"}", 1)
	}
	tests := map[string]struct{ source, code, limit string }{
		"10 MB":                         {strings.Repeat("a", 10<<20), "SOURCE_TOO_LARGE", "1048576"},
		"10,000 open brackets":          {strings.Repeat("[", 10_000), "NOT_YAML", ""},
		"9,999 brackets":                {strings.Repeat("[", 9999) + strings.Repeat("]", 9999), "TOO_DEEP", "100"},
		"a megabyte of open brackets":   {strings.Repeat("[", 1<<20), "TOO_DEEP", "100"},
		"10,000 lists by dashes":        {strings.Repeat("- ", 10_001) + "a", "TOO_DEEP", "100"},
		"1,000 objects by indentation":  {indented(1000), "TOO_DEEP", "100"},
		"JSON 5,000 deep":               {strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "TOO_DEEP", "100"},
		"300,000 values":                {"steps: [" + strings.Repeat("1,", 300_000) + "]", "TOO_MANY_VALUES", "200000"},
		"2,001 steps":                   {steps(2001), "TOO_MANY_STEPS", "2000"},
		"an alias":                      {"a: &a [1]\nb: *a\n", "ALIAS", ""},
		"aliases that stand for 10^9":   {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n", "ALIAS", ""},
		"a name of a megabyte":          {`{"` + strings.Repeat("a", 1<<19) + `": [` + strings.Repeat("1,", 100_000) + `1]}`, "BAD_KEY", "256"},
		"long names in each other":      {head + "variables: " + strings.Repeat("{"+strings.Repeat("a", 250)+": ", 90) + "[" + strings.Repeat("1,", 100_000) + "]" + strings.Repeat("}", 90), "TOO_LARGE", "16777216"},
		"20,000 expressions":            {expressions(20_000), "TOO_MANY_EXPRESSIONS", "10000"},
		"20,000 references to no step":  {references(20_000), "TOO_MANY_PROBLEMS", "100"},
		"50,000 unknown fields":         {head + strings.Repeat("b: 1\n", 50_000), "TOO_MANY_PROBLEMS", "100"},
		"an expression of 3,000 bytes":  {head + "steps: [{id: a, choose: {arms: [{id: a, when: '" + strings.Repeat("!", 3000) + "true'}], otherwise: {}}}]", "BAD_EXPRESSION", "2048"},
		"an expression nested 200 deep": {head + "steps: [{id: a, choose: {arms: [{id: a, when: '" + strings.Repeat("(1+", 200) + "1" + strings.Repeat(")", 200) + " > 1'}], otherwise: {}}}]", "BAD_EXPRESSION", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			def, problems := journey.Compile([]byte(tc.source), journeytest.Catalog())
			require.Less(t, time.Since(start), 30*time.Second) // on a busy machine; alone it takes less than one
			require.Nil(t, def)
			require.LessOrEqual(t, len(problems), journey.MaxProblems+1)
			var codes []string
			for _, p := range problems {
				if codes = append(codes, p.Code); p.Code == tc.code {
					require.Contains(t, p.Message, tc.limit, "the limit is named")
				}
			}
			require.Contains(t, codes, tc.code)
		})
	}
}

func TestDecode_ReadsJSONAndYAMLAlike(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile(movieNight)
	require.NoError(t, err)
	var tree any
	require.NoError(t, yaml.Unmarshal(src, &tree))
	asJSON, err := json.MarshalIndent(tree, "", "\t")
	require.NoError(t, err)
	want, problems := journey.Compile(src, journeytest.Catalog())
	require.Empty(t, problems)
	got, problems := journey.Compile(asJSON, journeytest.Catalog())
	require.Empty(t, problems)
	require.Empty(t, cmp.Diff(want, got))
	require.Equal(t, journey.Digest(want), journey.Digest(got))
}

func TestCompile_FillsInTheDefaults(t *testing.T) {
	t.Parallel()
	def, problems := journey.Compile([]byte(`
qidong: v1
journey: test
title: Test
entry: {event: {type: a}}
steps:
  - {id: echo, call: {action: test.echo}}
  - id: grant
    call: {action: points.grant, with: {amount: 1, reason: a}, undo: none}
  - id: card
    send: {category: service, card: {media: {qr: a}}}
  - id: which
    choose: {arms: [{id: a, when: true}], otherwise: {}}
`), journeytest.Catalog())
	require.Empty(t, problems)
	day := 24 * time.Hour
	require.Equal(t, journey.Duration(365*day), def.Deadline)
	require.Equal(t, "never", def.Entry.Reentry)
	require.Equal(t, journey.Text{"en": "Test", "zh-CN": "Test"}, def.Title, "one text is for all languages")
	call := def.Steps[0]
	require.Equal(t, &journey.Retry{Attempts: 6, Interval: journey.Duration(time.Second), Max: journey.Duration(30 * time.Second)}, call.Retry)
	require.Equal(t, "hold", call.OnFailure)
	require.Nil(t, def.Steps[1].Call.Undo)
	require.Equal(t, "MEDIUM_HEIGHT", def.Steps[2].Send.Card.Media.Height)
	require.Equal(t, "otherwise", def.Steps[3].Choose.Otherwise.ID)
	require.Equal(t, "write", def.Actions["points.grant"].Effect)
	require.Len(t, def.Actions, 2)
}

func TestCompile_NeedsNoCatalogForWhatCallsNothing(t *testing.T) {
	t.Parallel()
	src := "qidong: v1\njourney: a\ntitle: A\nentry: {event: {type: a}}\nsteps: [{id: end, exit: {outcome: done}}]\n"
	_, problems := journey.Compile([]byte(src), nil)
	require.Empty(t, problems)
	_, problems = journey.Compile(bytes.Replace([]byte(src), []byte("exit: {outcome: done}"), []byte("call: {action: a.b}"), 1), nil)
	require.Len(t, problems, 1)
	require.Equal(t, "UNKNOWN_ACTION", problems[0].Code)
}

func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, problems := journey.Decode(src)
		if doc == nil {
			require.NotEmpty(t, problems)
		}
		lines := 1 // as YAML counts them
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			lines += bytes.Count(src, []byte(end))
		}
		for _, p := range problems {
			require.NotEmpty(t, p.Code)
			require.NotEmpty(t, p.Message)
			require.LessOrEqual(t, p.Line, lines+1)
		}
	})
}

// FuzzCompile holds that whatever compiles also runs, and comes back from the
// store as it was.
func FuzzCompile(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		def, problems := journey.Compile(src, journeytest.Catalog())
		if def == nil {
			require.NotEmpty(t, problems)
			return
		}
		require.Empty(t, problems)
		comesBack(t, def)
		p, err := journey.NewProgram(def)
		require.NoError(t, err)
		walks(t, p)
		journey.Place(def)
	})
}

// FuzzCompileFragment holds that a fragment that compiles can be used.
func FuzzCompileFragment(f *testing.F) {
	seed(f)
	f.Add([]byte("qidong: v1\nfragment: f\ntitle: F\nsteps: [{id: a, update: {traits: {x: \"${steps.b.y + 'steps.a'}\"}}}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		c := library{journeytest.Catalog(), map[string][]*journey.Step{}}
		made, problems := journey.CompileFragment(src, c)
		if made == nil {
			require.NotEmpty(t, problems)
			return
		}
		c.fragments["f@1"] = made.Steps
		def, problems := journey.Compile([]byte("{qidong: v1, journey: t, title: T, entry: {api: true}, steps: [{id: s, fragment: {name: f, version: 1}}]}"), c)
		if def == nil { // what a fragment speaks of may be unknown here, or its names too long
			require.NotEmpty(t, problems)
			return
		}
		_, err := journey.NewProgram(def)
		require.NoError(t, err)
	})
}

// walks goes through a journey, arm by arm: every way ends or leads to a step
// that is not disabled.
func walks(t require.TestingT, p *journey.Program) {
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if id == "" || seen[id] {
			return
		}
		seen[id] = true
		s := p.Step(id)
		require.NotNil(t, s, id)
		require.False(t, s.Disabled, id)
		visit(p.Next(id, ""))
		for _, a := range s.ShownArms() {
			visit(p.Next(id, a.ID))
		}
	}
	visit(p.First())
	for i := range p.Definition().Exit {
		visit(p.ExitFirst(i))
	}
}

func seed(f *testing.F) {
	f.Helper()
	src, err := os.ReadFile(movieNight)
	require.NoError(f, err)
	f.Add(src)
	others, err := filepath.Glob("testdata/journeys/*.yaml")
	require.NoError(f, err)
	for _, file := range append(others, exampleFiles(f)...) {
		src, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(src)
	}
	files, err := os.ReadDir("testdata/problems")
	require.NoError(f, err)
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".yaml") {
			src, err := os.ReadFile("testdata/problems/" + file.Name())
			require.NoError(f, err)
			f.Add(src)
		}
	}
}

// comesBack checks that a definition survives the store.
func comesBack(t require.TestingT, def *journey.Definition) {
	b, err := json.Marshal(def)
	require.NoError(t, err)
	var again journey.Definition
	require.NoError(t, json.Unmarshal(b, &again))
	require.Empty(t, cmp.Diff(def, &again))
	require.Equal(t, journey.Digest(def), journey.Digest(&again))
}
