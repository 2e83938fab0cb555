package ui

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"github.com/qidong/qidong/orchestrator"
)

// What those may try who are not signed in, a minute; what went before counts by
// its share of the last minute. Secrets cannot be guessed at any rate: the limits
// keep guessing from being work for us.
const (
	signInFailures = 20 // of one address; of IPv6, one network
	companionForms = 30 // on the companion page of one customer
)

// limits count, for two minutes at most, in this process.
type limits struct{ signIn, companion *httprate.RateLimiter }

func newLimits() limits {
	return limits{
		signIn:    httprate.NewRateLimiter(signInFailures, time.Minute, quietLimits),
		companion: httprate.NewRateLimiter(companionForms, time.Minute, quietLimits),
	}
}

// quietLimits tells whoever is limited when to come back, and nobody how close
// they are.
var quietLimits = httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"})

// errTooMany is an attempt over a limit.
func errTooMany(w http.ResponseWriter, n int) error {
	w.Header().Set("Retry-After", "60")
	return fmt.Errorf("%w: at most %d attempts a minute are answered", orchestrator.ErrLimit, n)
}

// address is where a request comes from, as limits count it.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return httprate.CanonicalizeIP(host)
}
