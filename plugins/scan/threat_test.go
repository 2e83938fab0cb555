package scan

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// refused scans a module, which must be refused with the code, within the time
// and without allocating more than that.
func refused(t *testing.T, wasm []byte, code string, within time.Duration, bytes uint64) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	_, err := Module(wasm, allowed)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	require.Less(t, took, within)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, bytes)
}

func TestP01_39BytesAreRefusedAtOnce(t *testing.T) { //nolint:paralleltest // measures what is allocated
	// One function of one group of 2³²−1 locals.
	wasm := newModule().section(1, 1, 0x60, 0, 0).section(3, 1, 0).
		section(10, 1, 8, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b).b
	require.LessOrEqual(t, len(wasm), 39)
	refused(t, wasm, abi.CodeLimitLocals, 10*time.Millisecond, 64<<10)
}

// TestP02_CodeThatCompilesForMinutes has no module that is larger than 8 MiB.
func TestP02_CodeThatCompilesForMinutes(t *testing.T) { //nolint:paralleltest // measures what is allocated
	const end = 0x0b
	for title, tt := range map[string]struct {
		code []byte // locals and instructions of a function
		want string
	}{
		"100,000 nested blocks": {join([]byte{0}, bytes.Repeat([]byte{0x02, 0x40}, 100_000), bytes.Repeat([]byte{end}, 100_001)), abi.CodeLimitBody},
		"1,025 nested blocks":   {join([]byte{0}, bytes.Repeat([]byte{0x02, 0x40}, 1_025), bytes.Repeat([]byte{end}, 1_026)), abi.CodeLimitNesting},
		"br_table of 1,000,000": {join([]byte{0, 0x41, 0, 0x0e}, leb(1_000_000), make([]byte, 1_000_001), []byte{end}), abi.CodeLimitBody},
		"br_table of 4,097":     {join([]byte{0, 0x41, 0, 0x0e}, leb(4_097), make([]byte, 4_098), []byte{end}), abi.CodeLimitBody},
		"20 tables of 4,096":    {join([]byte{0}, bytes.Repeat(join([]byte{0x41, 0, 0x0e}, leb(4_096), make([]byte, 4_097)), 20), []byte{end}), abi.CodeLimitBody},
		"10,000 locals":         {join([]byte{1}, leb(10_000), []byte{0x7e, end}), abi.CodeLimitLocals},
		"2,000 locals in loops": {join([]byte{1}, leb(2_000), []byte{0x7e}, bytes.Repeat([]byte{0x03, 0x40, end}, 126), []byte{end}), abi.CodeLimitBody},
	} {
		t.Run(title, func(t *testing.T) {
			wasm := plain(tt.code...)
			refused(t, wasm, tt.want, time.Second, 64<<10+uint64(len(wasm)))
		})
	}
}

// TestP03_ManyOfEverything has modules that hold what they announce.
func TestP03_ManyOfEverything(t *testing.T) { //nolint:paralleltest // measures what is allocated
	many := func(id byte, n int, entry ...byte) []byte {
		return newModule().section(id, join(leb(uint32(n)), bytes.Repeat(entry, n))...).b
	}
	megabyte := newModule().section(0, join(name("x"), make([]byte, 1<<20))...).b[8:]
	for title, tt := range map[string]struct {
		wasm []byte
		want string
	}{
		"1,000,001 functions":                {many(3, 1_000_001, 0), abi.CodeLimitFunctions},
		"1,000,001 bodies":                   {many(10, 1_000_001, 2, 0, 0x0b), abi.CodeLimitFunctions},
		"1,000,000 exports":                  {many(7, 1_000_000, 1, 'a', 0, 0), abi.CodeLimitCount},
		"1,000,000 globals":                  {many(6, 1_000_000, 0x7f, 1, 0x41, 0, 0x0b), abi.CodeLimitCount},
		"1,000,000 types":                    {many(1, 1_000_000, 0x60, 0, 0), abi.CodeLimitCount},
		"1,000,000 data segments":            {many(11, 1_000_000, 0, 0x41, 0, 0x0b, 0), abi.CodeLimitCount},
		"1,000,000 imports":                  {many(2, 1_000_000, 1, 'a', 1, 'b', 0, 0), abi.CodeLimitCount},
		"100,000 parameters":                 {newModule().section(1, join([]byte{1, 0x60}, leb(100_000), bytes.Repeat([]byte{0x7f}, 100_000), []byte{0})...).b, abi.CodeLimitParams},
		"300 custom sections of a megabyte":  {join(newModule().b, bytes.Repeat(megabyte, 300)), abi.CodeTooLarge},
		"300 custom sections":                {customs(300), abi.CodeLimitCount},
		"a section of 4 GiB":                 {append(newModule().b, 10, 0xff, 0xff, 0xff, 0xff, 0x0f), abi.CodeMalformed},
		"a name of 4 GiB":                    {newModule().section(7, 1, 0xff, 0xff, 0xff, 0xff, 0x0f).b, abi.CodeMalformed},
		"10,000 exports with the same name":  {many(7, 10_000, 1, 'a', 0, 0), abi.CodeMalformed},
		"an element segment of 4 Gi entries": {newModule().section(9, 1, 0, 0x41, 0, 0x0b, 0xff, 0xff, 0xff, 0xff, 0x0f).b, abi.CodeLimitTable},
	} {
		t.Run(title, func(t *testing.T) {
			refused(t, tt.wasm, tt.want, time.Second, 64<<10+uint64(min(len(tt.wasm), abi.MaxModule)))
		})
	}
}

func TestP03_AModuleCutShortIsRefused(t *testing.T) {
	t.Parallel()
	wasm := everything()
	_, err := Module(wasm, allowed)
	require.NoError(t, err)
	for i := range wasm {
		_, err := Module(wasm[:i], allowed)
		require.ErrorAs(t, err, new(*Error), "cut at byte %d", i)
	}
}

// TestP03_RandomBytes changes a module here and there, and puts random bytes
// behind a header.
func TestP03_RandomBytes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	wasm := everything()
	for range 20_000 {
		b := bytes.Clone(wasm)
		for range 1 + random.IntN(4) {
			b[8+random.IntN(len(b)-8)] = byte(random.Uint32())
		}
		_, _ = Module(b, allowed)
		for i := range b[8:] {
			b[8+i] = byte(random.Uint32())
		}
		_, err := Module(b, allowed)
		require.ErrorAs(t, err, new(*Error))
	}
}

// everything is a module that passes, with a section of each kind.
func everything() []byte {
	const end = 0x0b
	body := []byte{1, 2, 0x7f, 0x41, 7, 0x21, 0, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 0, end, 0x42, 0x80, 0, 0x1a, 0x41, 0, 0x28, 2, 0, 0x1a, end}
	return newModule().
		section(0, name("producers")...).
		section(1, 2, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7f, 1, 0x7f).
		section(2, join([]byte{1}, name("qidong_v1"), name("input"), []byte{0, 1})...).
		section(3, 2, 0, 0).
		section(4, 1, 0x70, 0, 2).
		section(5, 1, 0, 1).
		section(6, 1, 0x7f, 1, 0x41, 0, end).
		section(7, join([]byte{3}, name("qidong_describe"), []byte{0, 1}, name("qidong_call"), []byte{0, 2}, name("memory"), []byte{2, 0})...).
		section(8, 1).
		section(9, 1, 0, 0x41, 0, end, 2, 1, 2).
		section(12, 1).
		section(10, join([]byte{2}, leb(uint32(len(body))), body, leb(uint32(len(body))), body)...).
		section(11, 1, 0, 0x41, 16, end, 2, 'h', 'i').b
}
