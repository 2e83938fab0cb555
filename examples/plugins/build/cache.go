package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// work is where plugins are compiled that are not in Go: each in a copy of its
// source, because their tools write beside it. Two builds at the same time
// would disturb each other.
const work = "bin/guests"

// kept are what tools write for the next time.
var kept = map[string]bool{"node_modules": true, "target": true}

// cached compiles in a copy of the source, and only when source, compilers or
// this program have changed since.
func cached(compile func(ctx context.Context, dir, out string) error) func(context.Context, plugin, string) error {
	return func(ctx context.Context, p plugin, out string) error {
		key, err := fingerprint(ctx, p)
		if err != nil {
			return err
		}
		dir, err := filepath.Abs(filepath.Join(work, p.name))
		if err != nil {
			return fmt.Errorf("finding %s: %w", work, err)
		}
		module, of := filepath.Join(dir, "built.wasm"), filepath.Join(dir, "built.of")
		if last, err := os.ReadFile(of); err == nil && bytes.Equal(last, key) {
			return copyFile(out, module)
		}
		if err := refresh(dir, p.dir); err != nil {
			return err
		}
		if err := compile(ctx, dir, module); err != nil {
			return err
		}
		if err := os.WriteFile(of, key, 0o600); err != nil {
			return fmt.Errorf("noting what was compiled: %w", err)
		}
		return copyFile(out, module)
	}
}

// fingerprint changes whenever p could be compiled to something else.
func fingerprint(ctx context.Context, p plugin) ([]byte, error) {
	h := sha256.New()
	for _, name := range []string{rustc, clang} {
		version, _ := exec.CommandContext(ctx, name, "--version").Output() //nolint:gosec // when it is missing, it is not used
		h.Write(version)
	}
	for _, dir := range []string{p.dir, "examples/plugins/build"} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(dir, path))
			fmt.Fprintf(h, "%s %d\n", path, len(content))
			h.Write(content)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the source in %s: %w", dir, err)
		}
	}
	return fmt.Appendf(nil, "%x\n", h.Sum(nil)), nil
}

// refresh makes dir a copy of source, but for what is kept.
func refresh(dir, source string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("making %s: %w", dir, err)
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading %s: %w", dir, err)
	}
	for _, e := range old {
		if kept[e.Name()] {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("emptying %s: %w", dir, err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		return fmt.Errorf("copying %s: %w", source, err)
	}
	return nil
}

func copyFile(to, from string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("reading what was compiled: %w", err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil { //nolint:gosec // modules are for everyone to read
		return fmt.Errorf("keeping what was compiled: %w", err)
	}
	return nil
}
