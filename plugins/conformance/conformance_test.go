package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
	"github.com/qidong/qidong/sdk/abi"
)

var guest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "qidong-guest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = filepath.Join("testdata", "guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return b, err
	}
	return os.ReadFile(out)
})

func TestCheck(t *testing.T) {
	t.Parallel()
	wasm, err := guest()
	require.NoError(t, err, string(wasm))
	findings, err := conformance.Check(t.Context(), plugins.Config{}, wasm)
	require.NoError(t, err)
	var got []string
	for _, f := range findings {
		got = append(got, f.String())
		require.Equal(t, f.Path == "actions.silent.examples", f.Warning)
	}
	require.Equal(t, []string{
		`actions.wrong.examples[0]: The example gives {"text":"b"}, but the action gave {"text":"a"}.`,
		`actions.wrong.examples[1]: The example fails with sold_out, but the action gave {"text":"a"}.`,
		`actions.asks.examples[1]: The action requested POST /texts, but the example scripts POST /other.`,
		`actions.asks.examples[2]: The action requested POST /texts, which the example does not script.`,
		`actions.asks.examples[2]: The action failed with HTTP_UNREACHABLE: The backend backend.example could not be reached: the example does not script this request.`,
		`actions.asks.examples[3]: The action did not request GET /texts.`,
		`actions.silent.examples: The action has no example: nobody can see what it does, and nothing is checked.`,
	}, got)
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	_, err := conformance.Check(t.Context(), plugins.Config{}, []byte("no module"))
	var refused *plugins.ModuleError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, abi.CodeNotWasm, refused.Problems[0].Code)
}
