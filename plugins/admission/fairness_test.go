package admission_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/admission"
)

func key(workspace, plugin int) admission.Key {
	return admission.Key{Workspace: fmt.Sprint("workspace", workspace), Plugin: fmt.Sprint("plugin", plugin)}
}

// flood begins n calls of k that run, slice after slice, until ctx ends.
func flood(ctx context.Context, c *admission.Control, k admission.Key, n int, memory int64, slice func()) {
	for range n {
		go func() {
			ticket, err := c.Enter(ctx, k, memory)
			if err != nil {
				return
			}
			defer ticket.Leave("")
			for err == nil {
				slice()
				err = ticket.Yield(ctx)
			}
		}()
	}
}

func millisecond() { pass(time.Millisecond) }

func TestP38_ANewcomerNeverWaitsForANeighborThatFloods(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name      string
		plugins   int
		workspace int // the newcomer's
	}{
		{"a plugin of the same workspace", 1, 0},
		{"a plugin of another workspace", 1, 1},
		{"many plugins of another workspace", 20, 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := admission.New(admission.Config{CPUs: 2, Memory: 1600, Wait: time.Hour})
				newcomer := key(tc.workspace, 100)
				call(t, c, newcomer) // is known to use the CPUs
				ctx, cancel := context.WithCancel(t.Context())
				for p := range tc.plugins {
					flood(ctx, c, key(0, p), 50, 100, millisecond)
				}
				for range 1000 {
					require.Zero(t, call(t, c, newcomer))
					pass(3 * time.Millisecond)
				}
				cancel()
				pass(time.Second)
				requireEmpty(t, c)
			})
		})
	}
}

// call admits a call and returns how long it waited.
func call(t *testing.T, c *admission.Control, k admission.Key) time.Duration {
	t.Helper()
	ticket, err := c.Enter(t.Context(), k, 100)
	require.NoError(t, err)
	defer ticket.Leave("")
	pass(time.Millisecond / 2)
	return ticket.Waited()
}

func requireEmpty(t *testing.T, c *admission.Control) {
	t.Helper()
	for _, s := range c.State() {
		require.Zero(t, s.Running+s.Admitted+s.Waiting, s.Key)
		require.Zero(t, s.Memory, s.Key)
	}
}

func TestP09_WorkspacesGetEqualShares(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 1, Memory: 3200, Wait: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		slices := map[admission.Key]int{} // one goroutine at a time: there is one CPU
		for workspace, plugins := range []int{5, 1} {
			for p := range plugins {
				k := key(workspace, p)
				flood(ctx, c, k, 4, 100, func() { slices[k]++; millisecond() })
			}
		}
		pass(1000*time.Millisecond + 1)
		cancel()
		pass(time.Second)
		require.InDelta(t, 500, slices[key(1, 0)], 10, "one plugin with a workspace of its own")
		for p := range 5 {
			require.InDelta(t, 100, slices[key(0, p)], 10, "plugin %d of 5 in a workspace", p)
		}
		requireEmpty(t, c)
	})
}

func TestAPluginThatIsAloneMayHaveAllCPUs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 2, Memory: 1600})
		ctx, cancel := context.WithCancel(t.Context())
		flood(ctx, c, key(0, 0), 4, 1, millisecond)
		running := func() int { synctest.Wait(); return c.State()[0].Running }
		require.Equal(t, 2, running())

		call(t, c, key(1, 0))
		pass(time.Second)
		require.Equal(t, 1, running(), "one stays free for the other, who was there a second ago")
		pass(10 * time.Second)
		require.Equal(t, 2, running(), "nobody else was there for long")
		cancel()
		pass(time.Second)
		requireEmpty(t, c)
	})
}

func TestMemoryIsSharedByWhatStaysFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 8, Memory: 1200, Wait: time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		sleep := func() { <-ctx.Done() }
		claimed := func() (all []int64) {
			synctest.Wait()
			for _, s := range c.State() {
				all = append(all, s.Memory)
			}
			return all
		}
		flood(ctx, c, key(0, 0), 20, 100, sleep)
		require.Equal(t, []int64{600}, claimed(), "a plugin has at most a half")
		flood(ctx, c, key(0, 1), 20, 100, sleep)
		require.Equal(t, []int64{600, 300}, claimed(), "a workspace has at most three quarters")
		flood(ctx, c, key(1, 0), 20, 100, sleep)
		require.Equal(t, []int64{600, 300, 100}, claimed(), "and there is something left for the next")
		flood(ctx, c, key(2, 0), 20, 100, sleep)
		require.Equal(t, []int64{600, 300, 100, 100}, claimed())
		cancel()
		pass(time.Second)
		requireEmpty(t, c)
	})
}

func TestP09_SmallCallsDoNotStarveABigOne(t *testing.T) {
	t.Parallel()
	for name, big := range map[string]admission.Key{
		"of another workspace":  key(9, 0),
		"of the same workspace": key(0, 9),
		"of the same plugin":    key(0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := admission.New(admission.Config{CPUs: 8, Memory: 1000, Wait: time.Hour})
				ctx, cancel := context.WithCancel(t.Context())
				for i := range 60 {
					go func() {
						for ctx.Err() == nil {
							if ticket, err := c.Enter(ctx, key(i%3, i%2), 100); err == nil {
								millisecond()
								ticket.Leave("")
							}
						}
					}()
				}
				pass(10*time.Millisecond + 1)
				ticket, err := c.Enter(ctx, big, 1000)
				require.NoError(t, err)
				require.LessOrEqual(t, ticket.Waited(), 50*time.Millisecond)
				ticket.Leave("")
				cancel()
				pass(time.Second)
				requireEmpty(t, c)
			})
		})
	}
}

func TestP37_ACallThatWaitsForTheHostNeedsNoCPU(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 1, Memory: 1000})
		sleeper, err := c.Enter(t.Context(), key(0, 0), 100)
		require.NoError(t, err)
		sleeper.Release()
		sleeper.Release()
		require.NoError(t, sleeper.Yield(t.Context()), "without a CPU there is nothing to offer")
		require.Zero(t, call(t, c, key(0, 0)))

		other, err := c.Enter(t.Context(), key(0, 1), 100)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, sleeper.Acquire(ctx), context.DeadlineExceeded)
		require.Equal(t, time.Second, sleeper.Waited())
		other.Leave("")
		require.NoError(t, sleeper.Acquire(t.Context()))
		require.NoError(t, sleeper.Acquire(t.Context()))
		sleeper.Leave("")
		sleeper.Leave("")
		requireEmpty(t, c)
	})
}
