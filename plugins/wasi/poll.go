package wasi

import (
	"context"
	"encoding/binary"
	"math"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// The layout of preview 1, in bytes.
const (
	subscriptionSize = 48
	eventSize        = 32
	maxSubscriptions = 64
)

// poll answers poll_oneoff without waiting: a subscription to a descriptor
// ends at once with an error; else the virtual clock jumps to the earliest
// deadline.
func poll(ctx context.Context, m api.Memory, s []uint64) uint64 {
	in, out, n, count := uint32(s[0]), uint32(s[1]), uint32(s[2]), uint32(s[3])
	if n == 0 || n > maxSubscriptions {
		return invalid
	}
	c := from(ctx)
	c.Charge(ctx, entryCost*int64(n))
	events, first, wait := uint32(0), uint64(0), time.Duration(math.MaxInt64)
	for i := range n {
		sub, inside := m.Read(in+subscriptionSize*i, subscriptionSize)
		if !inside {
			return fault
		}
		user := binary.LittleEndian.Uint64(sub)
		if sub[8] != 0 {
			if !writeEvent(m, out+eventSize*events, user, badf, sub[8]) {
				return fault
			}
			events++
			continue
		}
		if d := c.until(sub); d < wait {
			wait, first = d, user
		}
	}
	if events == 0 {
		c.sleep(wait)
		if !writeEvent(m, out, first, ok, 0) {
			return fault
		}
		events = 1
	}
	if !m.WriteUint32Le(count, events) {
		return fault
	}
	return ok
}

// until is how long a clock subscription waits.
func (c *Call) until(sub []byte) time.Duration {
	t := binary.LittleEndian.Uint64(sub[24:])
	d := time.Duration(min(t, math.MaxInt64))
	if absolute := sub[40]&1 != 0; !absolute {
		return d
	}
	if binary.LittleEndian.Uint32(sub[16:]) == 0 {
		return d - time.Duration(c.Now.UnixNano()) - c.elapsed
	}
	return d - c.elapsed
}

func writeEvent(m api.Memory, at uint32, user uint64, errno uint16, kind byte) bool {
	b, inside := m.Read(at, eventSize)
	if !inside {
		return false
	}
	clear(b)
	binary.LittleEndian.PutUint64(b, user)
	binary.LittleEndian.PutUint16(b[8:], errno)
	b[10] = kind
	return true
}
