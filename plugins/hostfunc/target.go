package hostfunc

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// target checks where a request goes: syntax first, then the grant.
func (h *HTTP) target(raw string) (*url.URL, *abi.Error) {
	u, err := url.Parse(raw)
	switch {
	case len(raw) > 8<<10:
		return nil, badRequest("The URL has %d bytes; at most %d are allowed.", len(raw), 8<<10)
	case err != nil:
		return nil, badRequest("The URL %.200q cannot be read; give an absolute http or https URL.", raw)
	case u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "":
		return nil, badRequest("The URL %.200q is not possible; give an absolute http or https URL.", raw)
	case u.User != nil:
		return nil, badRequest("The URL %.200q holds user information before the host; send it in a header.", u.Redacted())
	case u.Hostname() == "":
		return nil, badRequest("The URL %.200q names no host.", raw)
	}
	if !plainHost(u.Hostname()) {
		return nil, h.Caller.denied(fmt.Sprintf("reach %.200q", u.Host), "Write the host as a name or as a plain IP address.")
	}
	if !h.allowed(u) {
		list := "lists no host"
		if len(h.Allow) > 0 {
			list = "lists " + strings.Join(h.Allow, ", ")
		}
		return nil, h.Caller.denied(fmt.Sprintf("reach %.200q", u.Host), fmt.Sprintf(`Its grant %s: add %q to "http" in the grant.`, list, wanted(u)))
	}
	return u, nil
}

// wanted is the entry of a grant that would allow u.
func wanted(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if p := u.Port(); p != "" && p != defaultPort(u) {
		return net.JoinHostPort(host, p)
	}
	return host
}

func defaultPort(u *url.URL) string {
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

func (h *HTTP) allowed(u *url.URL) bool {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = defaultPort(u)
	}
	for _, entry := range h.Allow {
		entry = strings.ToLower(entry)
		if entry == net.JoinHostPort(host, port) {
			return true
		}
		if port == defaultPort(u) && strings.Trim(entry, "[]") == host {
			return true
		}
	}
	return false
}

// plainHost refuses hosts that resolvers read in ways people do not: numbers
// that are addresses in disguise, zones, and names ending with a dot.
func plainHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || last[0] >= '0' && last[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	})
}

// reserved are the headers that the host sets, or that are about a connection.
var reserved = map[string]bool{
	"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true,
	"Keep-Alive": true, "Te": true, "Trailer": true, "Upgrade": true, "Expect": true,
	"Proxy-Authorization": true, "Proxy-Authenticate": true, "Proxy-Connection": true,
	"Accept-Encoding": true, "Idempotency-Key": true, "Cookie2": true, "Forwarded": true,
	"X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Proto": true,
}

// maxHeaders is how many headers a request may have.
const maxHeaders = 64

func setHeader(to http.Header, from map[string]string) *abi.Error {
	if len(from) > maxHeaders {
		return badRequest("The HTTP request has %d headers; at most %d are allowed.", len(from), maxHeaders)
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
		case reserved[canonical]:
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
