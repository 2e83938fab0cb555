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

func TestP09_CallsWaitInAQueueOfBoundedLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 1, Memory: 1000, Queue: 3, Wait: time.Minute})
		running, err := c.Enter(t.Context(), key(0, 0), 100)
		require.NoError(t, err)
		admitted := make(chan *admission.Ticket)
		for range 3 {
			go func() {
				ticket, _ := c.Enter(t.Context(), key(0, 0), 100)
				admitted <- ticket
			}()
		}
		synctest.Wait()
		_, err = c.Enter(t.Context(), key(0, 0), 100)
		require.ErrorIs(t, err, admission.ErrBusy)
		require.EqualError(t, err, "too many plugin calls at once: the queue of this plugin is full")
		require.Equal(t, 3, c.State()[0].Waiting)

		running.Leave("")
		for range 3 {
			ticket := <-admitted
			require.NotNil(t, ticket)
			ticket.Leave("")
		}
		require.Equal(t, 4, c.State()[0].Calls)
		requireEmpty(t, c)
	})
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	canceled := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	patient := func(t *testing.T) context.Context { return t.Context() }
	cases := []struct {
		name   string
		ctx    func(*testing.T) context.Context
		memory int64
		want   error
		after  time.Duration
	}{
		{"for memory when the caller gives up", canceled, 600, context.DeadlineExceeded, time.Second},
		{"for a CPU when the caller gives up", canceled, 100, context.DeadlineExceeded, time.Second},
		{"for memory after the longest wait", patient, 600, admission.ErrBusy, time.Minute},
		{"for a CPU after the longest wait", patient, 100, admission.ErrBusy, time.Minute},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := admission.New(admission.Config{CPUs: 1, Memory: 1000, Wait: time.Minute})
				running, err := c.Enter(t.Context(), key(0, 0), 500)
				require.NoError(t, err)
				start := time.Now()
				_, err = c.Enter(tc.ctx(t), key(1, 0), tc.memory)
				require.ErrorIs(t, err, tc.want)
				require.Equal(t, tc.after, time.Since(start))
				running.Leave("")
				requireEmpty(t, c)
				all, err := c.Enter(t.Context(), key(1, 0), 1000)
				require.NoError(t, err)
				require.Zero(t, all.Waited())
				all.Leave("")
			})
		})
	}
}

func TestWhoGivesUpLetsThoseBehindPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 8, Memory: 1000, Wait: time.Minute})
		_, err := c.Enter(t.Context(), key(0, 0), 500)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go c.Enter(ctx, key(1, 0), 600)
		synctest.Wait()
		behind, err := c.Enter(t.Context(), key(2, 0), 100)
		require.NoError(t, err)
		require.Equal(t, time.Second, behind.Waited())
	})
}

func TestACallThatClaimsMoreThanThereIsFailsAtOnce(t *testing.T) {
	t.Parallel()
	c := admission.New(admission.Config{Memory: 1000})
	for _, memory := range []int64{1001, 1 << 62, -1} {
		_, err := c.Enter(t.Context(), key(0, 0), memory)
		require.EqualError(t, err, fmt.Sprintf("admitting a call that claims %d bytes of memory: all calls together may have 1000", memory))
	}
}

func TestIdlePluginsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := admission.New(admission.Config{CPUs: 2, Memory: 1000})
		busy, err := c.Enter(t.Context(), key(0, 0), 100)
		require.NoError(t, err)
		busy.Release()
		for i := range 5000 {
			end(t, c, key(i%3, i+1), 1, "")
			if i%100 == 0 {
				require.LessOrEqual(t, len(c.State()), 1024)
			}
			if i == 4000 {
				pass(2 * time.Hour)
			}
		}
		require.GreaterOrEqual(t, len(c.State()), 700, "and only those")
		require.Equal(t, key(0, 0), c.State()[0].Key, "one with a call is not idle")
		busy.Leave("")
	})
}
