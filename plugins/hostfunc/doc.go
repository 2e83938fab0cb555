// Package hostfunc holds the capabilities that a plugin may be granted: what
// it can do to the world outside, each denied by default. A capability takes a
// guest's request as data and gives a response or an error as data; only the
// end of the call's context ends the call.
//
// A guest never says whose call it is: workspace, plugin, customer and
// idempotency key come from the [Caller]. It never sees a secret: it writes
// {{secret:name}}, and the host fills in the value on the way out.
package hostfunc

import (
	"fmt"
	"strconv"

	"github.com/qidong/qidong/sdk/abi"
)

// Caller is the call on whose behalf a capability acts.
type Caller struct {
	Workspace      string
	Plugin         string // name in its manifest
	Customer       string // "" when the call is for nobody
	IdempotencyKey string
	// Trace is the W3C id of the trace that the call belongs to, 32 hexadecimal
	// digits; "" for none.
	Trace string
}

// denied refuses for want of a grant. what completes "The plugin cinema may
// not …", mend says what to add.
func (c Caller) denied(what, mend string) *abi.Error {
	return &abi.Error{
		Code: abi.CodeDenied, Retry: abi.RetryNever,
		Message: fmt.Sprintf("The plugin %s may not %s in workspace %s. %s", c.Plugin, what, c.Workspace, mend),
	}
}

// key is the idempotency key of the nth effect of its kind in a call, from 1.
func (c Caller) key(n int) string {
	if n == 1 {
		return c.IdempotencyKey
	}
	return c.IdempotencyKey + "." + strconv.Itoa(n)
}

func badRequest(format string, args ...any) *abi.Error {
	return &abi.Error{Code: abi.CodeBadRequest, Retry: abi.RetryNever, Message: fmt.Sprintf(format, args...)}
}
