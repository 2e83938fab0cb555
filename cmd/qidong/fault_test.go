package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFaults_AreRiddenOut gives each partner backend each fault for a while.
// The journeys retry; the demo checks that nothing was charged twice, also when
// the bank does the work and drops the connection.
func TestFaults_AreRiddenOut(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	for mode, count := range map[string]int{"error": 3, "drop": 4, "down": 3, "slow": 1} {
		for _, backend := range backendNames {
			i.fault(backend, mode, count)
		}
		s := i.demo(ctx, "--customers", "8", "--answer", "25s")
		require.Equal(t, 8, s.Completed, mode)
		require.Empty(t, s.Disagreements, mode)
	}
}

// TestFaults_AreHeldForAnOperator keeps the bank down for longer than a call is
// retried: every paying customer is held, none is lost, and after the repair an
// operator's retry takes each to the end, charged once.
func TestFaults_AreHeldForAnOperator(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	i.fault("bank", "error", -1)
	done := make(chan summary, 1)
	go func() { done <- i.demo(ctx, "--customers", "10", "--answer", "25s", "--tolerant") }()
	require.Eventually(t, func() bool { return len(heldIDs(ctx, i)) > 0 }, 3*time.Minute, 200*time.Millisecond, "nobody was held")
	i.fault("bank", "none", 0)
	retried := 0
	for {
		select {
		case s := <-done:
			require.Equal(t, 10, s.Completed)
			require.Positive(t, retried)
			return
		case <-ctx.Done():
			require.FailNow(t, "out of time")
		case <-time.After(200 * time.Millisecond):
			for _, id := range heldIDs(ctx, i) {
				if _, _, err := i.run(ctx, "enrollment", "retry", id); err == nil {
					retried++
				}
			}
		}
	}
}

// heldIDs are the enrollments that wait for an operator.
func heldIDs(ctx context.Context, i *installation) []string {
	out, _, err := i.run(ctx, "enrollment", "list", "--status", "held", "--json")
	if err != nil {
		return nil
	}
	var list struct {
		Enrollments []struct {
			ID string `json:"id"`
		} `json:"enrollments"`
	}
	if json.Unmarshal([]byte(out), &list) != nil {
		return nil
	}
	var ids []string
	for _, e := range list.Enrollments {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestDev_SaysInOneSentenceWhyItCannotStart tries what goes wrong at a start.
func TestDev_SaysInOneSentenceWhyItCannotStart(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	tests := []struct {
		name, data, listen, want string
	}{
		{"a second process on the same data", i.dir, "127.0.0.1:0", "another qidong is running"},
		{"a port in use", t.TempDir(), i.listen, "in use"},
		{"an address that is not loopback", t.TempDir(), "0.0.0.0:0", "not a loopback address"},
		{"an address that is none", t.TempDir(), "seven", "write it like 127.0.0.1:7780"},
		{"a data directory below a file", i.dir + "/dev.json/x", "127.0.0.1:0", "cannot be made"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			other := &installation{t: t, binary: i.binary, dir: tc.data}
			_, stderr, err := other.run(t.Context(), "dev", "--listen", tc.listen)
			require.Error(t, err)
			require.Contains(t, stderr, tc.want)
			require.Equal(t, 1, strings.Count(strings.TrimSpace(stderr), "\n")+1, "one line: %s", stderr)
		})
	}
}

// TestDev_StopsCleanlyAndGoesOn stops as Ctrl-C does and starts on the same data.
func TestDev_StopsCleanlyAndGoesOn(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	i.start()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	first := i.demo(ctx, "--customers", "4", "--answer", "20s")
	require.NoError(t, i.interrupt())
	i.start()
	out, stderr, err := i.run(ctx, "enrollment", "list", "--json")
	require.NoError(t, err, stderr)
	require.Equal(t, first.Customers, strings.Count(out, `"journey"`), out)
}
