// Package seal encrypts what the store keeps for itself: secrets of partners,
// recordings of calls. It is XChaCha20-Poly1305 with a random nonce, so that one
// key serves any number of rows.
package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the bytes of a key.
const KeySize = chacha20poly1305.KeySize

// The sealed form is: format, key id, nonce, ciphertext with its tag.
const (
	format    = 1
	idSize    = 4
	nonceSize = chacha20poly1305.NonceSizeX
	head      = 1 + idSize + nonceSize
)

var (
	// ErrOtherKey is what another key has sealed.
	ErrOtherKey = errors.New("it was sealed with another key")
	// ErrForged is what nobody has sealed, or what was sealed for another place,
	// or has been changed since.
	ErrForged = errors.New("it is not what was sealed here: it was changed, or moved here from elsewhere")
)

// Context is the place that sealed bytes belong to. Bytes sealed for one place
// do not open in another, so that whoever can write to the database cannot
// exchange one row's secret for another's.
type Context struct {
	Workspace string
	Kind      string // "secret", "call"
	ID        string // unique among the kind in the workspace
}

// Box seals and opens with one key. It is safe for concurrent use.
type Box struct {
	aead cipher.AEAD
	id   [idSize]byte
}

// New makes a box of a key of [KeySize] random bytes.
func New(key []byte) (*Box, error) {
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("using a key of %d bytes, where %d are needed: %w", len(key), KeySize, err)
	}
	b := &Box{aead: aead}
	sum := sha256.Sum256(append([]byte("qidong key id\x00"), key...))
	copy(b.id[:], sum[:])
	return b, nil
}

// NewKey makes a key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return key
}

// KeyID names the key without telling it: 8 hexadecimal digits, the same for
// the same key. Sealed bytes carry it, so that keys can be changed one day.
func (b *Box) KeyID() string { return hex.EncodeToString(b.id[:]) }

// KeyIDOf is the id of the key that sealed; "" when nothing that New's boxes
// made is so short, or of this format.
func KeyIDOf(sealed []byte) string {
	if len(sealed) < head || sealed[0] != format {
		return ""
	}
	return hex.EncodeToString(sealed[1 : 1+idSize])
}

// Seal encrypts plain for one place. The result is 45 bytes longer, and
// different each time.
func (b *Box) Seal(plain []byte, c Context) []byte {
	out := make([]byte, head, head+len(plain)+b.aead.Overhead())
	out[0] = format
	copy(out[1:], b.id[:])
	nonce := out[1+idSize:]
	_, _ = rand.Read(nonce) // never fails
	return b.aead.Seal(out, nonce, plain, c.bytes())
}

// Open decrypts what Seal made for the same place; [ErrOtherKey] or [ErrForged].
func (b *Box) Open(sealed []byte, c Context) ([]byte, error) {
	switch id := KeyIDOf(sealed); {
	case id == "":
		return nil, ErrForged
	case id != b.KeyID():
		return nil, fmt.Errorf("%w: %s, and this is %s", ErrOtherKey, id, b.KeyID())
	}
	plain, err := b.aead.Open(nil, sealed[1+idSize:head], sealed[head:], c.bytes())
	if err != nil {
		return nil, ErrForged
	}
	return plain, nil
}

// bytes are different for different contexts: lengths keep the parts apart.
func (c Context) bytes() []byte {
	out := []byte{format}
	for _, part := range []string{c.Workspace, c.Kind, c.ID} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
