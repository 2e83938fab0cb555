package journey

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// evaluate compiles and evaluates one expression with some data.
func evaluate(t testing.TB, source string) (any, error) {
	t.Helper()
	x := readExpression(source, "")
	if _, err := x.check(); err != nil {
		return nil, err
	}
	return x.eval(map[string]any{
		"now":      time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC),
		"customer": map[string]any{"locale": "en", "timezone": "Asia/Shanghai"},
		"steps": map[string]any{"a": map[string]any{
			"two": 2.0, "half": 2.5, "int": 3, "number": json.Number("4"), "big": 1e20, "list": []any{1.0, 2.5}, "text": "x",
			"at": "2026-11-28T19:30:00+08:00", "long": strings.Repeat("x", 50_000), "nothing": nil,
		}},
	})
}

func TestExpression_TakesNumbersFromJSONAsPeopleDo(t *testing.T) {
	t.Parallel()
	tests := map[string]any{
		`steps.a.two + 1`:                                      int64(3),
		`1 + steps.a.half`:                                     3.5,
		`1.5 * steps.a.two`:                                    int64(3),
		`steps.a.two / 4`:                                      0.5,
		`(steps.a.two + 1) / 2`:                                1.5,
		`(steps.a.half + 1) * 2.0`:                             int64(7),
		`7 / 2`:                                                int64(3),
		`steps.a.int % 2`:                                      int64(1),
		`steps.a.int / 2`:                                      1.5,
		`steps.a.number - steps.a.int`:                         int64(1),
		`-steps.a.two`:                                         int64(-2),
		`steps.a.list.map(x, x + 1)`:                           []any{int64(2), 3.5},
		`size(steps.a.list) + steps.a.two`:                     int64(4),
		`string(steps.a.two + 1)`:                              "3",
		`string(size(steps.a.list) + 1)`:                       "3",
		`string(steps.a.half + 1) + "%"`:                       "3.5%",
		`steps.a.two == 2 && steps.a.two in [2]`:               true,
		`steps.a.list[steps.a.two - 1]`:                        2.5,
		`steps.a.big`:                                          1e20,
		`timestamp(steps.a.at) - duration("30m")`:              time.Date(2026, 11, 28, 19, 0, 0, 0, time.FixedZone("", 8*3600)),
		`duration("1h") + duration("1m")`:                      61 * time.Minute,
		`"a" + steps.a.text`:                                   "ax",
		`{"at": now, "n": [steps.a.two]}`:                      map[string]any{"at": "2026-11-28T11:30:00Z", "n": []any{int64(2)}},
		`time(steps.a.at) + " / " + time(now)`:                 "Sat 28 Nov, 19:30 / Sat 28 Nov, 19:30",
		`"%d and %s".format([int(steps.a.two), steps.a.text])`: "2 and x",
		`steps.a.nothing`:                                      nil,
	}
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			got, err := evaluate(t, source)
			require.NoError(t, err)
			if at, ok := want.(time.Time); ok {
				require.True(t, at.Equal(got.(time.Time)))
				return
			}
			require.Equal(t, want, got)
		})
	}
}

func TestExpression_SaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		`steps.b.x`:                           `evaluating "steps.b.x": no such key: b`,
		`steps.a.text + 1`:                    `+ of string and int`,
		`1.0 / 0.0`:                           `not finite`,
		`1 / 0`:                               `division by zero`,
		`9223372036854775807 + 1`:             `overflow`,
		`steps.a.long + steps.a.long`:         `longer than 65536 bytes`,
		`time("soon")`:                        `is not a moment like`,
		`time(1)`:                             `time() takes a moment, not int`,
		`b"x"`:                                `a value of type bytes`,
		`{1: 2}`:                              `the keys of a map must be strings`,
		`missing`:                             `undeclared reference to 'missing'`,
		`1 +`:                                 `it ends too early`,
		`"` + strings.Repeat("x", 3000) + `"`: `the limit is 2048`,
		strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300): `recursion`,
		`size([1,2,3,4,5,6,7,8,9].map(a, [1,2,3,4,5,6,7,8,9].map(b, [1,2,3,4,5,6,7,8,9].map(c, [1,2,3,4,5,6,7,8,9].map(d, [1,2,3,4,5,6,7,8,9].map(e, e))))))`:    `cost limit exceeded`,
		`"x".replace("x", "` + strings.Repeat("x", 500) + `").replace("x", "` + strings.Repeat("x", 500) + `").replace("x", "` + strings.Repeat("x", 500) + `")`: `cost limit exceeded`,
	}
	for source, want := range tests {
		t.Run(source[:min(len(source), 40)], func(t *testing.T) {
			t.Parallel()
			_, err := evaluate(t, source)
			require.ErrorContains(t, err, want)
			require.Less(t, len(err.Error()), 400)
		})
	}
}

func TestZone_IsUTCForWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "../../etc/passwd", "Asia//Shanghai", "Mars/Olympus", strings.Repeat("A", 100)} {
		require.Equal(t, time.UTC, zone(name), name)
	}
	require.Equal(t, "Asia/Shanghai", zone("Asia/Shanghai").String())
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"what fits stays", "Deep Current", 12, "Deep Current"},
		{"what is too long ends with an ellipsis", "Deep Current", 6, "Deep…"},
		{"an accent stays with its letter", "cafe\u0301s", 5, "caf…"},
		{"an emoji sequence is not torn", "ab👩\u200d🚀", 4, "ab…"},
		{"a skin tone stays with its hand", "ab👍🏽c", 4, "ab…"},
		{"the halves of a flag stay together", "ab🇨🇳c", 4, "ab…"},
		{"control and direction characters are dropped", "a\x00b\u202Ec\nd", 10, "abc\nd"},
		{"what is no UTF-8 is replaced", "a\xffb", 10, "a\uFFFDb"},
		{"Chinese counts by character", "深海电影之夜", 3, "深海…"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, cut(tc.in, tc.limit))
		})
	}
}
