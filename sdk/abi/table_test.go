package abi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestEveryCodeIsExplainedOnce(t *testing.T) {
	t.Parallel()
	explained := map[string]int{}
	for _, c := range Codes() {
		explained[c.Code]++
		checkText(t, c.Code, c.Text)
		if len(c.Seen) == 0 {
			t.Errorf("nobody sees %s", c.Code)
		}
		if !slices.Contains([]Retry{RetryNever, RetryLater, RetryAfter}, c.Retry) {
			t.Errorf("%s says nothing of a retry", c.Code)
		}
	}
	for name, value := range codeConstants(t) {
		if explained[value] != 1 {
			t.Errorf("%s is explained %d times in Codes", name, explained[value])
		}
		delete(explained, value)
	}
	for value := range explained {
		t.Errorf("Codes explains %s, which is no constant", value)
	}
}

// codeConstants reads the constants that begin with Code from code.go.
func codeConstants(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Code") {
			value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all[v.Names[0].Name] = value
		}
		return true
	})
	if len(all) < 40 {
		t.Fatalf("code.go has only %d codes", len(all))
	}
	return all
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var codes, names []string
	for _, c := range Codes() {
		codes = append(codes, c.Code)
	}
	for _, l := range Limits() {
		checkText(t, l.Name, l.Text)
		switch {
		case slices.Contains(names, l.Name):
			t.Errorf("there are two limits %s", l.Name)
		case !slices.Contains(codes, l.Code):
			t.Errorf("the code %s of limit %s is not in Codes", l.Code, l.Name)
		case l.Default <= 0 || l.Default > l.Max:
			t.Errorf("limit %s is %d by default and %d at most", l.Name, l.Default, l.Max)
		case !l.Raise && l.Default != l.Max:
			t.Errorf("nobody can raise %s, but its maximum is another than its default", l.Name)
		case l.Raise && l.Scope != ScopeRun:
			t.Errorf("%s is not of a run: it cannot be changed for a plugin", l.Name)
		}
		names = append(names, l.Name)
	}
}

func TestTablesAreTheCallers(t *testing.T) {
	t.Parallel()
	Limits()[0].Name = "changed"
	Codes()[0].Text["en"] = "changed"
	if Limits()[0].Name == "changed" || Codes()[0].Text["en"] == "changed" {
		t.Error("a caller changed the tables for all")
	}
}

func checkText(t *testing.T, of string, text Text) {
	t.Helper()
	en, zh := text["en"], text["zh-CN"]
	if !strings.HasSuffix(en, ".") || strings.ContainsFunc(en, isHan) {
		t.Errorf("the English text of %s is no sentence: %q", of, en)
	}
	if !strings.HasSuffix(zh, "。") || !strings.ContainsFunc(zh, isHan) {
		t.Errorf("the Chinese text of %s is no sentence: %q", of, zh)
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }
