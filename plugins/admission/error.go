package admission

import (
	"errors"
	"fmt"
	"time"
)

// ErrBusy refuses a call because too many calls of the same plugin are waiting,
// or because it has waited for Config.Wait. The same call may succeed later.
var ErrBusy = errors.New("too many plugin calls at once")

var (
	errQueueFull = fmt.Errorf("%w: the queue of this plugin is full", ErrBusy)
	errWaited    = fmt.Errorf("%w: no place became free in time", ErrBusy)
)

// SuspendedError refuses a call because its plugin has failed too often.
type SuspendedError struct {
	After time.Duration // when to try again: whole seconds, at least one
}

// Error is a sentence without its period.
func (e *SuspendedError) Error() string {
	return fmt.Sprintf("the plugin has failed too often and is suspended; it is tried again in %s", e.After)
}
