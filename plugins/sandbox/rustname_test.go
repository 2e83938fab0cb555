package sandbox

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFramesOfRustAreReadable(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"._ZN8discount4host6import3log17hf2b8eb97583d4dfcE(i32,i32,i32)":                               "discount::host::import::log(i32,i32,i32)",
		"._ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE()": "<alloc::string::String as core::fmt::Display>::fmt()",
		".main.run(i32) i32":           "main.run(i32) i32",
		".$3()":                        "$3()",
		"._ZN()":                       "_ZN()",
		"._ZNE()":                      "_ZNE()",
		"._ZN99x17hE()":                "_ZN99x17hE()",
		"._ZN99999999999999999999xE()": "_ZN99999999999999999999xE()",
		"._ZN-1aE()":                   "_ZN-1aE()",
		"no frame":                     "no frame",
	} {
		_, stack := splitTrace("wasm error: unreachable\nwasm stack trace:\n\t" + line)
		require.Equal(t, []string{want}, stack)
	}
}
