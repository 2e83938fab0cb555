package orchestrator

import (
	"errors"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// The kinds of errors. Adapters map them to codes; wrap one with %w to give an
// error its kind. An error of no kind is internal.
var (
	ErrInvalid      = errors.New("invalid")
	ErrNotFound     = errors.New("not found")
	ErrConflict     = errors.New("conflict")
	ErrPrecondition = errors.New("precondition failed")
	ErrUnauthorized = errors.New("not signed in")
	ErrForbidden    = errors.New("forbidden")
	ErrLimit        = errors.New("limit exceeded")
	ErrUnavailable  = errors.New("unavailable")
)

// ErrUndoFirst refuses the end of a child that would leave undos to a parent
// which has left it: nobody else will do them. The child does them, and ends.
var ErrUndoFirst = errors.New("the parent has left this journey: what it did is to be undone before it ends")

// Problem is one thing wrong with what somebody sent: where, what, and the mend.
type Problem = journey.Problem

// ValidationError carries all problems at once. It is an [ErrInvalid].
type ValidationError struct {
	Subject  string // "journey movie-night", "event"
	Problems []Problem
}

// Error is one line per problem.
func (e *ValidationError) Error() string {
	var b strings.Builder
	b.WriteString(e.Subject + " is not valid")
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (e *ValidationError) Unwrap() error { return ErrInvalid }

// RefusalError says why something is not done: an error of its Kind, with a sentence
// that the pages can say in their reader's language.
type RefusalError struct {
	Kind error // one of the kinds above
	Said journey.Sentence
}

// Refuse is a *[RefusalError].
func Refuse(kind error, said journey.Sentence) error { return &RefusalError{Kind: kind, Said: said} }

// Error is the kind and the sentence in English.
func (r *RefusalError) Error() string { return r.Kind.Error() + ": " + r.Said.String() }

// Unwrap makes errors.Is(err, r.Kind) true.
func (r *RefusalError) Unwrap() error { return r.Kind }
