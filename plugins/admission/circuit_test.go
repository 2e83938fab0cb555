package admission_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/admission"
	"github.com/qidong/qidong/sdk/abi"
)

var failing = admission.Key{Workspace: "w", Plugin: "failing@1.0.0"}

// end admits n calls of k, one after the other, that end with code.
func end(t *testing.T, c *admission.Control, k admission.Key, n int, code string) {
	t.Helper()
	for range n {
		ticket, err := c.Enter(t.Context(), k, 1)
		require.NoError(t, err)
		ticket.Leave(code)
	}
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }

// refused returns when a call of k may be tried again.
func refused(t *testing.T, c *admission.Control, k admission.Key) time.Duration {
	t.Helper()
	_, err := c.Enter(t.Context(), k, 1)
	var suspended *admission.SuspendedError
	require.ErrorAs(t, err, &suspended)
	return suspended.After
}

func TestP37_APluginThatKeepsFailingIsSuspended(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 2})
		end(t, c, failing, 10, abi.CodeDeadline)

		require.Equal(t, 15*time.Second, refused(t, c, failing))
		state := c.State()[0]
		require.Equal(t, "open", state.Breaker)
		require.Equal(t, time.Now(), state.Since)
		require.Equal(t, map[string]int{abi.CodeDeadline: 10}, state.Failures)
		require.Equal(t, 10, state.Calls, "a refused call is none")

		end(t, c, admission.Key{Workspace: "w", Plugin: "failing@1.0.1"}, 1, "")
		end(t, c, admission.Key{Workspace: "other", Plugin: "failing@1.0.0"}, 1, "")

		pass(14 * time.Second)
		require.Equal(t, time.Second, refused(t, c, failing))
		pass(time.Second + 1)
		require.Equal(t, "half_open", c.State()[1].Breaker)
		end(t, c, failing, 1, "")
		require.Equal(t, "closed", c.State()[1].Breaker)
		end(t, c, failing, 9, abi.CodeTrap)
		require.Equal(t, "closed", c.State()[1].Breaker, "what failed before is forgotten")
	})
}

func TestOneCallTriesASuspendedPlugin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 2})
		end(t, c, failing, 10, abi.CodeTrap)
		pass(15*time.Second + 1)

		trial, err := c.Enter(t.Context(), failing, 1)
		require.NoError(t, err)
		require.Equal(t, time.Second, refused(t, c, failing), "one call is enough for a trial")
		trial.Leave(abi.CodeCanceled)

		trial, err = c.Enter(t.Context(), failing, 1)
		require.NoError(t, err, "a trial that was canceled shows nothing; the next call is one")
		trial.Leave(abi.CodeTrap)
		require.Equal(t, 15*time.Second, refused(t, c, failing))
	})
}

func TestATrialThatIsNeverAdmittedLeavesItToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 1})
		end(t, c, failing, 10, abi.CodeTrap)
		pass(15*time.Second + 1)
		neighbor, err := c.Enter(t.Context(), key(0, 0), 1)
		require.NoError(t, err)
		_, err = c.Enter(t.Context(), failing, 1)
		require.ErrorIs(t, err, admission.ErrBusy)
		neighbor.Leave("")
		end(t, c, failing, 1, "")
	})
}

func TestWhatCountsAsAFailure(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		enter  func(t *testing.T, c *admission.Control)
		opened bool
	}{
		{"nine failures in a row are too few", func(t *testing.T, c *admission.Control) {
			end(t, c, failing, 9, abi.CodeTrap)
		}, false},
		{"errors that the plugin declares are results", func(t *testing.T, c *admission.Control) {
			end(t, c, failing, 100, "sold_out")
		}, false},
		{"what the caller or the host did is not the plugin's fault", func(t *testing.T, c *admission.Control) {
			for _, code := range []string{abi.CodeBadInput, abi.CodeCanceled, abi.CodeUnavailable, abi.CodeUnknownAction, abi.CodeBusy} {
				end(t, c, failing, 30, code)
			}
		}, false},
		{"and does not interrupt a row of failures", func(t *testing.T, c *admission.Control) {
			end(t, c, failing, 9, abi.CodeTrap)
			end(t, c, failing, 50, abi.CodeBadInput)
			end(t, c, failing, 1, abi.CodeFuel)
		}, true},
		{"half of twenty calls are too many", func(t *testing.T, c *admission.Control) {
			for range 10 {
				end(t, c, failing, 1, "")
				end(t, c, failing, 1, abi.CodeDepth)
			}
		}, true},
		{"a third is not", func(t *testing.T, c *admission.Control) {
			for range 100 {
				end(t, c, failing, 2, "")
				end(t, c, failing, 1, abi.CodeMemory)
			}
		}, false},
		{"failures long ago are forgotten", func(t *testing.T, c *admission.Control) {
			for range 30 {
				end(t, c, failing, 1, "")
				end(t, c, failing, 1, abi.CodeOutputTooBig)
				pass(5 * time.Second)
			}
		}, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := admission.New(admission.Config{CPUs: 2})
				tc.enter(t, c)
				require.Equal(t, tc.opened, c.State()[0].Breaker == "open")
			})
		})
	}
}

func TestCallsThatWaitedForAPluginWhileItFailedAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 1, Memory: 30})
		end(t, c, failing, 9, abi.CodeTrap)
		tenth, err := c.Enter(t.Context(), failing, 1)
		require.NoError(t, err)
		late := make(chan error)
		go func() {
			_, err := c.Enter(t.Context(), failing, 1)
			late <- err
		}()
		synctest.Wait()
		require.Equal(t, 1, c.State()[0].Waiting)

		tenth.Leave(abi.CodeTrap)
		require.ErrorAs(t, <-late, new(*admission.SuspendedError))
		state := c.State()[0]
		require.Zero(t, state.Waiting+state.Admitted+state.Running)
		require.Zero(t, state.Memory)
	})
}
