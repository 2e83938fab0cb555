package admission_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/admission"
)

// gauge counts who is inside, and remembers the most.
type gauge struct{ now, most atomic.Int64 }

func (g *gauge) add(n int64) {
	now := g.now.Add(n)
	for most := g.most.Load(); now > most && !g.most.CompareAndSwap(most, now); most = g.most.Load() {
	}
}

// crowd are calls that really run at once.
type crowd struct {
	*admission.Control
	memory, cpus gauge
}

// call enters, runs a few slices, asks the host now and then, and leaves;
// sometimes it gives up on the way.
func (c *crowd) call(ctx context.Context, k admission.Key, r *rand.Rand) error {
	if r.IntN(4) == 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.IntN(200))*time.Microsecond)
		defer cancel()
	}
	memory := r.Int64N(400)
	ticket, err := c.Enter(ctx, k, memory)
	if err != nil {
		return err
	}
	defer ticket.Leave("")
	c.memory.add(memory)
	defer c.memory.add(-memory)
	for range r.IntN(5) {
		c.cpus.add(1)
		runtime.Gosched()
		c.cpus.add(-1)
		if r.IntN(3) == 0 {
			ticket.Release()
			runtime.Gosched()
			err = ticket.Acquire(ctx)
		} else {
			err = ticket.Yield(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestP09_BoundsHoldWhileManyCallAtOnce(t *testing.T) {
	t.Parallel()
	c := &crowd{Control: admission.New(admission.Config{CPUs: 3, Memory: 1000, Queue: 100, Wait: time.Minute})}
	var all sync.WaitGroup
	var served [16]int
	for i := range served {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				err := c.call(t.Context(), key(i%4, i%3), r)
				switch {
				case err == nil:
					served[i]++
				case !errors.Is(err, context.DeadlineExceeded):
					t.Errorf("A call was refused: %v.", err)
				}
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, c.cpus.most.Load(), int64(3))
	require.LessOrEqual(t, c.memory.most.Load(), int64(1000))
	for i, n := range served {
		require.Greater(t, n, 100, "caller %d", i)
	}
	requireEmpty(t, c.Control)
}
