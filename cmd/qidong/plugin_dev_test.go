package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A partner saves, and the next journey that is published calls what was saved;
// one under way goes on with what it began with.
func TestASaveOfAPluginIsCalledByTheNextJourney(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole installation")
	}
	t.Parallel()
	i := newInstallation(t)
	i.start()
	dir := filepath.Join(t.TempDir(), "shop")
	_, stderr, err := i.run(t.Context(), "plugin", "new", "shop", "--dir", dir)
	require.NoError(t, err, stderr)
	out := i.develop(dir)
	require.Equal(t, "0.1.0-dev.1", out.await(t, 1).Version)
	i.callQuote(dir, "c_before", 11520)

	// Two files: the first save alone breaks an example, which is said.
	replace(t, filepath.Join(dir, "quote.go"), `"gold": 10`, `"gold": 20`)
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "The example gives") }, time.Minute, 20*time.Millisecond)
	replace(t, filepath.Join(dir, "main.go"), "Quote{Discount: 1280, Payable: 11520}", "Quote{Discount: 2560, Payable: 10240}")
	second := out.await(t, 2)
	require.Equal(t, "0.1.0-dev.2", second.Version)
	require.Equal(t, 3, second.Examples)
	t.Logf("from the save to the server's answer: %s, of which the build took %s", second.Took, second.Build)
	i.callQuote(dir, "c_after", 10240)

	// A release is there: what comes before it would never be called.
	_, stderr, err = i.run(t.Context(), "plugin", "build", dir)
	require.NoError(t, err, stderr)
	_, stderr, err = i.run(t.Context(), "plugin", "push", filepath.Join(dir, "build", "plugin.wasm"))
	require.NoError(t, err, stderr)
	_, stderr, err = i.run(t.Context(), "plugin", "dev", dir, "--once")
	require.Error(t, err)
	require.Contains(t, stderr, "shop@0.1.0 is on the server already")
}

// developed is what `qidong plugin dev --json` says.
type developed struct{ lockedBuffer }

// develop runs `qidong plugin dev` until the test ends.
func (i *installation) develop(dir string) *developed {
	i.t.Helper()
	out := &developed{}
	cmd := exec.CommandContext(i.t.Context(), i.binary, "plugin", "dev", dir, "--json", "--data", i.dir)
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(i.t, cmd.Start())
	i.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if i.t.Failed() {
			i.t.Logf("output of qidong plugin dev:\n%s", out.String())
		}
	})
	return out
}

// await waits for the n-th save that was loaded.
func (o *developed) await(t *testing.T, n int) loaded {
	t.Helper()
	var l loaded
	require.Eventually(t, func() bool {
		found := 0
		for line := range strings.Lines(o.String()) {
			if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &l) == nil {
				found++
			}
		}
		return found == n
	}, time.Minute, 20*time.Millisecond, "save %d was not loaded", n)
	return l
}

// callQuote publishes the journey of a new project, and takes a customer through
// it.
func (i *installation) callQuote(dir, customer string, payable int) {
	i.t.Helper()
	ctx := i.t.Context()
	_, stderr, err := i.run(ctx, "journey", "publish", filepath.Join(dir, "examples", "journey.yaml"))
	require.NoError(i.t, err, stderr)
	_, stderr, err = i.run(ctx, "customer", "put", customer)
	require.NoError(i.t, err, stderr)
	_, stderr, err = i.run(ctx, "enrollment", "start", "shop-try", "--customer", customer)
	require.NoError(i.t, err, stderr)
	want := `"payable": ` + strconv.Itoa(payable)
	require.Eventually(i.t, func() bool {
		shown, _, err := i.run(ctx, "customer", "show", customer, "--json")
		return err == nil && strings.Contains(shown, want)
	}, time.Minute, 50*time.Millisecond, "the journey did not write down %s", want)
}

func replace(t *testing.T, file, from, to string) {
	t.Helper()
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(source), from)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(source), from, to, 1)), 0o600))
}
