package admission

import (
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/qidong/qidong/sdk/abi"
)

// A plugin is suspended after so many failures in a row, or when at least half
// of at least so many calls within the window failed.
const (
	maxFailuresInARow = 10
	minCalls          = 20
	window            = 30 * time.Second
	windowStep        = 3 * time.Second
)

// suspension is how long a plugin is suspended before one call tries it again.
const suspension = 15 * time.Second

// Fault tells whether an error with this code is the plugin's own fault, so that
// it counts against its circuit: it trapped, exceeded a limit, or gave bad
// output. Errors that it declares are results like any other; what the caller
// or the host did says nothing about the plugin.
func Fault(code string) bool {
	switch code {
	case abi.CodeTrap, abi.CodeFuel, abi.CodeDepth, abi.CodeMemory, abi.CodeDeadline, abi.CodeBadOutput,
		abi.CodeOutputTooBig, abi.CodeHostCalls, abi.CodeJSONTooDeep:
		return true
	}
	return false
}

// success tells whether a call counts for its plugin: it gave a result, or an
// error of its own, whose codes are lower-case.
func success(code string) bool {
	return code == "" || code[0] >= 'a' && code[0] <= 'z'
}

var (
	errFault    = errors.New("the plugin's fault")
	errExcluded = errors.New("says nothing about the plugin")
)

// circuit suspends a plugin that keeps failing. The mutex of Control guards it.
type circuit struct {
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	state    gobreaker.State
	since    time.Time // of the state; zero if it never changed
	trips    int       // how often it opened
	calls    int       // that ended
	failures map[string]int
}

// watch gives c a closed breaker.
func (c *circuit) watch() {
	c.failures = map[string]int{}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests: 1, Interval: window, BucketPeriod: windowStep, Timeout: suspension,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			ended := n.TotalFailures + n.TotalSuccesses
			return n.ConsecutiveFailures >= maxFailuresInARow || ended >= minCalls && 2*n.TotalFailures >= ended
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.state, c.since = to, time.Now()
			if to == gobreaker.StateOpen {
				c.trips++
			}
		},
		IsSuccessful: func(err error) bool { return err == nil },
		IsExcluded:   func(err error) bool { return errors.Is(err, errExcluded) },
	})
}

// allow lets a call pass, and returns where to tell how it ended.
func (c *circuit) allow() (func(error), error) {
	done, err := c.breaker.Allow()
	if err != nil {
		return nil, c.suspended()
	}
	return done, nil
}

// suspended says when to try again. While the one call that tries the plugin
// runs, that is soon.
func (c *circuit) suspended() *SuspendedError {
	after := time.Second
	if c.state == gobreaker.StateOpen {
		after = max(after, (suspension - time.Since(c.since) + time.Second - 1).Truncate(time.Second))
	}
	return &SuspendedError{After: after}
}

// ended counts a call that was admitted.
func (c *circuit) ended(done func(error), code string) {
	c.calls++
	switch {
	case Fault(code):
		c.failures[code]++
		done(errFault)
	case success(code):
		done(nil)
	default:
		done(errExcluded)
	}
}
