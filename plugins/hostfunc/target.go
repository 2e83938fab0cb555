package hostfunc

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
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
	case halfReference.MatchString(raw):
		return nil, badRequest("The URL refers to a secret; that is possible in the value of a header and in the body.")
	}
	if !plainHost(u.Hostname()) {
		return nil, h.Caller.denied(fmt.Sprintf("reach %.200q", u.Host), "Write the host as a name or as a plain IP address.")
	}
	if service := notHTTP[u.Port()]; service != "" {
		return nil, h.Caller.denied(fmt.Sprintf("reach %.200q", u.Host), "That is the port of "+service+", which does not speak HTTP.")
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
	return slices.ContainsFunc(h.Allow, func(entry string) bool { return matches(entry, u) })
}

// matches tells whether an entry of a grant means the host and port of u.
func matches(entry string, u *url.URL) bool {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = defaultPort(u)
	}
	entry = strings.ToLower(entry)
	return entry == net.JoinHostPort(host, port) || port == defaultPort(u) && strings.Trim(entry, "[]") == host
}

// CheckHost says what is wrong with an entry of a grant: it is "host" or
// "host:port", a name in ASCII or a plain IP address, without a scheme, a star,
// or the port of a service that does not speak HTTP.
func CheckHost(entry string) error {
	if a, err := netip.ParseAddr(entry); err == nil && a.Is6() && a.Zone() == "" {
		return nil // without brackets there is no room for a port
	}
	u, err := url.Parse("http://" + entry)
	if err != nil || u.Host != entry || u.Hostname() == "" || !plainHost(u.Hostname()) {
		return fmt.Errorf(`%.120q is no host; write "bank.example" or "bank.example:8443"`, entry)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return fmt.Errorf("%.120q has a port that is not possible; use 1 to 65535", entry)
		}
	} else if strings.HasSuffix(entry, ":") {
		return fmt.Errorf("%.120q ends with a colon; leave it out, or name a port", entry)
	}
	if service := notHTTP[u.Port()]; service != "" {
		return fmt.Errorf("%.120q is the port of %s, which does not speak HTTP", entry, service)
	}
	return nil
}

// notHTTP are the ports of services that could take a request for a command of
// their own.
var notHTTP = map[string]string{
	"20": "FTP", "21": "FTP", "22": "SSH", "23": "Telnet", "25": "SMTP", "53": "DNS", "69": "TFTP",
	"110": "POP3", "111": "RPC", "119": "NNTP", "135": "RPC", "139": "NetBIOS", "143": "IMAP", "179": "BGP",
	"389": "LDAP", "445": "SMB", "465": "SMTP", "514": "a shell", "587": "SMTP", "636": "LDAP", "993": "IMAP",
	"995": "POP3", "2049": "NFS", "3306": "MySQL", "3389": "Remote Desktop", "5060": "SIP", "5432": "PostgreSQL",
	"6379": "Redis", "6667": "IRC", "11211": "memcached", "27017": "MongoDB",
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
