package hostfunc

import (
	"net/http"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// reserved are the headers that the host sets, or that are about a connection.
var reserved = map[string]bool{
	"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true,
	"Keep-Alive": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
	"Http2-Settings": true, "Accept-Encoding": true, "Idempotency-Key": true, "X-Idempotency-Key": true,
	"Cookie2": true, "Forwarded": true, "Via": true, "X-Real-Ip": true,
	"Traceparent": true, "Tracestate": true, "Baggage": true,
}

// hostsOwn tells whether a header is not for plugins to set. Some backends
// take _ for -, so that it counts as one.
func hostsOwn(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	return reserved[name] || strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, "X-Forwarded-")
}

func setHeader(to http.Header, from map[string]string) *abi.Error {
	if len(from) > abi.MaxHeaders {
		return badRequest("The HTTP request has %d headers; at most %d are allowed.", len(from), abi.MaxHeaders)
	}
	size := 0
	for name, value := range from {
		size += len(name) + len(value)
		canonical := http.CanonicalHeaderKey(name)
		switch {
		case size > abi.MaxHeader:
			return badRequest("The headers of the HTTP request have more than %d bytes.", abi.MaxHeader)
		case !token(name) || !oneLine(value):
			return badRequest("The HTTP header %.60q has a name or a value that is not possible.", name)
		case hostsOwn(name):
			return badRequest("The HTTP header %s is the host's to set; leave it out.", canonical)
		case to[canonical] != nil:
			return badRequest("The HTTP header %s is given twice.", canonical)
		}
		to.Set(canonical, value)
	}
	if to.Get("User-Agent") == "" {
		to.Set("User-Agent", "Qidong-Plugin")
	}
	return nil
}

// token says whether s may be the name of a header (RFC 9110, 5.6.2).
func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func oneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
