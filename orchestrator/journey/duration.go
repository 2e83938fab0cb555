package journey

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written as in Go ("90m", "1h30m") or in whole
// days ("3d"). Days are 24 hours. Only the offset of a [Date] may be negative.
type Duration time.Duration

// maxDays is the longest duration, a century.
const maxDays = 36500

// ParseDuration reads a [Duration]. Negative durations and those longer than
// 36500 days are refused.
func ParseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= maxDays {
			return Duration(time.Duration(n) * 24 * time.Hour), nil
		}
		return 0, fmt.Errorf("%q is not a duration: write whole days like 3d, or hours and minutes like 1h30m", s)
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxDays*24*time.Hour {
		return 0, fmt.Errorf("%q is not a duration: write whole days like 3d, or hours and minutes like 1h30m", s)
	}
	return Duration(d), nil
}

// String is the form that [ParseDuration] reads.
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
