package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/sys"

	"github.com/qidong/qidong/sdk/abi"
)

// RunError is how a run ended when it did not return.
type RunError struct {
	Code    string // of package abi
	Message string // a sentence
	// Stack is where the guest was, innermost first: function names when the
	// module kept its name section, indexes otherwise. At most 30 frames.
	Stack []string
}

// Error is code and message.
func (f *RunError) Error() string { return f.Code + ": " + f.Message }

func failf(code, format string, args ...any) *RunError {
	return &RunError{Code: code, Message: fmt.Sprintf(format, args...)}
}

// explain turns what ended a run into a *RunError. Errors that a host function
// of the caller panicked with are passed on as they are, with the stack.
func explain(ctx context.Context, m *memory, err error) error {
	text, stack := splitTrace(err.Error())
	var f *RunError
	var exit *sys.ExitError
	switch {
	case errors.As(err, &f):
	case errors.As(err, &exit):
		f = failf(abi.CodeTrap, "It exited with code %d instead of returning; the log may tell why.", exit.ExitCode())
	case strings.Contains(text, recovered):
		return &HostError{Err: err, Stack: stack}
	case m.exceeded:
		f = failf(abi.CodeMemory, "It needs more than %d bytes of memory, which is the limit.", m.limit)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		f = outOfTime()
	case strings.Contains(text, "stack overflow"): // with a limit raised so far that the runtime's comes first
		f = failf(abi.CodeDepth, "Its calls are nested deeper than the host's stack holds. It may recurse without end.")
	default:
		f = failf(abi.CodeTrap, "It crashed: %s.", strings.TrimPrefix(text, "wasm error: "))
	}
	f.Stack = stack
	return f
}

func outOfTime() *RunError { return failf(abi.CodeDeadline, "It ran out of time.") }

// HostError is what a host function panicked with; it unwraps to it.
type HostError struct {
	Err   error
	Stack []string // as in [RunError]
}

// Error is the text without the stack.
func (e *HostError) Error() string {
	text, _ := splitTrace(e.Err.Error())
	return strings.TrimSuffix(text, recovered)
}

// Unwrap is what the function panicked with.
func (e *HostError) Unwrap() error { return e.Err }

// recovered is what the runtime adds to a panic of a host function.
const recovered = " (recovered by wazero)"

// splitTrace takes the runtime's error text apart: what happened, and the
// guest's frames.
func splitTrace(s string) (text string, stack []string) {
	text, rest, _ := strings.Cut(s, "\nwasm stack trace:\n")
	text, _, _ = strings.Cut(text, "\n") // a Go stack trace of the host is no business of the guest
	for line := range strings.Lines(rest) {
		if line = strings.TrimSpace(line); line != "" {
			line = strings.TrimPrefix(line, ".")
			name := line[:max(strings.IndexByte(line, '('), 0)]
			stack = append(stack, rustName(name)+line[len(name):])
		}
	}
	return text, stack
}
