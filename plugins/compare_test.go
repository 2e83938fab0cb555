package plugins_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// lines are differences for people: what path old → new message.
func lines(all []plugins.Difference) []string {
	var out []string
	for _, d := range all {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s → %s %s", d.What, d.Path, d.Old, d.New, d.Message)))
	}
	return out
}

func TestCompareNamesThePlaceThatDiffers(t *testing.T) {
	t.Parallel()
	base := func() *plugins.Recording {
		return &plugins.Recording{
			Output: `{"a":{"b":[1,2,{"c d":null}]},"n":1.0}`, Log: "info: x\ninfo: y\n", Fuel: 100, Memory: 65536, Meter: 1,
			Exchanges: []plugins.Exchange{{Request: []byte("q1"), Response: []byte("{}")}},
		}
	}
	failed := func(code, message string) func(*plugins.Recording) {
		return func(r *plugins.Recording) {
			r.Output, r.Error = "", &abi.Error{Code: code, Message: message, Retry: "never"}
		}
	}
	nothing := func(*plugins.Recording) {}
	for title, tt := range map[string]struct {
		old, replayed func(*plugins.Recording)
		want          []string
	}{
		"nothing": {nothing, nothing, nil},
		"times":   {nothing, func(r *plugins.Recording) { r.TookMS = 7 }, nil},
		"values in an output": {
			nothing, func(r *plugins.Recording) { r.Output = `{"a":{"b":[1,3,{"c d":0},[]]},"n":1.0,"m":true}` },
			[]string{"output a.b[1] 2 → 3", `output a.b[2]["c d"] null → 0`, "output a.b[3]  → []", "output m  → true"},
		},
		"a value of another kind": {
			nothing, func(r *plugins.Recording) { r.Output = `{"a":7}` }, []string{`output a {"b":[1,2,{"c d":null}]} → 7`, "output n 1.0 →"},
		},
		"spaces only": {
			nothing, func(r *plugins.Recording) { r.Output = `{"n":1.0, "a":{"b":[1,2,{"c d":null}]}}` },
			[]string{`output  "{\"a\":{\"b\":[1,2,{\"c d\":null}]},\"n\":1.0}" → "{\"n\":1.0, \"a\":{\"b\":[1,2,{\"c d\":null}]}}" It means the same and is written otherwise.`},
		},
		"an error instead of an output": {
			nothing, failed("TRAP", "It crashed."),
			[]string{`error  {"output":{"a":{"b":[1,2,{"c d":null}]},"n":1.0}} → {"error":{"code":"TRAP","message":"It crashed.","retry":"never"}}`},
		},
		"another error": {
			failed("TRAP", "It crashed."), failed("sold_out", "It crashed."), []string{`error code "TRAP" → "sold_out"`},
		},
		"a line of the log":  {nothing, func(r *plugins.Recording) { r.Log = "info: x\ninfo: z\n" }, []string{`log 2 "info: y" → "info: z"`}},
		"a line more":        {nothing, func(r *plugins.Recording) { r.Log += "info: z\n" }, []string{`log 3  → "info: z"`}},
		"fuel":               {nothing, func(r *plugins.Recording) { r.Fuel = 101 }, []string{"fuel  100 → 101"}},
		"another meter":      {nothing, func(r *plugins.Recording) { r.Fuel, r.Meter = 90, 2 }, []string{"fuel  100 → 90 It was measured by version 1 of the meter, now by 2."}},
		"memory":             {nothing, func(r *plugins.Recording) { r.Memory = 131072 }, []string{"memory  65536 → 131072"}},
		"where it was":       {nothing, func(r *plugins.Recording) { r.Stack = []string{"f", "g"} }, []string{`stack  "" → "f, g"`}},
		"requests not made":  {failed("TRAP", "x"), func(r *plugins.Recording) { failed("TRAP", "x")(r); r.Exchanges = nil }, []string{"request 1  →  It made 0 of the 1 requests."}},
		"a request diverged": {nothing, func(r *plugins.Recording) { failed(abi.CodeDiverged, "Says how.")(r); r.Exchanges, r.Fuel = nil, 1 }, []string{`request 1 "q1" →  Says how.`}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			a, b := base(), base()
			tt.old(a)
			tt.replayed(b)
			require.Empty(t, cmp.Diff(tt.want, lines(plugins.Compare(a, b))))
		})
	}
	t.Run("many places are counted", func(t *testing.T) {
		t.Parallel()
		a, b := base(), base()
		a.Output, b.Output = `{"l":[`+strings.Repeat("1,", 99)+`1]}`, `{"l":[`+strings.Repeat("2,", 99)+`2]}`
		all := lines(plugins.Compare(a, b))
		require.Len(t, all, 21)
		require.Equal(t, "output   →  80 more places differ.", all[20])
	})
}

