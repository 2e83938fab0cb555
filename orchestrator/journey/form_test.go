package journey

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestForm_ChecksAResult(t *testing.T) {
	t.Parallel()
	f, err := NewForm(json.RawMessage(`{"type":"object","required":["ok"],"properties":{"ok":{"type":"boolean"},"note":{"pattern":"^a+$"}}}`))
	require.NoError(t, err)
	bad, err := f.Check(json.RawMessage(`{"ok":true,"note":"aaa"}`))
	require.NoError(t, err)
	require.Nil(t, bad)
	bad, err = f.Check(json.RawMessage(`{"ok":"yes","note":"b"}`))
	require.NoError(t, err)
	require.Len(t, bad.Causes, 2)
}

// TestJ01_FormsThatNeverEnd: no form costs more than its limits say.
func TestJ01_FormsThatNeverEnd(t *testing.T) {
	t.Parallel()
	wide := make([]string, 600)
	for i := range wide {
		wide[i] = `{"type":"string"}`
	}
	for name, c := range map[string]struct{ form, says string }{
		"too large":           {`{"title":"` + strings.Repeat("x", maxForm) + `"}`, "the limit form"},
		"too deep":            {strings.Repeat(`{"not":`, 40) + `{}` + strings.Repeat(`}`, 40), "more than 32 deep"},
		"refers to itself":    {`{"allOf":[{"$ref":"#"},{"$ref":"#"}]}`, "$ref"},
		"refers elsewhere":    {`{"$ref":"file:///etc/passwd"}`, "$ref"},
		"doubles by defs":     {`{"$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"},{"$ref":"#/$defs/b"}]},"b":{}}}`, "$ref"},
		"a long pattern":      {`{"pattern":"` + strings.Repeat("a", 300) + `"}`, "the limit is 256"},
		"a pattern of a bomb": {`{"pattern":"(abcdefgh){1000}"}`, "states"},
		"no schema":           {`[]`, "reading the form"},
		"no JSON":             {`{`, "reading the form"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewForm(json.RawMessage(c.form))
			require.ErrorContains(t, err, c.says)
		})
	}
	f, err := NewForm(fmt.Appendf(nil, `{"items":{"allOf":[%s]}}`, strings.Join(wide, ",")))
	require.NoError(t, err)
	_, err = f.Check(json.RawMessage(`[` + strings.TrimSuffix(strings.Repeat("1,", 10_000), ",") + `]`))
	require.ErrorContains(t, err, "the limit form_steps")
}
