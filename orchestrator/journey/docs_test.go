package journey_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

const reference = "../../docs/journey-language.md"

func page(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(reference)
	require.NoError(t, err)
	return string(b)
}

// The reference's examples are one journey, told block by block.
func TestReference_ExamplesAreAJourney(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page(t), -1) {
		source.WriteString(block[1])
	}
	def, problems := journey.Compile([]byte(source.String()), journeytest.Catalog())
	require.Empty(t, problems)
	comesBack(t, def)
	p, err := journey.NewProgram(def)
	require.NoError(t, err)
	walks(t, p)
	require.NoError(t, journeySchema(t).Validate(asData(t, []byte(source.String()))))
}

// Each kind of step has a section, with its example and a larger one.
func TestReference_HasASectionForEachKind(t *testing.T) {
	t.Parallel()
	text := page(t)
	for _, kind := range journey.Kinds() {
		_, section, found := strings.Cut(text, "\n### "+string(kind)+"\n")
		require.True(t, found, kind)
		section, _, _ = strings.Cut(section, "\n### ")
		require.Regexp(t, "(?s)```yaml\n.*\\b"+string(kind)+":.*```", section, kind)
		require.Contains(t, section, "examples/journeys/"+string(kind)+".yaml")
	}
}

// The tables of fields, limits and codes are the code's own.
func TestReference_TablesAreFresh(t *testing.T) {
	t.Parallel()
	text := page(t)
	for name, table := range map[string]string{"fields": fieldTables(t), "limits": limitTable(), "codes": codeTable()} {
		begin, end := "<!-- "+name+": written by go test ./orchestrator/journey -update -->\n", "<!-- end -->"
		head, rest, found := strings.Cut(text, begin)
		require.True(t, found, "the page has no place for %s", name)
		old, tail, found := strings.Cut(rest, end)
		require.True(t, found)
		if *update {
			text = head + begin + table + end + tail
			continue
		}
		require.Empty(t, cmp.Diff(old, table))
	}
	if *update {
		require.NoError(t, os.WriteFile(reference, []byte(text), 0o600))
	}
}

func limitTable() string {
	var b strings.Builder
	b.WriteString("| at most | |\n|---:|---|\n")
	for _, l := range journey.Limits() {
		fmt.Fprintf(&b, "| %d | %s |\n", l.Most, l.What)
	}
	return b.String()
}

func codeTable() string {
	var b strings.Builder
	b.WriteString("| code | says that |\n|---|---|\n")
	codes := journey.Codes()
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", code, codes[code])
	}
	return b.String()
}

// cell makes words those of a table: no other column, no HTML.
var cell = strings.NewReplacer("|", `\|`, "<", `\<`)

// fieldTables describes every object of the language out of its JSON Schema.
func fieldTables(t *testing.T) string {
	t.Helper()
	schema := journey.Schema(comments(t))
	defs, _ := schema["$defs"].(map[string]any)
	var b strings.Builder
	write := func(title string, def map[string]any) {
		properties, _ := def["properties"].(map[string]any)
		if properties == nil {
			return
		}
		fmt.Fprintf(&b, "\n**%s**\n\n| field | is | |\n|---|---|---|\n", title)
		needed, _ := def["required"].([]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			p, _ := properties[name].(map[string]any)
			must := ""
			if slices.Contains(needed, any(name)) {
				must = " *"
			}
			doc, _ := p["description"].(string)
			fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", name, must, cell.Replace(shape(p)), cell.Replace(doc))
		}
	}
	write("journey", schema)
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		def, _ := defs[name].(map[string]any)
		write(name, def)
	}
	return b.String()
}

// shape says in a few words what a field holds.
func shape(p map[string]any) string {
	if ref, ok := p["$ref"].(string); ok {
		return strings.TrimPrefix(ref, "#/$defs/")
	}
	if list, ok := p["enum"].([]any); ok {
		var out []string
		for _, w := range list {
			out = append(out, fmt.Sprintf("`%v`", w))
		}
		return strings.Join(out, " ")
	}
	if list, ok := p["oneOf"].([]any); ok {
		var out []string
		for _, w := range list {
			m, _ := w.(map[string]any)
			out = append(out, shape(m))
		}
		return strings.Join(out, " or ")
	}
	if c, ok := p["const"]; ok {
		return fmt.Sprintf("`%v`", c)
	}
	if items, ok := p["items"].(map[string]any); ok {
		return "list of " + shape(items)
	}
	if low, ok := p["minimum"]; ok {
		return fmt.Sprintf("%v–%v", low, p["maximum"])
	}
	kind, _ := p["type"].(string)
	return kind
}

var codeShape = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

// Every code that the package reports is in the table, and none is there that
// it does not report.
func TestCodes_AreThoseThatAreReported(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	reported := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "segment") || file == "codes.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		note := func(e ast.Expr) {
			lit, ok := e.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return
			}
			if s, err := strconv.Unquote(lit.Value); err == nil && codeShape.MatchString(s) {
				reported[s] = true
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				var name string
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = f.Sel.Name
				case *ast.Ident:
					name = f.Name
				}
				if slices.Contains([]string{"report", "problem", "stop", "unreadable"}, name) {
					for _, arg := range n.Args {
						note(arg)
					}
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Code" {
					note(n.Value)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if name, ok := left.(*ast.Ident); ok && name.Name == "code" && i < len(n.Rhs) {
						note(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	require.Equal(t, slices.Sorted(maps.Keys(journey.Codes())), slices.Sorted(maps.Keys(reported)))
}
