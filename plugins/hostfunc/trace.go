package hostfunc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// traceparent is the W3C header of the nth request of a call, from 1; "" when
// the call has no trace. The span's id follows from the call and n: an attempt
// that is made again shows as the same span, and nothing of it is random.
func (c Caller) traceparent(n int) string {
	if !traceID.MatchString(c.Trace) || strings.Trim(c.Trace, "0") == "" {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", c.Trace, c.IdempotencyKey, n))
	sum[0] |= 1 // an id of zeros only is not allowed
	return "00-" + c.Trace + "-" + hex.EncodeToString(sum[:8]) + "-01"
}
