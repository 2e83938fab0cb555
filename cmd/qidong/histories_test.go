package main

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
	"github.com/qidong/qidong/temporalserver"
)

var update = flag.Bool("update", false, "record the histories of workflows/histories anew")

// TestHistories runs the movie night and looks at what it left in Temporal: no
// enrollment comes near the history's limits, and no payload is large. With
// -update it keeps one history per outcome for the replay test.
func TestHistories(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	i.demo(ctx, "--customers", "16", "--answer", "20s")
	require.NoError(t, i.interrupt())

	logger := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(ctx, filepath.Join(i.dir, "qidong.db"), logger)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	temporal, err := temporalserver.Start(ctx, temporalserver.Config{
		File: filepath.Join(i.dir, "temporal.db"), Namespace: namespace, Retention: retention, Logger: logger,
	})
	require.NoError(t, err)
	defer func() { _ = temporal.Close() }()
	c, err := client.DialContext(ctx, client.Options{HostPort: temporal.HostPort(), Namespace: namespace})
	require.NoError(t, err)
	defer c.Close()

	enrollments, _, err := store.Enrollments(ctx, orchestrator.EnrollmentFilter{Workspace: orchestrator.DemoWorkspace}, orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	require.NotEmpty(t, enrollments)
	kept := map[string]bool{}
	for _, e := range enrollments {
		h := history(ctx, t, c, e.ID)
		require.Less(t, len(h.Events), 200, "a movie night takes few events")
		for _, event := range h.Events {
			size := len(protojson.Format(event))
			require.Less(t, size, 128<<10, "event %d of %s is large", event.EventId, e.ID)
		}
		if *update && !kept[e.Outcome] {
			kept[e.Outcome] = true
			keep(ctx, t, store, e, h)
		}
	}
}

func history(ctx context.Context, t *testing.T, c client.Client, id string) *historypb.History {
	t.Helper()
	h := &historypb.History{}
	for events := c.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	return h
}

// keep writes a history and its definition for the replay test.
func keep(ctx context.Context, t *testing.T, store *sqlite.Store, e orchestrator.Enrollment, h *historypb.History) {
	t.Helper()
	dir := filepath.Join("..", "..", "workflows", "histories")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "definitions"), 0o750))
	b, err := protojson.Marshal(h)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, e.Outcome+".json"), b, 0o600))
	v, err := store.VersionByDigest(ctx, e.Digest)
	require.NoError(t, err)
	b, err = json.Marshal(v.Definition)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "definitions", e.Digest+".json"), b, 0o600))
}
