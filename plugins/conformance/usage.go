package conformance

import (
	"fmt"

	"github.com/qidong/qidong/sdk/abi"
)

// used is what the examples took, together and at most.
type used struct {
	hosts      map[string]bool
	ledger, kv bool
	most       map[string]Usage // by name of the limit
}

// measure keeps the largest use of each limit.
func (x *example) measure(o outcome) {
	x.most("fuel", o.Fuel)
	x.most("memory_bytes", o.Memory)
	x.most("output_bytes", int64(len(o.Output)))
	x.most("log_bytes", int64(len(o.Log)))
	x.most("host_calls", int64(o.HostCalls))
}

func (x *example) most(limit string, n int64) {
	if old, ok := x.used.most[limit]; !ok || n > old.Used {
		x.used.most[limit] = Usage{Limit: limit, Used: n, Path: clean(x.path)}
	}
}

// usage reports the use of each limit, and warns of more than half.
func (c *checker) usage() {
	s := c.report.begin(StageLimits)
	for _, l := range abi.Limits() {
		u, ok := c.used.most[l.Name]
		if !ok {
			continue
		}
		u.Of, u.Unit = l.Default, l.Unit
		c.report.Usage = append(c.report.Usage, u)
		if u.Share() > 0.5 {
			s.add(Finding{
				Path: u.Path, Code: l.Code, Warning: true,
				Message: fmt.Sprintf("The example takes %s of the %s that a call may take by default (%s).", percent(u.Share()), amount(u.Of, u.Unit), u.Limit),
				Mend:    "Larger inputs may exceed it; make the action cheaper, or ask the operator to raise the limit.",
			})
		}
	}
}
