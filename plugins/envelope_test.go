package plugins

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

func TestCheckJSON(t *testing.T) {
	t.Parallel()
	for title, tt := range map[string]struct{ in, code string }{
		"an object":                       {`{"a":[1,-2.5e3,true,false,null,"x"],"b":{"a":{}}}`, ""},
		"Chinese and emoji":               {`{"名字":"张三 🎬","e":"\ud83c\udfac"}`, ""},
		"tabs and line ends":              {`{"a":"\t\r\n"}`, ""},
		"isolates, which languages need":  {`"` + "\u2066x\u2069" + `"`, ""},
		"the largest integer":             {`9007199254740991`, ""},
		"depth 64":                        {strings.Repeat("[", 64) + strings.Repeat("]", 64), ""},
		"brackets in a string":            {`"` + strings.Repeat("[", 100) + `\"["`, ""},
		"depth 65":                        {strings.Repeat("[", 65) + strings.Repeat("]", 65), abi.CodeJSONTooDeep},
		"depth 100000":                    {strings.Repeat("{", 100_000), abi.CodeJSONTooDeep},
		"nothing":                         {``, "BAD"},
		"two values":                      {`{} {}`, "BAD"},
		"a larger integer":                {`9007199254740992`, "BAD"},
		"a smaller integer":               {`[-9007199254740992]`, "BAD"},
		"a number of a thousand digits":   {strings.Repeat("9", 1000), "BAD"},
		"a name twice, inside":            {`[{"b":{"a":1,"a":1}}]`, "BAD"},
		"an escaped control in a name":    {`{"\u0007":1}`, "BAD"},
		"a control of terminals":          {"\"\u009b31m\"", "BAD"},
		"the second half of a pair":       {`"\udc00"`, "BAD"},
		"a pair the wrong way round":      {`"\udc00\ud800"`, "BAD"},
		"an escaped backslash before a u": {`"\\ud800"`, ""},
		"a half at the end":               {`"x\ud800"`, "BAD"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			f := checkJSON([]byte(tt.in), "BAD")
			if tt.code == "" {
				require.Nil(t, f)
				return
			}
			require.NotNil(t, f)
			require.Equal(t, tt.code, f.code)
			require.Less(t, len(f.message), 200)
		})
	}
}

func FuzzCheckJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1,-2.5e3,true,null,"\ud83c\udfac\\"]}`))
	f.Add([]byte(`{"a":1,"\u0061":"\ud800"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkJSON(b, "BAD") != nil {
			return
		}
		var v any
		require.NoError(t, json.Unmarshal(b, &v))
		again, err := json.Marshal(v)
		require.NoError(t, err)
		require.Nil(t, checkJSON(again, "BAD"), "what is accepted means the same when written anew: %s", again)
	})
}

func TestLogBuffer(t *testing.T) {
	t.Parallel()
	l := logBuffer{most: abi.DefaultLog}
	l.line("info", []byte("a\tb\u202ec\xff\r"))
	out := l.stream("stdout")
	out([]byte("one "))
	l.stream("stderr")([]byte("half"))
	out([]byte("line\n\nthree"))
	require.Equal(t, "info: a\tb\\u202ec\\xff\\r\nstdout: one line\nstdout: \nstdout: three\nstderr: half\n", l.String())
	for range 100 {
		out(make([]byte, 1<<20))
	}
	require.LessOrEqual(t, len(l.String()), abi.DefaultLog)
}
