package hostfunc

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"

	"github.com/qidong/qidong/sdk/abi"
)

// Network reaches the backends of all plugins. It is safe for concurrent use.
// No proxy is used, no cookie kept, and every address is checked when it is
// dialed, after its name was resolved: private, loopback and other special
// addresses are refused.
type Network struct {
	public   *http.Transport
	loopback *http.Transport
	slots    *Slots
}

// NewNetwork makes a network without open connections.
func NewNetwork() *Network { return newNetwork(nil) }

// newNetwork resolves names with r; nil is the system's resolver.
func newNetwork(r *net.Resolver) *Network {
	return &Network{
		public: transport(r),
		loopback: transport(r,
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128"))),
		slots: NewSlots(maxConcurrent),
	}
}

// Public reaches public addresses only.
func (n *Network) Public() http.RoundTripper { return n.public }

// Loopback also reaches this machine, at 127.0.0.0/8 and ::1.
func (n *Network) Loopback() http.RoundTripper { return n.loopback }

// Slots bounds the requests of each plugin to each host.
func (n *Network) Slots() *Slots { return n.slots }

// Close closes idle connections.
func (n *Network) Close() {
	n.public.CloseIdleConnections()
	n.loopback.CloseIdleConnections()
}

func transport(r *net.Resolver, opts ...ssrf.Option) *http.Transport {
	guard := ssrf.New(append(opts, ssrf.WithAnyPort())...) // ports are the grant's
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: guard.Safe, Resolver: r}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    maxConcurrent,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: abi.MaxHeader,
		DisableCompression:     true, // the size before decompression is bounded too: see content
	}
}
