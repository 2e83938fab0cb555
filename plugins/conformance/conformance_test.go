package conformance_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
	"github.com/qidong/qidong/sdk/abi"
)

var update = flag.Bool("update", false, "write the golden files anew")

var guest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "qidong-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = filepath.Join("testdata", "guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return b, err
	}
	return os.ReadFile(out)
})

func check(t *testing.T, wasm []byte) *conformance.Report {
	t.Helper()
	r, err := conformance.Check(t.Context(), plugins.Config{}, wasm)
	require.NoError(t, err)
	return r
}

func TestCheckFindsWhatAPluginDoesOtherwiseThanItSays(t *testing.T) {
	t.Parallel()
	wasm, err := guest()
	require.NoError(t, err, string(wasm))
	r := check(t, wasm)
	require.False(t, r.Conforms())
	require.Equal(t, "conformance", r.Plugin)
	require.Equal(t, len(wasm), r.Size)
	require.Positive(t, r.Activation)
	got := map[string][]string{}
	for _, s := range r.Stages {
		for _, f := range s.Findings {
			require.Equal(t, s.Name != conformance.StageExamples, f.Warning, f.String())
			require.NotEmpty(t, f.Mend)
			got[s.Name] = append(got[s.Name], f.Path+": "+f.Message)
		}
	}
	require.Empty(t, cmp.Diff(map[string][]string{
		conformance.StageManifest: {
			`actions.right.title: The action has no title: people see its name instead.`,
			`actions.asks.undo: The action changes something outside, and nothing undoes it when a journey fails later.`,
			`actions.gives.undo: The action changes something outside, and nothing undoes it when a journey fails later.`,
			`actions.silent.examples: The action has no example: nobody can see what it does, and nothing of it is checked.`,
		},
		conformance.StageExamples: {
			`actions.wrong.examples[0]: The example gives {"text":"b"}, but the action gave {"text":"a"}.`,
			`actions.wrong.examples[1]: The example fails with sold_out, but the action gave {"text":"a"}.`,
			`actions.asks.examples[1]: The action requested POST /texts, but the example scripts POST /other.`,
			`actions.asks.examples[2]: The action requested POST /texts, which the example does not script.`,
			`actions.asks.examples[2]: The action failed with HTTP_UNREACHABLE: The backend backend.example could not be reached: the example does not script this request.`,
			`actions.asks.examples[3]: The action did not request GET /texts.`,
			`actions.pretends.examples[0]: The action's effect is none, but it reaches outside.`,
		},
	}, got))
	for _, u := range r.Usage {
		require.Positive(t, u.Of)
		require.Less(t, u.Share(), 0.5, u.Limit)
	}
}

func TestCheckTellsAtWhichStageAModuleIsRefused(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct {
		wasm        []byte
		stage, code string
	}{
		"what is no module":                  {[]byte("no module"), conformance.StageModule, abi.CodeNotWasm},
		"a module that cannot describe":      {handmade{describe: unreachable}.wasm(), conformance.StageDescribe, abi.CodeTrap},
		"a module that says nothing":         {handmade{describe: nothing}.wasm(), conformance.StageManifest, abi.CodeBadManifest},
		"a module whose manifest is no JSON": {handmade{manifest: "{"}.wasm(), conformance.StageManifest, abi.CodeBadManifest},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			r := check(t, tt.wasm)
			require.False(t, r.Conforms())
			require.Len(t, r.Refusals(), 1)
			require.Equal(t, tt.code, r.Refusals()[0].Code)
			refused := false
			for _, s := range r.Stages {
				require.Equal(t, refused, s.Skipped, s.Name)
				refused = refused || s.Name == tt.stage
				require.Equal(t, !refused, s.Passed(), s.Name)
			}
		})
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := conformance.Check(ctx, plugins.Config{}, handmade{describe: nothing}.wasm())
	require.ErrorIs(t, err, context.Canceled)
}

const honest = `{"abi":1,"name":"handmade","version":"1.0.0","partner":"Test","title":{"en":"Handmade","zh-CN":"手工"},"actions":[
	{"name":"act","title":{"en":"Act","zh-CN":"执行"},"effect":"none","input":{"type":"object"},"output":{"type":"object"},"examples":[{"input":{},"output":{"a":1}}]}]}`