// valid is a recording that can be read.
func valid(t testing.TB) []byte {
	t.Helper()
	r := &plugins.Recording{
		Format: plugins.RecordingFormat, Digest: strings.Repeat("a", 64), Action: "act", Output: "{}",
		Envelope:  `{"action":"act","input":{},"idempotency_key":"k","now":"2026-11-28T11:30:00Z"}`,
		Exchanges: []plugins.Exchange{{Request: []byte("q"), Response: []byte("{}")}},
	}
	b, err := r.Encode()
	require.NoError(t, err)
	return b
}

func TestRecordingsFromElsewhereAreReadStrictly(t *testing.T) {
	t.Parallel()
	good := string(valid(t))
	_, err := plugins.ReadRecording([]byte(good + "\n"))
	require.NoError(t, err)
	for title, tt := range map[string]struct{ old, bad, says string }{
		"no JSON":                       {`{"format"`, `{format`, "invalid character"},
		"another format":                {`"format":1,`, `"format":2,"sixth_sense":true,`, "it has the format 2, and this version of Qidong knows 1"},
		"no format":                     {`"format":1,`, ``, "format 0"},
		"an unknown field":              {`"action":"act"`, `"action":"act","colour":1`, `unknown field "colour"`},
		"an unknown field of a limit":   {`"limits":{`, `"limits":{"air":1`, `unknown field "air"`},
		"an unknown field of a request": {`"request":"q"`, `"request":"q","when":1`, `unknown field "when"`},
		"something after it":            {good, good + "{}", "after"},
		"a limit above the host's":      {`"limits":{`, `"limits":{"fuel":99999999999999`, "fuel"},
		"no digest":                     {strings.Repeat("a", 64), "../../etc/passwd", "64 hexadecimal digits"},
		"an envelope of another action": {`"action":"act",`, `"action":"pay",`, `it is of the action "pay", and its envelope of "act"`},
		"an envelope that is no JSON":   {`{\"action\"`, `{action`, "envelope"},
		"an output that is no JSON":     {`"output":"{}"`, `"output":"{"`, "output"},
		"no end":                        {`"output":"{}",`, ``, "neither"},
		"more than any":                 {good, strings.Repeat(" ", plugins.MaxRecording) + good, "at most 4194304"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, tt.old)
			_, err := plugins.ReadRecording([]byte(strings.Replace(good, tt.old, tt.bad, 1)))
			require.ErrorContains(t, err, tt.says)
		})
	}
}

// FuzzReadRecording: what is read can be written, read again, and compared.
func FuzzReadRecording(f *testing.F) {
	f.Add(valid(f))
	f.Add([]byte(`{"format":1,"exchanges":[{"request_base64":"/w=="}],"error":{"code":"TRAP"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := plugins.ReadRecording(b)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := plugins.ReadRecording(again)
		if err != nil {
			t.Fatalf("%v\n%s", err, again)
		}
		if d := plugins.Compare(r, read); len(d) > 0 {
			t.Fatal(lines(d))
		}
		if _, err := json.Marshal(append(plugins.Compare(r, &plugins.Recording{Output: "["}), plugins.Compare(&plugins.Recording{Output: "["}, r)...)); err != nil {
			t.Fatal(err)
		}
	})
}
