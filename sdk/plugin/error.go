package plugin

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// Error is a failure that the plugin declares: a code for programs, a sentence
// for people, and whether to try again.
type Error struct {
	Code    string // a lower-case word: "sold_out"; upper case is the host's
	Message string
	Retry   abi.Retry
	Delay   time.Duration // for abi.RetryAfter
}

// Errorf makes an error that is final: the call is not retried, and an
// operator sees the message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Retry: abi.RetryNever}
}

// Later says that the same call may succeed at a moment of the caller's
// choice. It changes and returns e.
func (e *Error) Later() *Error {
	e.Retry, e.Delay = abi.RetryLater, 0
	return e
}

// After says that the same call may succeed, but not before d, rounded up to
// seconds. It changes and returns e.
func (e *Error) After(d time.Duration) *Error {
	e.Retry, e.Delay = abi.RetryAfter, d
	return e
}

// Error is code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Code is the code of err: of its [Error], "failed" for another error, "" for
// nil.
func Code(err error) string {
	if err == nil {
		return ""
	}
	return wire(err).Code
}

// wire is err as it crosses to the host.
func wire(err error) *abi.Error {
	var e *Error
	if !errors.As(err, &e) {
		return &abi.Error{Code: "failed", Message: err.Error(), Retry: abi.RetryNever}
	}
	w := &abi.Error{Code: e.Code, Message: e.Message, Retry: e.Retry}
	if e.Retry == abi.RetryAfter {
		w.After = max(1, int64(math.Ceil(e.Delay.Seconds())))
	}
	return w
}

// fromWire is an error of the host or of a backend as the plugin sees it.
func fromWire(w *abi.Error) *Error {
	return &Error{Code: w.Code, Message: w.Message, Retry: w.Retry, Delay: seconds(w.After)}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
