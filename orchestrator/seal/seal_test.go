package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/seal"
)

func box(t testing.TB, key []byte) *seal.Box {
	t.Helper()
	b, err := seal.New(key)
	require.NoError(t, err)
	return b
}

var place = seal.Context{Workspace: "acme", Kind: "secret", ID: "api_key"}

func TestSeal(t *testing.T) {
	t.Parallel()
	b := box(t, seal.NewKey())
	plain := []byte("the canary sings")

	t.Run("what was sealed opens again, also when it is nothing", func(t *testing.T) {
		t.Parallel()
		for _, want := range [][]byte{plain, {}, bytes.Repeat([]byte{0}, 1<<20)} {
			sealed := b.Seal(want, place)
			require.Len(t, sealed, len(want)+45)
			got, err := b.Open(sealed, place)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
	})

	t.Run("the same twice looks different, and shows nothing of what is in it", func(t *testing.T) {
		t.Parallel()
		one, two := b.Seal(plain, place), b.Seal(plain, place)
		require.NotEqual(t, one[5:], two[5:])
		require.NotContains(t, string(one), "canary")
	})

	t.Run("it carries the id of its key", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, b.KeyID(), seal.KeyIDOf(b.Seal(nil, place)))
		require.Len(t, b.KeyID(), 8)
		require.Empty(t, seal.KeyIDOf(nil))
		require.Empty(t, seal.KeyIDOf(bytes.Repeat([]byte{9}, 100)))
	})

	t.Run("a box with the same key opens it, one with another says so", func(t *testing.T) {
		t.Parallel()
		key := seal.NewKey()
		sealed := box(t, key).Seal(plain, place)
		got, err := box(t, key).Open(sealed, place)
		require.NoError(t, err)
		require.Equal(t, plain, got)
		_, err = b.Open(sealed, place)
		require.ErrorIs(t, err, seal.ErrOtherKey)
	})

	t.Run("a key of another length is refused", func(t *testing.T) {
		t.Parallel()
		_, err := seal.New(make([]byte, 31))
		require.ErrorContains(t, err, "31 bytes")
	})
}

func TestSealedBytesDoNotOpenElsewhere(t *testing.T) {
	t.Parallel()
	b := box(t, seal.NewKey())
	sealed := b.Seal([]byte("x"), place)
	for name, other := range map[string]seal.Context{
		"another workspace":                      {Workspace: "evil", Kind: "secret", ID: "api_key"},
		"another kind":                           {Workspace: "acme", Kind: "call", ID: "api_key"},
		"another id":                             {Workspace: "acme", Kind: "secret", ID: "api_key2"},
		"the same letters, divided otherwise":    {Workspace: "acmes", Kind: "ecret", ID: "api_key"},
		"the same letters with a NUL in between": {Workspace: "acme\x00secret", Kind: "", ID: "api_key"},
		"nowhere":                                {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := b.Open(sealed, other)
			require.ErrorIs(t, err, seal.ErrForged)
		})
	}
	t.Run("nor after one bit has changed, anywhere", func(t *testing.T) {
		t.Parallel()
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			_, err := b.Open(changed, place)
			require.Error(t, err, "byte %d", i)
		}
	})
	t.Run("nor when it was cut", func(t *testing.T) {
		t.Parallel()
		for i := range sealed {
			_, err := b.Open(sealed[:i], place)
			require.ErrorIs(t, err, seal.ErrForged, "%d bytes", i)
		}
	})
}

// FuzzOpen gives Open bytes that nobody sealed.
func FuzzOpen(f *testing.F) {
	b := box(f, bytes.Repeat([]byte{7}, seal.KeySize))
	f.Add([]byte{})
	f.Add(make([]byte, 45))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if plain, err := b.Open(raw, place); err == nil && !bytes.Equal(b.Seal(plain, place)[:5], raw[:5]) {
			t.Fatal("opened what is not sealed")
		}
	})
}
