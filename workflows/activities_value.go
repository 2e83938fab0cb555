package workflows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"github.com/qidong/qidong/orchestrator"
)

// Values keeps what is too large for a history, until its enrollment ends. Every
// method is idempotent.
type Values interface {
	// PutValue stores a value under its hash; [orchestrator.ErrPrecondition] when
	// the enrollment has as much as it may have, or has ended.
	PutValue(ctx context.Context, enrollment, sha string, value []byte) error
	// Value is [orchestrator.ErrNotFound] when there is none.
	Value(ctx context.Context, enrollment, sha string) ([]byte, error)
	// DropValues deletes values of the enrollment; those that are not there are
	// no error.
	DropValues(ctx context.Context, enrollment string, shas []string) error
}

// PutInput is a value for the store. Drop names values that an earlier run of
// the enrollment has left behind.
type PutInput struct {
	Enrollment string   `json:"enrollment"`
	SHA        string   `json:"sha"`
	Value      []byte   `json:"value"`
	Drop       []string `json:"drop,omitempty"`
}

// GetInput asks for the part of a value that begins at Offset.
type GetInput struct {
	Enrollment string `json:"enrollment"`
	SHA        string `json:"sha"`
	Offset     int    `json:"offset"`
}

// GetOutput is a part of a packed value. More tells that others follow.
type GetOutput struct {
	Chunk []byte `json:"chunk"`
	More  bool   `json:"more"`
}

// PutValue stores a value and drops those that are not needed any more.
func (a *Activities) PutValue(ctx context.Context, in PutInput) error {
	if len(in.Drop) > 0 {
		if err := a.Values.DropValues(ctx, in.Enrollment, in.Drop); err != nil {
			return fmt.Errorf("dropping old values of %s: %w", in.Enrollment, err)
		}
	}
	return a.put(ctx, in.Enrollment, in.SHA, in.Value)
}

func (a *Activities) put(ctx context.Context, enrollment, sha string, value []byte) error {
	packed, err := pack(value)
	if err != nil {
		return err
	}
	err = a.Values.PutValue(ctx, enrollment, sha, packed)
	if errors.Is(err, orchestrator.ErrPrecondition) {
		return temporal.NewNonRetryableApplicationError(err.Error(), "VALUES_LIMIT", nil)
	}
	return err
}

// GetValue is a part of a value.
func (a *Activities) GetValue(ctx context.Context, in GetInput) (GetOutput, error) {
	packed, err := a.Values.Value(ctx, in.Enrollment, in.SHA)
	if err == nil && in.Offset > len(packed) {
		err = fmt.Errorf("%w: it has %d bytes, and those from %d on are wanted", orchestrator.ErrNotFound, len(packed), in.Offset)
	}
	if errors.Is(err, orchestrator.ErrNotFound) {
		return GetOutput{}, temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("value %s of enrollment %s is not in the store: %v", in.SHA, in.Enrollment, err), "VALUE_LOST", nil)
	}
	if err != nil {
		return GetOutput{}, err
	}
	end := min(in.Offset+maxChunk, len(packed))
	return GetOutput{Chunk: packed[in.Offset:end], More: end < len(packed)}, nil
}

// checkIn gives a call's output to the store when it is too large for a history.
func (a *Activities) checkIn(ctx context.Context, in CallInput, out CallOutput) (CallOutput, error) {
	if a.Values == nil {
		return out, nil
	}
	body, err := json.Marshal(out.Output)
	if err != nil || len(body) <= maxInline {
		return out, nil //nolint:nilerr // what cannot be encoded fails where it is encoded for Temporal
	}
	ref := refOf(in.Key, body)
	if err := a.put(ctx, in.Enrollment, ref.SHA, body); err != nil {
		return CallOutput{}, err
	}
	return CallOutput{Ref: &ref, Attempts: out.Attempts}, nil
}

// checkOut fetches a call's input that was too large for a history.
func (a *Activities) checkOut(ctx context.Context, in CallInput) (CallInput, error) {
	if in.InputRef == nil {
		return in, nil
	}
	packed, err := a.Values.Value(ctx, in.Enrollment, in.InputRef.SHA)
	if err != nil {
		return in, fmt.Errorf("fetching the input of %s: %w", in.Key, err)
	}
	body, err := unpack(packed)
	if err != nil {
		return in, fmt.Errorf("unpacking the input of %s: %w", in.Key, err)
	}
	if err := json.Unmarshal(body, &in.Input); err != nil {
		return in, fmt.Errorf("decoding the input of %s: %w", in.Key, err)
	}
	in.InputRef = nil
	return in, nil
}
