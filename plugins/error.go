package plugins

import (
	"fmt"
	"strings"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// CallError is a call that gave no output. Code is one of package abi when the
// host made it (upper case), or the plugin's own.
type CallError struct {
	Plugin, Action string
	Code           string
	Message        string        // a sentence
	Retry          string        // "never", "later" or "after"
	After          time.Duration // for "after": at least one second
}

// Error is a sentence that names plugin, action and code.
func (e *CallError) Error() string {
	return fmt.Sprintf("%s.%s failed with %s: %s", e.Plugin, e.Action, e.Code, e.Message)
}

// Problem is one thing wrong with a module or its manifest.
type Problem struct {
	Path    string // in the manifest: "actions.hold_seats.input"; "" for the module
	Code    string // of package abi
	Message string // a sentence
}

// ModuleError refuses a module, with all problems that were found.
type ModuleError struct{ Problems []Problem }

// Error is one line per problem.
func (e *ModuleError) Error() string {
	var s strings.Builder
	s.WriteString("the plugin cannot be accepted")
	for _, p := range e.Problems {
		s.WriteString("\n  ")
		if p.Path != "" {
			s.WriteString(p.Path + ": ")
		}
		s.WriteString(p.Message + " (" + p.Code + ")")
	}
	return s.String()
}

func moduleError(code, format string, args ...any) *ModuleError {
	return &ModuleError{Problems: []Problem{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

// failure is how a run ended when it did not give a result.
type failure struct {
	code    string
	message string
	stack   []string      // where the guest was, innermost first
	after   time.Duration // when to try again; 0 says nothing
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func failf(code, format string, args ...any) *failure {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

// retry says of the host's codes whether the same call may succeed later.
func retry(code string) abi.Retry {
	switch code {
	case abi.CodeDeadline, abi.CodeCanceled, abi.CodeUnavailable, abi.CodeBusy:
		return abi.RetryLater
	}
	return abi.RetryNever
}
