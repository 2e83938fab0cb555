package orchestrator

import "context"

// MaxValues bounds the values of one enrollment together, in bytes as stored.
const MaxValues = 16 << 20

// ValueStore keeps what is too large for an enrollment's history, until the
// enrollment ends. Every method is idempotent.
type ValueStore interface {
	// PutValue stores a value under a name that follows from its content; it is
	// never changed. [ErrPrecondition]: the enrollment has ended, or would have
	// more than MaxValues.
	PutValue(ctx context.Context, enrollment, sha string, value []byte) error
	Value(ctx context.Context, enrollment, sha string) ([]byte, error)
	// DropValues deletes values of the enrollment; those that are not there are
	// no error.
	DropValues(ctx context.Context, enrollment string, shas []string) error
}
