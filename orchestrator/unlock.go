package orchestrator

import (
	"context"
	"fmt"

	"github.com/qidong/qidong/orchestrator/seal"
)

// proof is what the stored check says once it is open.
const proof = "qidong"

var proofPlace = seal.Context{Kind: "check", ID: "1"}

// NewVault makes key, of [seal.KeySize] random bytes, the master key of a store
// in which nothing is sealed yet; [ErrPrecondition] when something is.
func NewVault(ctx context.Context, store VaultStore, key []byte) (*Vault, error) {
	box, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	_, rows, err := store.SealCheck(ctx)
	switch {
	case err != nil:
		return nil, err
	case rows > 0:
		return nil, Refuse(ErrPrecondition, say("%d values in the database are sealed with another master key", rows))
	}
	return newVault(store, box), store.PutSealCheck(ctx, box.Seal([]byte(proof), proofPlace))
}

// OpenVault opens what the store has sealed with its master key. The first key
// of a store is remembered; another one later is a *[WrongKeyError], and then
// nothing has changed: with the wrong key, everything sealed would be lost and
// nobody told.
func OpenVault(ctx context.Context, store VaultStore, key []byte) (*Vault, error) {
	check, rows, err := store.SealCheck(ctx)
	if err != nil {
		return nil, err
	}
	if check == nil && rows == 0 {
		return NewVault(ctx, store, key)
	}
	box, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	if plain, err := box.Open(check, proofPlace); err != nil || string(plain) != proof {
		return nil, &WrongKeyError{Given: box.KeyID(), Wanted: seal.KeyIDOf(check)}
	}
	return newVault(store, box), nil
}

// WrongKeyError refuses a master key that is not the store's.
type WrongKeyError struct {
	Given, Wanted string // ids of keys, as [seal.Box.KeyID] gives them
}

// Error says which key is needed.
func (e *WrongKeyError) Error() string {
	return fmt.Sprintf("the master key is not the one that this database was sealed with: it is key %s, and key %s is needed", e.Given, e.Wanted)
}