func TestCheckOfAnHonestPlugin(t *testing.T) {
	t.Parallel()
	r := check(t, handmade{manifest: honest, result: `{"output":{"a":1}}`}.wasm())
	require.True(t, r.Conforms(), r)
	require.Empty(t, r.Findings())
	require.Contains(t, r.String(), "The plugin conforms. A host makes it ready in")
}

func TestP18_A_report_shows_what_a_plugin_wrote_without_doing_it(t *testing.T) {
	t.Parallel()
	evil := "Evil\u2028\u202a\u200b<script>" + strings.Repeat("x", 5_000)
	r := check(t, handmade{
		manifest: strings.Replace(honest, `"output":{"a":1}`, `"output":{"a":"`+evil+`"}`, 1),
		result:   `{"error":{"code":"refused","message":"` + evil + `"}}`,
	}.wasm())
	require.False(t, r.Conforms())
	for _, f := range r.Findings() {
		require.Less(t, len(f.String()), 3_000)
	}
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	for _, out := range []string{r.String(), string(raw)} {
		require.Contains(t, out, `u2028`)
		require.NotContains(t, out, "\u2028")
		require.NotContains(t, out, "\u202a")
		require.Less(t, len(out), 10_000)
	}
}

func TestCheckOfAPluginThatNeverEnds(t *testing.T) {
	t.Parallel()
	var examples []string
	for range 16 {
		examples = append(examples, `{"input":{},"output":{"a":1}}`)
	}
	r := check(t, handmade{
		manifest: strings.Replace(honest, `{"input":{},"output":{"a":1}}`, strings.Join(examples, ","), 1),
		call:     forever, result: `{"output":{"a":1}}`,
	}.wasm())
	require.False(t, r.Conforms())
	require.Equal(t, abi.CodeFuel, r.Refusals()[0].Code)
	require.Equal(t, abi.CodeSuspended, r.Refusals()[len(r.Refusals())-1].Code, "a plugin that keeps failing is not run on")
}

const faulty = `{"abi":1,"name":"handmade","version":"1.0.0","partner":"Test","title":{"en":"Handmade"},"needs":{"ledger":{"en":"to give points"}},"actions":[
	{"name":"act","effect":"write","input":{"type":"object"},"output":{"type":"object"},"examples":[
		{"input":{},"output":{"a":1}},{"input":{},"output":{"a":"\u202a"}},{"input":{},"error":"sold_out"}]}]}`

// Durations differ from run to run; all else is the same on every machine.
func TestReportGolden(t *testing.T) {
	t.Parallel()
	const result = `{"output":{"a":1}}`
	for name, m := range map[string]handmade{
		"honest":  {manifest: honest, result: result},
		"faulty":  {manifest: faulty, result: result, call: countTo(6_000_000)},
		"refused": {manifest: strings.Replace(honest, "1.0.0", "one", 1), result: result},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := regexp.MustCompile(`(under 1|[\d,]+) ms`).ReplaceAllString(check(t, m.wasm()).String(), "N ms")
			path := filepath.Join("testdata", name+".txt")
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(string(want), got))
		})
	}
}

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(check(t, handmade{manifest: faulty, result: `{"output":{"a":1}}`}.wasm()))
	require.NoError(t, err)
	var out struct {
		Conforms bool
		Plugin   string
		Stages   []struct {
			Name            string
			Passed, Skipped bool
			Findings        []struct{ Path, Message, Mend string }
		}
		Usage []struct {
			Limit    string
			Used, Of int64
		}
	}
	require.NoError(t, json.Unmarshal(raw, &out))
	require.False(t, out.Conforms)
	require.Equal(t, "handmade", out.Plugin)
	require.Len(t, out.Stages, 6)
	require.Equal(t, conformance.StageExamples, out.Stages[3].Name)
	require.False(t, out.Stages[3].Passed)
	require.Equal(t, "actions.act.examples[1]", out.Stages[3].Findings[0].Path)
	require.NotEmpty(t, out.Stages[3].Findings[0].Mend)
	require.Equal(t, "fuel", out.Usage[0].Limit)
	require.EqualValues(t, abi.DefaultFuel, out.Usage[0].Of)
	require.Positive(t, out.Usage[0].Used)
}
