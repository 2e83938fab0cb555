package journey

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written as in Go ("90m", "1h30m"), in whole days
// ("3d"), or in both ("2d3h"). Days are 24 hours. Only the offset of a [Date] may be negative.
type Duration time.Duration

// maxDays is the longest duration, a century.
const maxDays = 36500

// ParseDuration reads a [Duration]. Negative durations and those longer than
// 36500 days are refused.
func ParseDuration(s string) (Duration, error) {
	days, rest, inDays := strings.Cut(s, "d")
	if !inDays {
		days, rest = "0", s
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > maxDays || days[0] == '+' {
		return 0, notDuration(s)
	}
	out := time.Duration(n) * 24 * time.Hour
	if rest != "" || !inDays {
		part, err := time.ParseDuration(rest)
		if err != nil || part < 0 || part > maxDays*24*time.Hour || inDays && !isDigit(rest[0]) {
			return 0, notDuration(s)
		}
		out += part
	}
	if out > maxDays*24*time.Hour {
		return 0, notDuration(s)
	}
	return Duration(out), nil
}

func notDuration(s string) error {
	return fmt.Errorf("%q is not a duration: write whole days like 3d, hours and minutes like 1h30m, or both like 2d3h", s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// String is a form that [ParseDuration] reads: the one that is part of digests.
func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	if d != 0 && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return time.Duration(d).String()
}

// MarshalJSON writes the form of [Duration.String].
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	text, negative := strings.CutPrefix(s, "-")
	v, err := ParseDuration(text)
	if negative {
		v = -v
	}
	*d = v
	return err
}
