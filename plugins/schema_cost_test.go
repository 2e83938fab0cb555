package plugins

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// What a plugin's schema says of a plugin's output is checked by the host,
// without fuel: neither may make that long.
func TestP15_A_check_against_a_schema_is_bounded(t *testing.T) {
	t.Parallel()
	of := func(schema string) string { return `{"type":"object","properties":{"a":` + schema + `}}` }
	list := func(item string, n int) string { return `{"a":[` + item + strings.Repeat(","+item, n-1) + `]}` }
	object := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"` + strings.Repeat("x", i%50) + string(rune('a'+i/50)) + `":0`)
		}
		return `{"a":{` + b.String()[1:] + `}}`
	}
	many := func(schema string, n int) string { return strings.TrimSuffix(strings.Repeat(schema+",", n), ",") }
	for title, tt := range map[string]struct{ schema, value, says string }{
		"the largest list of numbers":       {of(`{"items":{"type":"integer","minimum":0}}`), list("0", abi.MaxInput/2-10), ""},
		"a long text":                       {of(`{"pattern":"^[ a-z]{1,3}"}`), `{"a":"` + strings.Repeat("x", abi.MaxInput) + `"}`, ""},
		"a hundred choices":                 {of(`{"items":{"enum":[` + many("1", 100) + `]}}`), list("1", 1000), ""},
		"an object of many":                 {of(`{"additionalProperties":{"type":"integer"}}`), object(1000), ""},
		"many alternatives for many values": {of(`{"items":{"anyOf":[` + many(`{"const":1}`, 5000) + `]}}`), list("0", 1000), "steps"},
		"many conditions for many values":   {of(`{"items":{"allOf":[` + many(`{"if":{},"then":{"not":{}}}`, 1000) + `]}}`), list("0", 1000), "steps"},
		"many values to compare with":       {of(`{"items":{"enum":[` + many("1", 30000) + `]}}`), list("0", 1000), "steps"},
		"a slow pattern for a long text":    {of(`{"pattern":"(x{0,100}){10}y"}`), `{"a":"` + strings.Repeat("x", 100_000) + `"}`, "steps"},
		"slow patterns for many names":      {of(`{"patternProperties":{"(x{0,100}){10}y":{}, "(x{0,50}){10}z":{}}}`), object(1000), "steps"},
		"patterns among the values":         {of(`{"items":{"format":"regex"}}`), list(`"x"`, 1000), "steps"},
		"members looked at again and again": {of(`{"allOf":[` + many(`{}`, 5000) + `],"unevaluatedProperties":false}`), object(1000), "steps"},
		"a number of a million digits":      {of(`{"minimum":1}`), `{"a":1e-900000}`, "too small"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			s, err := compileSchema([]byte(tt.schema))
			require.NoError(t, err)
			start := time.Now()
			if f := checkJSON([]byte(tt.value), abi.CodeBadOutput); f != nil {
				require.Contains(t, f.message, tt.says)
				return
			}
			err = matches(s, []byte(tt.value))
			require.Less(t, time.Since(start), 5*time.Second)
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestP15_Patterns_are_bounded(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct{ pattern, says string }{
		"a plain one":                 {`^[\p{L}\p{N} ._-]{1,200}$`, ""},
		"one that is long":            {strings.Repeat("x", maxPattern+1), "1001 bytes"},
		"a repetition of repetitions": {strings.Repeat("(a{1,100}){1,10}", 5), "states"},
		"many classes of characters":  {strings.Repeat(`\\pL`, 300), "states"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := compileSchema([]byte(`{"type":"object","properties":{"a":{"pattern":"` + strings.ReplaceAll(tt.pattern, `\p{`, `\\p{`) + `"}}}`))
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.says)
		})
	}
	t.Run("all patterns of a schema together", func(t *testing.T) {
		t.Parallel()
		_, err := compileSchema([]byte(`{"type":"object","allOf":[` + strings.Repeat(`{"pattern":".{500}"},`, 20) + `{}]}`))
		require.ErrorContains(t, err, "states")
	})
	t.Run("a value that must be a pattern", func(t *testing.T) {
		t.Parallel()
		s, err := compileSchema([]byte(`{"type":"object","properties":{"a":{"format":"regex"}}}`))
		require.NoError(t, err)
		require.NoError(t, matches(s, []byte(`{"a":"^x{3}$"}`)))
		require.Error(t, matches(s, []byte(`{"a":"(x{100}){100}"}`)))
	})
}
