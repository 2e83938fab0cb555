// Package archtest checks what a reader may rely on without reading every file:
// the direction of dependence, the size of files, and words that must not be in
// the repository. It parses files in this process instead of asking the go
// command, so that Go's test cache sees what was read.
//
// rules.go holds the rules; a new directory needs a line there.
package archtest

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Check returns a sentence for everything in the repository that breaks a rule,
// in the order of paths. An error means that the repository could not be read.
func Check(repository fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(repository, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if slices.Contains(skipped, name) || slices.Contains(skippedAnywhere, d.Name()) || name != "." && strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci" {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		content, err := fs.ReadFile(repository, name)
		if err != nil {
			return err
		}
		broken, err := checkFile(name, content)
		found = append(found, broken...)
		return err
	})
	return found, err
}

func checkFile(name string, content []byte) ([]string, error) {
	var found []string
	if utf8.Valid(content) {
		found = checkWords(name, content)
	}
	if strings.Contains(name, "testdata/") || strings.HasSuffix(name, "_test.go") {
		return found, nil
	}
	switch path.Ext(name) {
	case ".templ":
		return append(found, checkSize(name, content)...), nil
	case ".go":
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return found, fmt.Errorf("parsing %s: %w", name, err)
		}
		if !ast.IsGenerated(file) {
			found = append(found, checkSize(name, content)...)
		}
		return append(found, checkImports(name, file)...), nil
	}
	return found, nil
}

func checkWords(name string, content []byte) []string {
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, len(content)+1)
	for n := 1; lines.Scan(); n++ {
		for _, b := range banned {
			if strings.Contains(lines.Text(), b.word) {
				found = append(found, fmt.Sprintf("%s:%d contains %q: %s", name, n, b.word, b.why))
			}
		}
	}
	return found
}

func checkSize(name string, content []byte) []string {
	if n := bytes.Count(content, []byte("\n")); n > maxLines {
		return []string{fmt.Sprintf("%s has %d lines, more than %d: divide it by concept", name, n, maxLines)}
	}
	return nil
}

func checkImports(name string, file *ast.File) []string {
	dir := path.Dir(name)
	area := areaOf(dir)
	if area == nil {
		return []string{fmt.Sprintf("%s: directory %s has no place in internal/archtest/rules.go: say what it may import", name, dir)}
	}
	var found []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return []string{fmt.Sprintf("%s imports %s: not a path", name, spec.Path.Value)}
		}
		if why := forbidden(dir, area, imported); why != "" {
			found = append(found, fmt.Sprintf("%s imports %s: %s", name, imported, why))
		}
	}
	return found
}

// forbidden says why dir must not import a package, or "".
func forbidden(dir string, a *area, imported string) string {
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		if matchAny(a.mayImport, ours) {
			return ""
		}
		return a.why
	}
	for _, r := range reserved {
		if (imported == r.path || strings.HasPrefix(imported, r.path+"/")) && !matchAny(r.dirs, dir) {
			return r.why
		}
	}
	return ""
}

// areaOf finds the most exact area of a directory, nil when there is none.
func areaOf(dir string) *area {
	var best *area
	for i, a := range areas {
		if match(a.dir, dir) && (best == nil || len(a.dir) > len(best.dir)) {
			best = &areas[i]
		}
	}
	return best
}

// match compares like the go command: "a/..." is a and everything below.
func match(pattern, dir string) bool {
	prefix, below := strings.CutSuffix(pattern, "...")
	return dir == strings.TrimSuffix(prefix, "/") || below && strings.HasPrefix(dir, prefix)
}

func matchAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return match(p, dir) })
}
