package journey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Digest names a definition by its content: hex sha256 of its canonical JSON,
// which is encoding/json's (fields in the order of the struct, maps by key).
func Digest(d *Definition) string { return digest(d) }

func digest(d any) string {
	b, err := json.Marshal(d)
	if err != nil {
		panic(err) //nolint:forbidigo // a definition holds only what JSON can
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// FragmentDigest names a fragment by its content, as [Digest] names a journey.
func FragmentDigest(f *FragmentDefinition) string { return digest(f) }
