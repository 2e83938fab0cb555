// Package discount_test calls the discount plugin in all its languages through
// the real host: what they answer is the same.
package discount_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// root is the repository.
const root = "../../.."

// languages are the guests, by the last part of their name.
var languages = []string{"go", "rust", "c", "as"}

// library finds modules by digest, and by language.
type library struct{ byDigest, byLanguage map[string][]byte }

func (l library) Module(_ context.Context, digest string) ([]byte, error) {
	if m := l.byDigest[digest]; m != nil {
		return m, nil
	}
	return nil, errors.New("no such module")
}

func digest(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// built are the guests, compiled from source once. Those whose toolchain is
// missing are not there.
var built = sync.OnceValues(func() (library, error) {
	l := library{map[string][]byte{}, map[string][]byte{}}
	dir, err := os.MkdirTemp("", "qidong-guests-")
	if err != nil {
		return l, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := readSources("examples/plugins/build", "examples/plugins/discount", "sdk"); err != nil {
		return l, err
	}
	args := []string{"run", "./examples/plugins/build", "-o", dir}
	for _, language := range languages {
		args = append(args, "discount-"+language)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return l, errors.New(string(out))
	}
	for _, language := range languages {
		module, err := os.ReadFile(filepath.Join(dir, "discount-"+language+".wasm"))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return l, err
		}
		l.byLanguage[language], l.byDigest[digest(module)] = module, module
	}
	return l, nil
})

// readSources reads what another process will read, so that Go's test cache
// knows of it.
func readSources(dirs ...string) error {
	for _, dir := range dirs {
		files := os.DirFS(filepath.Join(root, dir))
		err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				_, err = fs.ReadFile(files, path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// host is the real host with the guests, shared by all tests: compiling takes
// seconds. It is in use until the process ends.
var host = sync.OnceValues(func() (*plugins.Host, error) {
	l, err := built()
	if err != nil {
		return nil, err
	}
	return plugins.New(context.Background(), plugins.Config{Modules: l})
})

// guest is the module in one language. Without its toolchain the test is
// skipped; with REQUIRE_TOOLCHAINS=1 the build has failed then.
func guest(t *testing.T, language string) []byte {
	t.Helper()
	l, err := built()
	require.NoError(t, err)
	module := l.byLanguage[language]
	if module == nil {
		t.Skipf("discount-%s was not built: run `make toolchains`", language)
	}
	return module
}

// inEveryLanguage runs a test for each guest.
func inEveryLanguage(t *testing.T, test func(t *testing.T, language string)) {
	t.Helper()
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			guest(t, language)
			test(t, language)
		})
	}
}

// call calls an action. Each test has a workspace of its own: a plugin that
// fails too often is suspended there.
func call(t *testing.T, language, action, input string, change ...func(*plugins.Call)) (plugins.Result, error) {
	t.Helper()
	h, err := host()
	require.NoError(t, err)
	c := plugins.Call{
		Workspace: t.Name(), Digest: digest(guest(t, language)), Action: action, Input: json.RawMessage(input),
		IdempotencyKey: "e_1/step/1", Now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Locale: "zh-CN",
	}
	for _, f := range change {
		f(&c)
	}
	return h.Call(t.Context(), c)
}

// misbehave does one misdeed.
func misbehave(t *testing.T, language, how string) (plugins.Result, error) {
	t.Helper()
	return call(t, language, "misbehave", fmt.Sprintf(`{"how":%q}`, how))
}

// requireCode wants a failure, and returns it.
func requireCode(t *testing.T, err error, code string) *plugins.CallError {
	t.Helper()
	var failed *plugins.CallError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, code, failed.Code, "%v", err)
	return failed
}

// manifest is what a guest says of itself.
func manifest(t *testing.T, language string) *abi.Manifest {
	t.Helper()
	h, err := host()
	require.NoError(t, err)
	m, err := h.Describe(t.Context(), guest(t, language))
	require.NoError(t, err)
	return m
}
