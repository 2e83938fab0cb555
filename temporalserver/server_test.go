package temporalserver_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/qidong/qidong/temporalserver"
)

func TestServer_KeepsWorkflowsOverARestart(t *testing.T) {
	t.Parallel()
	// A name that is not a plain URI must reach SQLite unchanged.
	cfg := temporalserver.Config{File: filepath.Join(t.TempDir(), "50% off?", "temporal.db"), Namespace: "qidong"}
	logged := &records{}
	cfg.Logger = slog.New(slog.NewTextHandler(logged, nil))

	s := start(t, cfg)
	c := dial(t, s)
	runWorker(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "w", TaskQueue: "q",
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword("QidongWorkspace").ValueSet("acme")),
	}, greet, "Li Na")
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), nil))
	require.Eventually(t, func() bool { return count(t, c, `QidongWorkspace = "acme"`) == 1 }, 20*time.Second, 20*time.Millisecond)
	c.Close()
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "closing again changes nothing")
	require.FileExists(t, cfg.File)

	again := start(t, cfg)
	c = dial(t, again)
	var greeting string
	require.NoError(t, c.GetWorkflow(t.Context(), "w", "").Get(t.Context(), &greeting))
	require.Equal(t, "hello Li Na", greeting)
	require.Empty(t, logged.String(), "starts and stops are silent")
}

func TestServer_ChangesTheRetentionOfANamespace(t *testing.T) {
	t.Parallel()
	cfg := temporalserver.Config{File: filepath.Join(t.TempDir(), "t.db"), Namespace: "qidong"}
	for _, want := range []time.Duration{72 * time.Hour, 24 * time.Hour} {
		cfg.Retention = want
		s := start(t, cfg)
		c := dial(t, s)
		got, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "qidong"})
		require.NoError(t, err)
		require.Equal(t, want, got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
		c.Close()
		require.NoError(t, s.Close())
	}
}

func TestStart_RefusesAFileItCannotUse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		version string // content of the version file, "" for none
		want    string
	}{
		"written by another version":    {"1.29.0\n", "was written by Temporal server 1.29.0"},
		"whose version file is missing": {"", "has no version file"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "t.db")
			require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
			if tc.version != "" {
				require.NoError(t, os.WriteFile(file+".version", []byte(tc.version), 0o600))
			}
			_, err := temporalserver.Start(t.Context(), temporalserver.Config{File: file, Namespace: "qidong"})
			require.ErrorContains(t, err, tc.want)
			left, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, "old", string(left), "a refused file is not touched")
		})
	}
}

func TestStart_BeginsAnewWhereAFirstStartWasKilled(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.db")
	require.NoError(t, os.WriteFile(file, []byte("half a schema"), 0o600))
	require.NoError(t, os.WriteFile(file+".version", []byte("unfinished\n"), 0o600))
	s := start(t, temporalserver.Config{File: file, Namespace: "qidong"})
	require.Zero(t, count(t, dial(t, s), ""))
}

func TestStart_TellsWhatIsWrongWithItsConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  temporalserver.Config
		want string
	}{
		"no file":            {temporalserver.Config{Namespace: "n"}, "no file given"},
		"no namespace":       {temporalserver.Config{File: "f"}, "no namespace given"},
		"too short to serve": {temporalserver.Config{File: "f", Namespace: "n", Retention: time.Minute}, "at least one hour"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := temporalserver.Start(t.Context(), tc.cfg)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestStart_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := temporalserver.Start(ctx, temporalserver.Config{File: filepath.Join(t.TempDir(), "t.db"), Namespace: "qidong"})
	require.ErrorIs(t, err, context.Canceled)
}

func start(t *testing.T, cfg temporalserver.Config) *temporalserver.Server {
	t.Helper()
	began := time.Now()
	s, err := temporalserver.Start(t.Context(), cfg)
	require.NoError(t, err)
	t.Logf("started in %s", time.Since(began))
	t.Cleanup(func() {
		began := time.Now()
		require.NoError(t, s.Close())
		t.Logf("closed in %s", time.Since(began))
	})
	return s
}

func dial(t *testing.T, s *temporalserver.Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: s.HostPort(), Namespace: "qidong",
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func runWorker(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, "q", worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterActivity(hello)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func count(t *testing.T, c client.Client, query string) int64 {
	t.Helper()
	n, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	require.NoError(t, err)
	return n.GetCount()
}

func greet(ctx workflow.Context, name string) (greeting string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	err = workflow.ExecuteActivity(ctx, hello, name).Get(ctx, &greeting)
	return greeting, err
}

func hello(_ context.Context, name string) (string, error) { return "hello " + name, nil }

// records collects what is logged, from any goroutine.
type records struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}
