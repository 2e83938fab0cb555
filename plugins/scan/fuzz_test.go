package scan

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// FuzzScan holds against any bytes: no panic, an *Error or a module that scans
// to itself, and a small multiple of the input allocated.
func FuzzScan(f *testing.F) {
	f.Add(plain(0, 0x0b))
	f.Add(everything())
	f.Add(customs(3))
	f.Add(newModule().section(9, 1, 0, 0x41, 0, 0x0b, 1, 0).section(11, 1, 1, 2, 3, 4).b)
	f.Add([]byte("\x00asm\x0d\x00\x01\x00"))
	if b, err := os.ReadFile(os.Getenv("QIDONG_FUZZ_MODULE")); err == nil {
		f.Add(b) // a real module to begin with
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := Module(wasm, allowed)
		runtime.ReadMemStats(&after)
		const most = 1 << 20 // and what the fuzzer itself does meanwhile
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most+64*len(wasm)))
		if err != nil {
			require.ErrorAs(t, err, new(*Error))
			return
		}
		again, err := Module(out, allowed)
		require.NoError(t, err)
		require.Equal(t, out, again)
	})
}

// BenchmarkModule scans 6 MB: of the instructions that compilers make, and of
// those that are shortest.
func BenchmarkModule(b *testing.B) {
	// local.get 1; i32.load offset=16; i64.const 1000; i64.add; local.set 1
	usual := []byte{0x20, 1, 0x28, 2, 16, 0x42, 0xe8, 7, 0x7c, 0x21, 1}
	for title, code := range map[string][]byte{"usual": usual, "nop": {0x01}} {
		b.Run(title, func(b *testing.B) {
			const bodies, size = 24, 250_000
			body := join([]byte{0}, bytes.Repeat(code, size/len(code)), []byte{0x0b})
			one := join(leb(uint32(len(body))), body)
			wasm := newModule().
				section(1, 1, 0x60, 0, 0).
				section(3, join([]byte{bodies}, make([]byte, bodies))...).
				section(5, 1, 0, 1).
				section(7, exports()...).
				section(10, join([]byte{bodies}, bytes.Repeat(one, bodies))...).b
			require.Less(b, len(wasm), abi.MaxModule)
			b.SetBytes(int64(len(wasm)))
			for b.Loop() {
				if _, err := Module(wasm, allowed); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
