// Package examples is what a fresh installation shows: journeys, and the
// modules of the plugins that they call. The partners' simulated servers are in
// package backends.
package examples

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

//go:embed journeys/movie-night.yaml
var journeyFiles embed.FS

//go:embed journeys/movie-night.behavior.yaml
var movieNightBehavior []byte

// all: lets the package compile before a module is built; the directory then
// holds a .gitignore only.
//
//go:embed all:plugins/dist
var pluginFiles embed.FS

// pluginNames are the plugins that examples/plugins/build builds.
var pluginNames = []string{"bank", "cinema", "points", "ride"}

// Plugin is one plugin as it would be uploaded.
type Plugin struct {
	Name   string
	Module []byte // WebAssembly
}

// Plugins returns the modules that were built into this program, by name. The
// error says what to do when one was not built.
func Plugins() ([]Plugin, error) {
	list := make([]Plugin, len(pluginNames))
	for i, name := range pluginNames {
		module, err := Module(name)
		if err != nil {
			return nil, err
		}
		list[i] = Plugin{Name: name, Module: module}
	}
	return list, nil
}

// Module returns the module that examples/plugins/build built under a name,
// also one that is not of [Plugins]. The error says what to do when it was not
// built into this program.
func Module(name string) ([]byte, error) {
	module, err := pluginFiles.ReadFile("plugins/dist/" + name + ".wasm")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("this program was built without the example plugin %q: run `make build`, which compiles the plugins first", name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the example plugin %q: %w", name, err)
	}
	return module, nil
}

// Journey is one definition as its author wrote it.
type Journey struct {
	Name   string // of the file without its ending, and of the journey
	Source []byte // YAML
}

// Journeys returns, by name, the example journeys that a fresh installation
// publishes. The others are beside them: one for each kind of step.
func Journeys() ([]Journey, error) {
	files, err := fs.Glob(journeyFiles, "journeys/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the example journeys: %w", err)
	}
	list := make([]Journey, len(files))
	for i, file := range files {
		source, err := journeyFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the example journey %s: %w", file, err)
		}
		list[i] = Journey{Name: strings.TrimSuffix(path.Base(file), ".yaml"), Source: source}
	}
	return list, nil
}

// MovieNightBehavior says how customers and partners of movie night behave in a
// simulation: YAML, for package simulation.
func MovieNightBehavior() []byte { return bytes.Clone(movieNightBehavior) }
