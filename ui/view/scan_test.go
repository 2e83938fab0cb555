package view

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/qidong/qidong/ui/i18n"
)

func templates(t *testing.T, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	out := map[string]string{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		require.NoError(t, err)
		out[n] = string(b)
	}
	return out
}

// The content security policy has no unsafe-eval and no inline script. These
// are what would need either.
func TestTemplatesAvoidWhatThePolicyForbids(t *testing.T) {
	t.Parallel()
	banned := map[string]*regexp.Regexp{
		"hx-on":                regexp.MustCompile(`hx-on[:=-]`),
		"js: in hx-vals":       regexp.MustCompile(`hx-(vals|confirm|headers)[^\n]*(js|javascript):`),
		"a trigger filter":     regexp.MustCompile(`hx-trigger="[^"]*\[`),
		"an inline script":     regexp.MustCompile(`<script(>|\s+[^s{])`),
		"an inline style tag":  regexp.MustCompile(`<style`),
		"an event attribute":   regexp.MustCompile(`\son[a-z]+=`),
		"unescaped HTML":       regexp.MustCompile(`templ\.Raw|@templ\.Raw`),
		"a script component":   regexp.MustCompile(`(?m)^script `),
		"a css component":      regexp.MustCompile(`(?m)^css `),
		"a javascript address": regexp.MustCompile(`(?i)"javascript:`),
	}
	for name, src := range templates(t, "*.templ") {
		for what, re := range banned {
			require.False(t, re.MatchString(src), "%s has %s", name, what)
		}
	}
}

// Every word comes from the catalogs: what the templates write themselves holds
// no letters, neither between tags nor in attributes that people read.
func TestTemplatesHoldNoWords(t *testing.T) {
	t.Parallel()
	// Words that are the same in every language.
	allowed := map[string]bool{"5G": true, "qidong dev": true}
	for name := range templates(t, "*_templ.go") {
		for _, doc := range literals(t, name) {
			for _, word := range wordsOf(doc) {
				require.True(t, allowed[word], "%s shows %q: put it into the catalogs", name, word)
			}
		}
	}
}

// literals joins what each component of a generated file writes, with a letterless mark
// where an expression stands.
func literals(t *testing.T, name string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	require.NoError(t, err)
	var docs []string
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		var b strings.Builder
		ast.Inspect(fn, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "WriteString" {
				return true
			}
			lit, ok := call.Args[len(call.Args)-1].(*ast.BasicLit)
			if !ok {
				b.WriteString("·")
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			b.WriteString(s)
			return true
		})
		docs = append(docs, b.String())
	}
	return docs
}

func wordsOf(doc string) []string {
	var out []string
	letters := func(s string) {
		if s = strings.TrimSpace(s); strings.ContainsFunc(s, unicode.IsLetter) {
			out = append(out, s)
		}
	}
	for z := html.NewTokenizer(strings.NewReader(doc)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
			letters(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range z.Token().Attr {
				switch a.Key {
				case "title", "alt", "placeholder", "aria-label", "aria-description":
					letters(a.Val)
				}
			}
		}
	}
}

// Keys that are put together when a page is rendered, by their beginning.
var composed = []string{
	"answer.", "arm.", "category.", "companion.status.", "effect.", "error.", "failure.", "form.", "identity.", "kind.", "lang.", "log.begin.",
	"nav.", "outcome.", "home.begin.", "receipt.", "pace.", "path.", "reason.", "resolution.", "status.", "unit.", "date",
	"day.", "join.", "mode.", "quiet.", "reentry.", "survey.",
	"act.", "journey.set.", "plugin.state.", "plugin.need.", "plugin.effect.", "plugin.try.retry.", "plugin.type.", "bulk.", "campaign.", "circuit.", "rails.", "stall.", "job.action.", "job.state.", "consent.how.", "consent.state.", "erase.table.", "event.state.", "diff.", "field.", "plan.", "palette.", "tab.", "history.kind.", "task.state.",
	"cel.", "span.", "suggest.", "height.", "suggestion.", "simulate.locale.", "simulate.mood.", "live.range.", "live.heat.", "live.legend.", "live.state.", "live.success.", "live.succeeded.",
}

func TestCatalogsFitTheSources(t *testing.T) {
	t.Parallel()
	sources := templates(t, "*.templ")
	for _, pattern := range []string{"*.go", "../*.go", "../i18n/*.go"} {
		for name, src := range templates(t, pattern) {
			if !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go") {
				sources[name] = src
			}
		}
	}
	used := map[string]bool{}
	literal := regexp.MustCompile(`"([a-z][a-zA-Z0-9._-]*)"`)
	call := regexp.MustCompile(`(?:\bt|\bT|\bCount|\btext|\bcode|\byes|\bgroup)\((?:[a-z.]*ctx, |i18n\.With\([^)]*\), |ctx, )?"([a-z][a-zA-Z0-9._-]*[a-zA-Z0-9])"`)
	for name, src := range sources {
		for _, m := range call.FindAllStringSubmatch(src, -1) {
			if strings.Contains(m[0], "ctx") || strings.Contains(m[1], ".") {
				require.True(t, i18n.Has(m[1]), "%s uses the text %q, which no catalog has", name, m[1])
			}
		}
		for _, m := range literal.FindAllStringSubmatch(src, -1) {
			used[m[1]] = true
		}
	}
	for _, key := range i18n.Keys(i18n.Languages[0]) {
		ok := used[key] || used[strings.TrimSuffix(key, ".one")]
		for _, c := range composed {
			ok = ok || strings.HasPrefix(key, c)
		}
		require.True(t, ok, "nothing uses the text %q", key)
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Li Mei": "LM", "王小明": "明", "operator": "O", "  ": "?", "a b c": "AC"} {
		require.Equal(t, want, Initials(name))
	}
}
