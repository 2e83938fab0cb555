// Package project is a partner's project on the partner's own machine: it makes
// one from a template, and builds and tests it with the toolchain of its
// language. It knows no server.
package project

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Language is what a plugin is written in.
type Language string

// The languages that there are templates for.
const (
	Go             Language = "go"
	Rust           Language = "rust"
	AssemblyScript Language = "as"
	C              Language = "c"
)

// Languages are all languages, the one with an SDK first.
var Languages = []Language{Go, Rust, AssemblyScript, C}

// String is the name of the language as people write it.
func (l Language) String() string {
	return map[Language]string{Go: "Go", Rust: "Rust", AssemblyScript: "AssemblyScript", C: "C"}[l]
}

// marks are the files by which a project is known.
var marks = []struct {
	file     string
	language Language
}{{"go.mod", Go}, {"Cargo.toml", Rust}, {"asconfig.json", AssemblyScript}, {"plugin.c", C}}

// Project is a directory with a plugin's source.
type Project struct {
	Dir      string // absolute
	Language Language
}

// Open finds out what language the project in dir is in.
func Open(dir string) (*Project, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the project %s: %w", dir, err)
	}
	for _, m := range marks {
		if _, err := os.Stat(filepath.Join(path, m.file)); err == nil {
			return &Project{Dir: path, Language: m.language}, nil
		}
	}
	return nil, fmt.Errorf("there is no plugin project in %s: it would have go.mod, Cargo.toml, asconfig.json or plugin.c; "+
		"go to its directory, or begin one with `qidong plugin new NAME --lang go`", path)
}

// Module is where [Project.Build] puts the module.
func (p *Project) Module() string { return filepath.Join(p.Dir, "build", "plugin.wasm") }

// manifest is where a project that is not in Go says what it is.
func (p *Project) manifest() string { return filepath.Join(p.Dir, "manifest.json") }

var goVersion = regexp.MustCompile(`(?m)^(?:var|const)\s+version\s*=\s*"([^"]*)"`)

// Version is the version that the source gives.
func (p *Project) Version() (string, error) {
	if p.Language == Go {
		return p.versionInGo()
	}
	raw, err := os.ReadFile(p.manifest())
	if err != nil {
		return "", fmt.Errorf("reading the manifest: %w", err)
	}
	var m struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("reading %s, which must be JSON: %w", p.manifest(), err)
	}
	if m.Version == "" {
		return "", fmt.Errorf("%s has no version: give it one, such as \"version\": \"0.1.0\"", p.manifest())
	}
	return m.Version, nil
}

func (p *Project) versionInGo() (string, error) {
	files, _ := filepath.Glob(filepath.Join(p.Dir, "*.go")) // it fails for a malformed pattern only
	for _, file := range files {
		source, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an editor replaces it just now
		}
		if err != nil {
			return "", fmt.Errorf("looking for the version: %w", err)
		}
		if found := goVersion.FindSubmatch(source); found != nil {
			return string(found[1]), nil
		}
	}
	return "", errors.New("no file of package main says the version: write `var version = \"0.1.0\"` there, and give it to plugin.Info")
}
