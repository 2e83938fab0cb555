package hostfunc

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/qidong/qidong/sdk/abi"
)

// MaxPoints is the most that one posting may give.
const MaxPoints = 100_000

// MaxReason bounds the reason of a posting, in bytes.
const MaxReason = 200

// Poster books points. Post is idempotent by key: the same key again books
// nothing and returns the balance then.
type Poster interface {
	Post(ctx context.Context, workspace, customer string, amount int64, reason, key string) (balance int64, err error)
}

// Ledger gives points to the customer of one call. It is not safe for
// concurrent use.
type Ledger struct {
	Caller  Caller
	Granted bool
	Poster  Poster // nil: this host has no ledger

	postings int
}

// Post books one posting.
func (l *Ledger) Post(ctx context.Context, q abi.LedgerRequest) (*abi.LedgerResponse, *abi.Error) {
	switch {
	case !l.Granted:
		return nil, l.Caller.denied("post points", `Set "ledger": true in its grant.`)
	case l.Poster == nil:
		return nil, l.Caller.denied("post points", "This host has no ledger.")
	case l.Caller.Customer == "":
		return nil, badRequest("Points can be posted only in a call for a customer, and this one is for nobody.")
	case q.Amount < 1 || q.Amount > MaxPoints:
		return nil, badRequest("A posting of %d points is not possible; give 1 to %d.", q.Amount, MaxPoints)
	case len(q.Reason) > MaxReason:
		return nil, badRequest("The reason of a posting has %d bytes; at most %d are allowed.", len(q.Reason), MaxReason)
	case !utf8.ValidString(q.Reason) || strings.ContainsFunc(q.Reason, unicode.IsControl):
		return nil, badRequest("The reason of a posting must be one line of text.")
	}
	l.postings++
	balance, err := l.Poster.Post(ctx, l.Caller.Workspace, l.Caller.Customer, q.Amount, q.Reason, l.Caller.key(l.postings))
	if err != nil {
		return nil, &abi.Error{Code: abi.CodeLedger, Retry: abi.RetryLater, Message: "The points could not be posted: " + err.Error() + "."}
	}
	return &abi.LedgerResponse{Balance: balance}, nil
}
