package i18n

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

// said are the forms of all sentences that the engine says to people: what
// stands literally in a call of journey.Say, or of the orchestrator's say.
func said(t *testing.T) []string {
	t.Helper()
	forms := map[string]bool{}
	for _, folder := range []string{"orchestrator", "orchestrator/journey", "orchestrator/journey/edit", "orchestrator/store/sqlite"} {
		files, err := filepath.Glob(filepath.Join("../..", folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(n ast.Node) bool {
				if form := formOf(n); form != "" {
					forms[form] = true
				}
				return true
			})
		}
	}
	return slices.Sorted(maps.Keys(forms))
}

// formOf is the literal form of a call of Say, "" when n is none.
func formOf(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return ""
	}
	var name string
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	form, literal := call.Args[0].(*ast.BasicLit)
	if !literal || name != "Say" && name != "say" {
		return ""
	}
	text, err := strconv.Unquote(form.Value)
	if err != nil {
		return ""
	}
	return text
}

var verb = regexp.MustCompile(`%[.\d]*(?:\[\d\])?([a-z])`)

// sample are arguments that fit the verbs of an English form.
func sample(form string) []any {
	var args []any
	for _, v := range verb.FindAllStringSubmatch(form, -1) {
		switch v[1] {
		case "d":
			args = append(args, 7)
		case "v":
			args = append(args, errors.New("x"))
		default:
			args = append(args, "x")
		}
	}
	return args
}

func TestSentences(t *testing.T) {
	t.Parallel()
	forms := said(t)
	require.Greater(t, len(forms), 400, "the search for sentences finds them")
	words := slices.Concat(forms, []string{"journey", "fragment"}) // said of a definition's kind, which is a field's name too
	slices.Sort(words)
	for _, l := range Languages[1:] {
		t.Run("each is there in "+l+", and none that nobody says", func(t *testing.T) {
			t.Parallel()
			require.Equal(t, words, slices.Sorted(maps.Keys(sentences[l])))
		})
		t.Run("each in "+l+" takes the arguments of the English one", func(t *testing.T) {
			t.Parallel()
			for form, text := range sentences[l] {
				args := sample(form)
				require.NotContains(t, journey.Say(form, args...).String(), "%!", form)
				require.NotContains(t, journey.Say(text, args...).String(), "%!", text)
				require.Len(t, verb.FindAllString(text, -1), len(args), text)
			}
		})
	}
}

func TestProblem_IsSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	def, found := journey.Compile([]byte("qidong: v1\njourney: x\ntitle: {en: X, zh-CN: 某}\nentry: {api: true, reentry: sometimes}\nsteps:\n  - id: a\n    wait: [1]\n"), nil)
	require.Nil(t, def)
	zh := With(context.Background(), "zh-CN")
	var got []string
	for _, p := range found {
		what, mend := Problem(zh, p)
		got = append(got, what+" "+mend)
		require.Equal(t, p.Message, p.Said.String(), "English is what the engine says")
	}
	require.Contains(t, got, "这里应是 对象，而不是 列表。 请把它的字段写成 名称: 值。")
	t.Run("words of others stay as they are", func(t *testing.T) {
		t.Parallel()
		what, mend := Problem(zh, journey.Problem{Message: "No seats.", Mend: "Ask again."})
		require.Equal(t, []string{"No seats.", "Ask again."}, []string{what, mend})
	})
}
