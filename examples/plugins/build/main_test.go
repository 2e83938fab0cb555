package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// cobol is a plugin whose toolchain nobody has.
var cobol = plugin{
	name: "discount-cobol", dir: ".",
	tools:   []tool{{"a mainframe", []string{"mainframe"}, func() bool { return false }}},
	compile: func(context.Context, plugin, string) error { panic("it is not compiled") },
}

func TestAPluginWithoutItsToolchainIsLeftOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := builder{out: &out, dist: t.TempDir()}
	old := filepath.Join(b.dist, "discount-cobol.wasm")
	require.NoError(t, os.WriteFile(old, nil, 0o600))
	require.NoError(t, b.build(t.Context(), cobol))
	require.Contains(t, out.String(), "discount-cobol is not built, because this machine lacks a mainframe: run `make toolchains`")
	require.NoFileExists(t, old, "a module must not be older than its source")

	b.strict = true
	require.ErrorContains(t, b.build(t.Context(), cobol), "lacks a mainframe")
}

func TestOnlyWhatChangedIsCompiled(t *testing.T) { //nolint:paralleltest // it changes directory
	t.Chdir(t.TempDir()) // where bin is
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o750))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	write("examples/plugins/build/main.go", "")
	write("source/a.txt", "one")
	write("source/b.txt", "gone later")
	compiled := 0
	p := plugin{name: "p", dir: "source"}
	compile := cached(func(_ context.Context, dir, out string) error {
		compiled++
		return copyFile(out, filepath.Join(dir, "a.txt"))
	})
	build := func(want string, times int) {
		t.Helper()
		require.NoError(t, compile(t.Context(), p, "out"))
		got, err := os.ReadFile("out")
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		require.Equal(t, times, compiled)
	}
	build("one", 1)
	build("one", 1)
	write("source/a.txt", "two")
	build("two", 2)
	write("bin/guests/p/target/cache", "")
	require.NoError(t, os.Remove("source/b.txt"))
	build("two", 3)
	require.NoFileExists(t, "bin/guests/p/b.txt")
	require.FileExists(t, "bin/guests/p/target/cache", "what tools keep stays")
	write("examples/plugins/build/main.go", "other flags")
	build("two", 4)
}

func TestAnUnknownNameIsRefused(t *testing.T) {
	t.Parallel()
	b := builder{out: &bytes.Buffer{}}
	require.ErrorContains(t, b.run(t.Context(), t.TempDir(), false, []string{"discount-cobol"}), `no plugin "discount-cobol"`)
}
