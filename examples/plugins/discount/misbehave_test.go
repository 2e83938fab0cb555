package discount_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// misdeeds are how each misdeed ends, by language; "" is an output. What a
// language cannot do it says.
var misdeeds = map[string]map[string]string{
	"trap":     {"go": abi.CodeTrap, "rust": abi.CodeTrap, "c": abi.CodeTrap, "as": abi.CodeTrap},
	"panic":    {"go": "panic", "rust": abi.CodeTrap, "c": abi.CodeTrap, "as": abi.CodeTrap},
	"memory":   {"go": abi.CodeMemory, "rust": abi.CodeMemory, "c": abi.CodeMemory, "as": abi.CodeMemory},
	"deadlock": {"go": abi.CodeTrap, "rust": "not_possible", "c": "not_possible", "as": "not_possible"},
	"loop":     {"go": abi.CodeFuel, "rust": abi.CodeFuel, "c": abi.CodeFuel, "as": abi.CodeFuel},
	"recurse":  {"go": abi.CodeFuel /* it unwinds when its stack grows, and pays for each frame */, "rust": abi.CodeDepth, "c": abi.CodeDepth, "as": abi.CodeDepth},
	"exit":     {"go": abi.CodeTrap, "rust": "not_possible", "c": abi.CodeTrap, "as": "not_possible"},
	"grow":     {"go": "", "rust": "", "c": "", "as": ""},
	"log":      {"go": "", "rust": "", "c": "", "as": ""},
}

func TestP01_The_counter_is_1_whatever_the_call_before_did(t *testing.T) {
	t.Parallel()
	inEveryLanguage(t, func(t *testing.T, language string) {
		first, err := call(t, language, "remember", `{}`)
		require.NoError(t, err)
		for how, codes := range misdeeds {
			t.Run(how, func(t *testing.T) {
				for range 2 {
					r, err := misbehave(t, language, how)
					if code := codes[language]; code != "" {
						requireCode(t, err, code)
						require.Empty(t, r.Output)
					} else {
						require.NoError(t, err)
						require.JSONEq(t, `{"counter":1}`, string(r.Output))
					}
					next, err := call(t, language, "remember", `{}`)
					require.NoError(t, err)
					require.JSONEq(t, `{"counter":1}`, string(next.Output))
					require.Equal(t, first.Memory, next.Memory, "memory that grew is small again")
					require.Equal(t, first.Fuel, next.Fuel)
				}
			})
		}
	})
}

func TestWhatIsLoggedIsKept(t *testing.T) {
	t.Parallel()
	inEveryLanguage(t, func(t *testing.T, language string) {
		r, err := misbehave(t, language, "log")
		require.NoError(t, err)
		require.Contains(t, r.Log, "call 1")
		require.Contains(t, r.Log, "on purpose")
	})
}

func TestACrashTellsWhyAndWhere(t *testing.T) {
	t.Parallel()
	for language, function := range map[string]string{"rust": "qidong_call", "c": "misbehave", "as": "qidong_call"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			r, err := misbehave(t, language, "panic")
			requireCode(t, err, abi.CodeTrap)
			require.Contains(t, r.Log, "on purpose")
			require.Contains(t, strings.Join(r.Stack, "\n"), function)
		})
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		r, err := misbehave(t, "go", "panic")
		require.Contains(t, requireCode(t, err, "panic").Message, "on purpose")
		require.Contains(t, r.Log, "main.Misbehave", "the SDK logs the stack")
		_, err = misbehave(t, "go", "deadlock")
		require.Contains(t, requireCode(t, err, abi.CodeTrap).Message, "all goroutines are asleep")
	})
}

func TestTheSameCallTakesTheSameFuel(t *testing.T) {
	t.Parallel()
	input, _ := many(8)
	inEveryLanguage(t, func(t *testing.T, language string) {
		fuel := map[int64]bool{}
		for range 20 {
			r, err := call(t, language, "quote", input, func(c *plugins.Call) { c.Locale = "en" })
			require.NoError(t, err)
			fuel[r.Fuel] = true
		}
		require.Len(t, fuel, 1)
		t.Logf("%d bytes take %v", len(input), fuel)
	})
}
