package scan

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

var allowed = map[string]Import{"qidong_v1.input": {"qidong_v1", "input", "ii:i"}}

func TestModuleRefuses(t *testing.T) {
	t.Parallel()
	const end = 0x0b
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x0f} // 2³²−1
	nested := bytes.Repeat([]byte{0x02, 0x40}, MaxNesting+1)
	importing := func(entry ...byte) []byte {
		return newModule().section(1, 1, 0x60, 0, 0).section(2, join([]byte{1}, entry)...).b
	}
	for title, tt := range map[string]struct {
		wasm []byte
		code string
		says string
	}{
		"an empty file":                  {nil, abi.CodeNotWasm, "empty"},
		"a text":                         {[]byte("package main"), abi.CodeNotWasm, "the first bytes are 70 61 63 6b 61 67 65 20; upload"},
		"a zip archive":                  {[]byte("PK\x03\x04\x00\x00\x00\x00"), abi.CodeNotWasm, "a zip archive"},
		"a component":                    {[]byte("\x00asm\x0d\x00\x01\x00"), abi.CodeNotWasm, "component"},
		"a file that is too large":       {make([]byte, abi.MaxModule+1), abi.CodeTooLarge, "8388608"},
		"P01: 2^32-1 locals":             {plain(join([]byte{1}, huge, []byte{0x7f, end})...), abi.CodeLimitLocals, "4294967295"},
		"P01: locals in many groups":     {plain(join([]byte{3}, leb(1000), []byte{0x7f}, leb(1000), []byte{0x7e}, leb(1), []byte{0x7d, end})...), abi.CodeLimitLocals, "2001"},
		"P02: nested blocks":             {plain(join([]byte{0}, nested)...), abi.CodeLimitNesting, "1024"},
		"P02: locals times blocks":       {plain(join([]byte{1}, leb(2000), []byte{0x7f}, bytes.Repeat([]byte{0x02, 0x40, end}, 126), []byte{end})...), abi.CodeLimitBody, "product"},
		"P02: a br_table":                {plain(join([]byte{0, 0x41, 0, 0x0e}, leb(1_000_000))...), abi.CodeLimitBody, "br_table"},
		"P02: a long body":               {plain(make([]byte, MaxBody+1)...), abi.CodeLimitBody, "262144"},
		"P03: functions":                 {newModule().section(3, leb(1_000_001)...).b, abi.CodeLimitFunctions, "1000001"},
		"P03: exports":                   {newModule().section(7, leb(1_000_000)...).b, abi.CodeLimitCount, "exports"},
		"P03: globals":                   {newModule().section(6, leb(1_000_000)...).b, abi.CodeLimitCount, "globals"},
		"P03: types":                     {newModule().section(1, huge...).b, abi.CodeLimitCount, "types"},
		"P03: data segments":             {newModule().section(11, huge...).b, abi.CodeLimitCount, "data segments"},
		"P03: data count":                {newModule().section(12, huge...).b, abi.CodeLimitCount, "data segments"},
		"P03: element segments":          {newModule().section(9, huge...).b, abi.CodeLimitCount, "element segments"},
		"P03: entries of an element":     {newModule().section(9, join([]byte{1, 0, 0x41, 0, end}, huge)...).b, abi.CodeLimitTable, "entries"},
		"P03: parameters":                {newModule().section(1, join([]byte{1, 0x60}, leb(100_000))...).b, abi.CodeLimitParams, "100000"},
		"P03: custom sections":           {customs(MaxCustom + 1), abi.CodeLimitCount, "custom"},
		"a passive data segment":         {newModule().section(11, 1, 1, 2, 3, 4).b, abi.CodeFeature, "passive"},
		"a data segment somewhere":       {newModule().section(11, 1, 0, 0x23, 0, end, 0).b, abi.CodeFeature, "not a constant"},
		"memory.init":                    {plain(0, 0xfc, 8, 0, 0, end), abi.CodeFeature, "memory.init"},
		"data.drop":                      {plain(0, 0xfc, 9, 0, end), abi.CodeFeature, "data.drop"},
		"a block of type v128":           {plain(0, 0x02, 0x7b, end, end), abi.CodeFeature, "SIMD"},
		"P05: a large memory":            {newModule().section(5, join([]byte{1, 0}, leb(1025))...).b, abi.CodeLimitMemory, "67174400"},
		"P06: a large table":             {newModule().section(4, join([]byte{1, 0x70, 0}, leb(1<<27))...).b, abi.CodeLimitTable, "134217728"},
		"P06: table.grow":                {plain(0, 0xfc, 15, 0, end), abi.CodeFeature, "table.grow"},
		"P06: table.set":                 {plain(0, 0x26, 0, end), abi.CodeFeature, "table.set"},
		"P10: an unknown import":         {importing(join(name("evil"), name("syscall"), []byte{0, 0})...), abi.CodeImport, `"evil.syscall"`},
		"P10: a socket":                  {importing(join(name("wasi_snapshot_preview1"), name("sock_recv"), []byte{0, 0})...), abi.CodeImport, "no sockets"},
		"P10: an import of another type": {importing(join(name("qidong_v1"), name("input"), []byte{0, 0})...), abi.CodeImport, "of type :, but it is ii:i"},
		"an imported memory":             {importing(join(name("env"), name("memory"), []byte{2, 0, 1})...), abi.CodeImport, `"env.memory"`},
		"P40: a shared memory":           {newModule().section(5, 1, 3, 1, 1).b, abi.CodeFeature, "threads"},
		"P40: atomics":                   {plain(0, 0xfe, 0, 0, end), abi.CodeFeature, "threads"},
		"SIMD":                           {plain(0, 0xfd, 12, end), abi.CodeFeature, "SIMD"},
		"a v128 type":                    {newModule().section(1, 1, 0x60, 1, 0x7b, 0).b, abi.CodeFeature, "SIMD"},
		"two memories":                   {newModule().section(5, 2, 0, 1, 0, 1).b, abi.CodeFeature, "memories"},
		"two memory sections":            {newModule().section(5, 1, 0, 1).section(5, 1, 0, 1).b, abi.CodeFeature, "memories"},
		"no exports":                     {newModule().b, abi.CodeExport, "qidong_describe"},
		"a command":                      {newModule().section(7, join([]byte{1}, name("_start"), []byte{0, 0})...).b, abi.CodeExport, "c-shared"},
		"no memory":                      {bytes.Replace(plain(0, end), []byte{5, 3, 1, 0, 1}, nil, 1), abi.CodeExport, "memory"},
		"an export of another type":      {bytes.Replace(plain(0, end), []byte{1, 4, 1, 0x60, 0, 0}, []byte{1, 5, 1, 0x60, 1, 0x7f, 0}, 1), abi.CodeExport, "without parameters"},
		"a function without a body":      {bytes.Replace(plain(0, end), []byte{3, 3, 2, 0, 0}, []byte{3, 4, 3, 0, 0, 0}, 1), abi.CodeMalformed, "bodies"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			out, err := Module(tt.wasm, allowed)
			require.Less(t, time.Since(start), time.Second)
			require.Nil(t, out)
			var refused *Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.code, refused.Code, refused.Message)
			require.Contains(t, refused.Message, tt.says)
		})
	}
}

func customs(n int) []byte {
	m := newModule()
	for range n {
		m.section(0, name("x")...)
	}
	return m.b
}

func TestModuleAccepts(t *testing.T) {
	t.Parallel()
	t.Run("a plain module", func(t *testing.T) {
		t.Parallel()
		wasm := plain(0, 0x0b)
		out, err := Module(wasm, allowed)
		require.NoError(t, err)
		require.Equal(t, wasm, out)
	})
	t.Run("a module with custom sections, without them", func(t *testing.T) {
		t.Parallel()
		// The runtime makes room for as many names as the section declares.
		bomb := join(name("name"), []byte{1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f})
		wasm := plain(0, 0x0b)
		out, err := Module(append(wasm[:len(wasm):len(wasm)], newModule().section(0, bomb...).b[8:]...), allowed)
		require.NoError(t, err)
		require.Equal(t, wasm, out)
	})
}
