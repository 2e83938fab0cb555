package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// plenty is a quota that no test reaches.
var plenty = orchestrator.CallQuota{Calls: 1000, Bytes: 1 << 20}

// recorded is a recording that expires in an hour.
func recorded(id string) orchestrator.PluginCall {
	return orchestrator.PluginCall{
		ID: id, Workspace: acme, Plugin: "bank", Version: "1.0.0", Digest: "d", Action: "pay", Enrollment: "e_1",
		At: at, Fuel: 1 << 40, Duration: 1234567 * time.Nanosecond, Sealed: []byte("sealed\x00"),
		ExpiresAt: time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond),
	}
}

// ids of all recordings that the filter lets through.
func ids(t *testing.T, s orchestrator.Store, f orchestrator.CallFilter) []string {
	t.Helper()
	var out []string
	for _, c := range all(t, 2, func(p orchestrator.Page) ([]orchestrator.PluginCall, string, error) {
		return s.PluginCalls(t.Context(), f, p)
	}) {
		require.Nil(t, c.Sealed, "lists are without recordings")
		out = append(out, c.ID)
	}
	return out
}

func testCalls(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i, change := range []func(*orchestrator.PluginCall){
		func(*orchestrator.PluginCall) {},
		func(c *orchestrator.PluginCall) { c.Code = "TRAP" },
		func(c *orchestrator.PluginCall) { c.Version, c.Code = "2.0.0", "no_seats" },
		func(c *orchestrator.PluginCall) { c.Plugin, c.Enrollment = "cinema", "" },
		func(c *orchestrator.PluginCall) { c.Workspace, c.ID = other, "pc_0" },
	} {
		c := recorded(fmt.Sprint("pc_", i))
		change(&c)
		require.NoError(t, s.AddCall(ctx, c, plenty))
		got, err := s.PluginCall(ctx, c.Workspace, c.ID)
		require.NoError(t, err)
		c.Size = int64(len(c.Sealed))
		equal(t, c, got)
	}
	require.ErrorIs(t, s.AddCall(ctx, recorded("pc_0"), plenty), orchestrator.ErrConflict)

	for name, c := range map[string]struct {
		filter orchestrator.CallFilter
		want   []string
	}{
		"all, newest first":   {orchestrator.CallFilter{}, []string{"pc_3", "pc_2", "pc_1", "pc_0"}},
		"by plugin":           {orchestrator.CallFilter{Plugin: "bank"}, []string{"pc_2", "pc_1", "pc_0"}},
		"by version":          {orchestrator.CallFilter{Plugin: "bank", Version: "1.0.0"}, []string{"pc_1", "pc_0"}},
		"by code":             {orchestrator.CallFilter{Code: "TRAP"}, []string{"pc_1"}},
		"those that failed":   {orchestrator.CallFilter{Failed: true}, []string{"pc_2", "pc_1"}},
		"by enrollment":       {orchestrator.CallFilter{Enrollment: "e_1"}, []string{"pc_2", "pc_1", "pc_0"}},
		"nothing like it":     {orchestrator.CallFilter{Plugin: "ride"}, nil},
		"another workspace's": {orchestrator.CallFilter{Workspace: "third"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if c.filter.Workspace == "" {
				c.filter.Workspace = acme
			}
			require.Equal(t, c.want, ids(t, s, c.filter))
		})
	}
	_, rows, err := s.SealCheck(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 5, rows, "recordings need the master key")
}

func testCallsExpire(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i := range 5 {
		c := recorded(fmt.Sprint("old_", i))
		c.ExpiresAt = time.Now().Add(-time.Second)
		require.NoError(t, s.AddCall(ctx, c, plenty))
	}
	require.NoError(t, s.AddCall(ctx, recorded("new"), plenty))
	require.Equal(t, []string{"new"}, ids(t, s, orchestrator.CallFilter{Workspace: acme}))
	_, err := s.PluginCall(ctx, acme, "old_0")
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "before it is deleted, it cannot be read any more")
	for _, want := range []int64{3, 2, 0} {
		n, err := s.ForgetCalls(ctx, time.Now(), 3)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	_, rows, err := s.SealCheck(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, rows)

	require.NoError(t, s.AddCall(ctx, recorded("second"), orchestrator.CallQuota{Calls: 2, Bytes: 14}))
	require.Equal(t, []string{"second", "new"}, ids(t, s, orchestrator.CallFilter{Workspace: acme}), "what was deleted no longer counts")
}

func testCallQuota(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	few := orchestrator.CallQuota{Calls: 3, Bytes: 1000}
	require.NoError(t, concurrently(9, func(i int) error {
		c := recorded(fmt.Sprint("pc_", i))
		c.Workspace = []string{acme, acme, other}[i%3]
		return s.AddCall(ctx, c, few)
	}))
	mine := ids(t, s, orchestrator.CallFilter{Workspace: acme})
	require.Len(t, mine, 3, "the newest three of six")
	require.Len(t, ids(t, s, orchestrator.CallFilter{Workspace: other}), 3, "others have a quota of their own")

	large := recorded("large")
	large.Sealed = make([]byte, 990)
	require.NoError(t, s.AddCall(ctx, large, few))
	require.Equal(t, []string{"large", mine[0]}, ids(t, s, orchestrator.CallFilter{Workspace: acme}), "bytes count too, the oldest go first")

	large.ID, large.Sealed = "too large", make([]byte, 1001)
	require.NoError(t, s.AddCall(ctx, large, few))
	require.Empty(t, ids(t, s, orchestrator.CallFilter{Workspace: acme}))
	require.NoError(t, s.AddCall(ctx, recorded("next"), few))
	require.Equal(t, []string{"next"}, ids(t, s, orchestrator.CallFilter{Workspace: acme}))
}
