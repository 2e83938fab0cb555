package project

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Built is a module that was built.
type Built struct {
	File   string        `json:"file"`
	Size   int           `json:"size"`
	Digest string        `json:"digest"` // sha256, lower-case hex
	Took   time.Duration `json:"took_ns"`
	Module []byte        `json:"-"`
}

// Build compiles the project to [Project.Module] with the toolchain of its
// language. version replaces that of the source, "" leaves it. The error says
// what is missing of a toolchain and where to get it, or what the compiler said.
func (p *Project) Build(ctx context.Context, version string) (*Built, error) {
	start := time.Now()
	if err := os.MkdirAll(filepath.Dir(p.Module()), 0o755); err != nil { //nolint:gosec // modules are for everyone to read
		return nil, fmt.Errorf("making room for the module: %w", err)
	}
	manifest, err := p.manifestWith(version)
	if err != nil {
		return nil, err
	}
	switch p.Language {
	case Go:
		err = p.buildGo(ctx, version)
	case Rust:
		err = p.buildRust(ctx, manifest)
	case C:
		err = p.buildC(ctx, manifest)
	case AssemblyScript:
		err = p.buildAssemblyScript(ctx, manifest)
	}
	if err != nil {
		return nil, err
	}
	module, err := os.ReadFile(p.Module())
	if err != nil {
		return nil, fmt.Errorf("reading what was built: %w", err)
	}
	sum := sha256.Sum256(module)
	return &Built{File: p.Module(), Size: len(module), Digest: hex.EncodeToString(sum[:]), Took: time.Since(start), Module: module}, nil
}

// manifestWith is the path of the manifest with that version, from the directory
// of the project.
func (p *Project) manifestWith(version string) (string, error) {
	if p.Language == Go || version == "" {
		return "manifest.json", nil
	}
	raw, err := os.ReadFile(p.manifest())
	if err != nil {
		return "", fmt.Errorf("reading the manifest: %w", err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return "", fmt.Errorf("reading %s, which must be JSON: %w", p.manifest(), err)
	}
	if m["version"], err = json.Marshal(version); err != nil {
		return "", fmt.Errorf("writing the version: %w", err)
	}
	if raw, err = json.Marshal(m); err != nil {
		return "", fmt.Errorf("writing the manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "build", "manifest.json"), raw, 0o644); err != nil { //nolint:gosec // for everyone to read
		return "", fmt.Errorf("writing the manifest: %w", err)
	}
	return "build/manifest.json", nil
}

func (p *Project) buildGo(ctx context.Context, version string) error {
	if err := need("go", "install Go 1.25 or newer from https://go.dev/doc/install"); err != nil {
		return err
	}
	flags := "-s -w"
	if version != "" {
		flags += " -X main.version=" + version
	}
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="}
	return p.run(ctx, nil, env, "go", "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags="+flags, "-o", p.Module(), ".")
}

const rustTarget = "wasm32-unknown-unknown"

func (p *Project) buildRust(ctx context.Context, manifest string) error {
	tools, err := findRust(ctx)
	if err != nil {
		return err
	}
	env := append(tools.env(), "PLUGIN_MANIFEST="+filepath.Join(p.Dir, manifest))
	if err := p.run(ctx, nil, env, tools.cargo, "build", "--quiet", "--release", "--target", rustTarget); err != nil {
		return err
	}
	module, err := os.ReadFile(filepath.Join(p.Dir, "target", rustTarget, "release", "plugin.wasm"))
	if err != nil {
		return fmt.Errorf("reading what cargo built, which must be the library \"plugin\" of Cargo.toml: %w", err)
	}
	if err := os.WriteFile(p.Module(), module, 0o644); err != nil { //nolint:gosec // modules are for everyone to read
		return fmt.Errorf("keeping what was built: %w", err)
	}
	return nil
}

func (p *Project) buildC(ctx context.Context, manifest string) error {
	if err := findClang(ctx); err != nil {
		return err
	}
	sources, _ := filepath.Glob(filepath.Join(p.Dir, "*.c")) // it fails for a malformed pattern only
	args := []string{
		"--target=wasm32", "-nostdlib", "-ffreestanding", "-mbulk-memory", "-O2", "-Wall", "-Wextra",
		`-DMANIFEST="` + manifest + `"`, "-Wl,--no-entry,--strip-debug", "-o", p.Module(),
	}
	return p.run(ctx, nil, nil, "clang", append(args, baseNames(sources)...)...)
}

func (p *Project) buildAssemblyScript(ctx context.Context, manifest string) error {
	if err := p.findAssemblyScript(); err != nil {
		return err
	}
	return p.run(ctx, nil, []string{"PLUGIN_MANIFEST=" + manifest}, "npm", "run", "--silent", "build")
}

func baseNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(path)
	}
	return names
}

// run runs a tool in the project. With out nil, what the tool says is part of
// the error, else it goes there.
func (p *Project) run(ctx context.Context, out io.Writer, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // a tool of the person whose project it is
	cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if out != nil {
		cmd.Stdout, cmd.Stderr = out, out
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && said.Len() > 0 {
		return errors.New(strings.TrimSpace(said.String()))
	}
	if err != nil {
		return fmt.Errorf("running %s: %w", name, err)
	}
	return nil
}
