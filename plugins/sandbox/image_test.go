package sandbox

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// images are the ways to make an image that work on this machine.
func images(t *testing.T) map[string]func([]byte) (image, error) {
	t.Helper()
	all := map[string]func([]byte) (image, error){"copied whole": newCopyImage}
	if tracked, why := trackedImage(); why == "" {
		all["page by page"] = tracked
	} else {
		t.Logf("not tested: page by page, since %s", why)
	}
	return all
}

// TestImage is what both images promise, over random writes.
func TestImage(t *testing.T) {
	t.Parallel()
	for title, newImage := range images(t) {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			const size = 4 * wasmPage
			want := make([]byte, size)
			for range 200 {
				want[random.IntN(size)] = byte(random.Int())
			}
			img, err := newImage(want)
			require.NoError(t, err)
			defer img.close()
			for range 3 { // instances share the image, not their writes
				m := filled(t, img, 2*size)
				require.True(t, bytes.Equal(want, m.reserved[:size]), "a fresh memory has the image's bytes")
				for round := range 50 {
					b := m.reserved[:size]
					for range random.IntN(40) {
						at, n := random.IntN(size), random.IntN(3*page)
						for i := at; i < min(at+n, size); i++ {
							b[i] = byte(random.Int())
						}
					}
					if round == 7 {
						clear(b) // every page, all zero
					}
					require.NoError(t, img.restore(m))
					require.True(t, bytes.Equal(want, b), "round %d", round)
				}
			}
			require.True(t, bytes.Equal(want, img.bytes()), "nobody wrote to the image")
		})
	}
}

// filled is a memory of an image.
func filled(t *testing.T, img image, reserved int) *memory {
	t.Helper()
	m, err := newMemory(reserved)
	require.NoError(t, err)
	t.Cleanup(m.Free)
	m.used = len(img.bytes())
	require.NoError(t, img.attach(m))
	return m
}

func TestImageOfMoreDirtyPagesThanAreKept(t *testing.T) {
	t.Parallel()
	for title, newImage := range images(t) {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			want := bytes.Repeat([]byte("qidong"), 12<<20/6)
			img, err := newImage(want)
			require.NoError(t, err)
			defer img.close()
			m := filled(t, img, 16<<20)
			for range 2 {
				for i := 0; i < len(want); i += 2 * page { // many regions, 6 MiB in all
					m.reserved[i] = 'X'
				}
				require.NoError(t, img.restore(m))
				require.True(t, bytes.Equal(want, m.reserved[:len(want)]))
			}
		})
	}
}

func TestMemoryGrowsToItsLimitAndShrinks(t *testing.T) {
	t.Parallel()
	m, err := newMemory(8 * wasmPage)
	require.NoError(t, err)
	defer m.Free()
	m.limit = 4 * wasmPage
	require.Len(t, m.Reallocate(2*wasmPage), 2*wasmPage)
	require.Len(t, m.Reallocate(4*wasmPage), 4*wasmPage)
	require.False(t, m.exceeded)
	require.Nil(t, m.Reallocate(5*wasmPage), "the guest gets -1")
	require.True(t, m.exceeded)
	m.shrink = wasmPage
	require.Len(t, m.Reallocate(9*wasmPage), wasmPage, "the host takes memory back")
	require.Equal(t, wasmPage, m.used)
	m.Free()
	m.Free()
}
