package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestANewPluginIsTestedAndCalledWithoutAServer(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	stdout, _, err := run(t, newPluginCommand(), "", "new", "shop", "--dir", dir)
	require.NoError(t, err)
	require.Contains(t, stdout, "Made the plugin shop, in Go")
	_, _, err = run(t, newPluginCommand(), "", "new", "shop", "--dir", dir)
	require.ErrorContains(t, err, "nothing is overwritten")

	stdout, stderr, err := run(t, newPluginCommand(), "", "test", dir)
	require.NoError(t, err, stderr)
	require.Contains(t, stdout, "The plugin conforms.")
	var report struct{ Conforms bool }
	stdout, _, err = run(t, newPluginCommand(), "", "test", dir, "--json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
	require.True(t, report.Conforms)

	stdout, stderr, err = run(t, newPluginCommand(), "", "run", "quote", dir, "--input", filepath.Join(dir, "examples", "quote.json"))
	require.NoError(t, err)
	require.JSONEq(t, `{"discount": 1280, "payable": 11520}`, stdout)
	require.Regexp(t, `info: 10 % off for gold\nshop@0\.1\.0 quote: .+, \d+ fuel, \d+ KiB of memory, 0 requests\.`, stderr)
}

func TestALocalCallThatFailsSaysHow(t *testing.T) {
	t.Parallel()
	module := filepath.Join("..", "..", "examples", "plugins", "dist", "discount-c.wasm") // compiles at once
	if _, err := os.Stat(module); err != nil {
		t.Skip("the toolchain of C is missing: run `make toolchains guests`")
	}
	var r ran
	stdout, _, err := run(t, newPluginCommand(), `{"currency":"EUR","customer":{"id":"c","tier":"gold"},"lines":[]}`, "run", "quote", "--module", module, "--input", "-", "--json")
	require.ErrorIs(t, err, exitError{1})
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), stdout)
	require.Equal(t, "currency_not_supported", r.Error.Code)
	require.Positive(t, r.Fuel)
	require.Positive(t, r.Memory)

	for input, says := range map[string]string{
		"[]":          "neither a JSON object nor a file",
		`{"currency"`: "is not a JSON object",
	} {
		_, _, err := run(t, newPluginCommand(), "", "run", "quote", "--module", module, "--input", input)
		require.ErrorContains(t, err, says)
	}
	_, _, err = run(t, newPluginCommand(), "", "run", "none", "--module", module)
	require.ErrorContains(t, err, "it has quote, misbehave")
	_, _, err = run(t, newPluginCommand(), "", "build", t.TempDir())
	require.ErrorContains(t, err, "begin one with `qidong plugin new NAME --lang go`")
}

func TestABuildSaysWhatTheCompilerSaid(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	_, _, err := run(t, newPluginCommand(), "", "new", "shop", "--dir", dir)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrong.go"), []byte("package main\n\nvar x int = \"\"\n"), 0o600))
	_, _, err = run(t, newPluginCommand(), "", "build", dir)
	require.ErrorContains(t, err, "was not built:")
	require.ErrorContains(t, err, "wrong.go:3")
}
