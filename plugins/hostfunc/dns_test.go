package hostfunc

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/qidong/qidong/sdk/abi"
)

// names is a resolver that gives a name another address each time it is asked,
// the last one forever. A lookup asks for both versions of addresses; they are
// counted by those of version 4.
type names struct {
	mu    sync.Mutex
	asked map[string]int
	lists map[string][][]string // by name with a dot at the end
}

func (n *names) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:size]) == nil {
				if out, err := n.answer(m).Pack(); err == nil {
					_, _ = conn.WriteTo(out, from)
				}
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n *names) answer(m dnsmessage.Message) *dnsmessage.Message {
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	for _, s := range n.addresses(q) {
		a := netip.MustParseAddr(s)
		h := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class} // a TTL of 0
		switch {
		case a.Is4() && q.Type == dnsmessage.TypeA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && q.Type == dnsmessage.TypeAAAA:
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	return &m
}

func (n *names) addresses(q dnsmessage.Question) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lists := n.lists[strings.ToLower(q.Name.String())]
	if len(lists) == 0 {
		return nil
	}
	if n.asked == nil {
		n.asked = map[string]int{}
	}
	turn := n.asked[q.Name.String()+q.Type.String()]
	n.asked[q.Name.String()+q.Type.String()]++
	return lists[min(turn, len(lists)-1)]
}

// quiet is a server that fails the test when anything connects to it.
func quiet(t *testing.T) (port string) {
	t.Helper()
	var seen atomic.Int64
	s := httptest.NewUnstartedServer(nil)
	s.Config.ConnState = func(net.Conn, http.ConnState) { seen.Add(1) }
	s.Start()
	t.Cleanup(func() {
		s.Close()
		require.Zero(t, seen.Load(), "connections")
	})
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	return port
}

func TestP26_Names_of_special_addresses_are_denied_when_they_are_dialed(t *testing.T) {
	t.Parallel()
	port := quiet(t)
	special := map[string]string{
		"metadata.google.internal.": "169.254.169.254", "this.example.": "127.0.0.1", "net10.example.": "10.1.2.3",
		"net172.example.": "172.31.255.255", "net192.example.": "192.168.1.1", "carrier.example.": "100.100.100.200",
		"zero.example.": "0.0.0.0", "broadcast.example.": "255.255.255.255", "multicast.example.": "224.0.0.1",
		"bench.example.": "198.18.0.1", "future.example.": "240.0.0.1", "anycast.example.": "192.88.99.1",
		"six.example.": "::1", "zero6.example.": "::", "mapped.example.": "::ffff:127.0.0.1", "compatible.example.": "::127.0.0.1",
		"translated.example.": "::ffff:0:7f00:1", "nat64.example.": "64:ff9b::7f00:1", "nat64local.example.": "64:ff9b:1::7f00:1",
		"sixtofour.example.": "2002:7f00:1::", "teredo.example.": "2001:0:7f00:1::", "unique.example.": "fd00:ec2::254",
		"link.example.": "fe80::1", "site.example.": "fec0::1", "multicast6.example.": "ff02::1", "orchid.example.": "2001:20::1",
		"documents.example.": "2001:db8::1", "segments.example.": "5f00::1",
	}
	fake := &names{lists: map[string][][]string{}}
	for name, address := range special {
		fake.lists[name] = [][]string{{address}}
	}
	n := newNetwork(fake.resolver(t))
	t.Cleanup(n.Close)
	for name, address := range special {
		t.Run(name+" is "+address, func(t *testing.T) {
			t.Parallel()
			host := strings.TrimSuffix(name, ".") + ":" + port
			h := &HTTP{Caller: caller, Allow: []string{host}, Transport: n.Public()}
			_, refusal := h.Do(t.Context(), get("http://"+host))
			require.NotNil(t, refusal)
			require.Equal(t, abi.CodeDenied, refusal.Code, refusal.Message)
			require.NotContains(t, refusal.Message, address, "a guest could learn what is in the network")
		})
	}
}

func TestP27_A_name_that_changes_its_address_is_checked_at_each_dial(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	// This machine stands for the public network: it is the only one that a
	// test can reach, and the loopback network allows it and nothing private.
	fake := &names{lists: map[string][][]string{
		"rebind.example.": {{"127.0.0.1"}, {"169.254.169.254"}, {"10.0.0.1", "fd00::1"}},
		"mixed.example.":  {{"10.0.0.1", "127.0.0.1"}},
		"hop.example.":    {{"192.168.0.1"}},
	}}
	n := newNetwork(fake.resolver(t))
	t.Cleanup(n.Close)
	do := func(host string, transport http.RoundTripper) *abi.Error {
		h := &HTTP{Caller: caller, Allow: []string{host + ":" + port}, Transport: transport}
		_, refusal := h.Do(t.Context(), get("http://"+host+":"+port))
		return refusal
	}
	require.Nil(t, do("rebind.example", n.Loopback()), "the first address is allowed")
	require.EqualValues(t, 1, served.Load())
	for range 2 {
		refusal := do("rebind.example", n.Loopback())
		require.NotNil(t, refusal, "the next ones are not")
		require.Equal(t, abi.CodeDenied, refusal.Code, refusal.Message)
	}
	require.Nil(t, do("mixed.example", n.Loopback()), "of several addresses, those that are allowed are used")
	require.EqualValues(t, 2, served.Load())
	refusal := do("mixed.example", n.Public())
	require.NotNil(t, refusal)
	require.Equal(t, abi.CodeDenied, refusal.Code)
	require.EqualValues(t, 2, served.Load())
}

func TestP28_A_redirect_to_a_name_of_a_private_address_is_denied(t *testing.T) {
	t.Parallel()
	port := quiet(t)
	fake := &names{lists: map[string][][]string{"inner.example.": {{"10.0.0.1"}}, "loop.example.": {{"127.0.0.2"}}}}
	s := httptest.NewServer(http.RedirectHandler("http://inner.example:"+port+"/secret", http.StatusFound))
	t.Cleanup(s.Close)
	n := newNetwork(fake.resolver(t))
	t.Cleanup(n.Close)
	h := &HTTP{Caller: caller, Allow: []string{strings.TrimPrefix(s.URL, "http://"), "inner.example:" + port}, Transport: n.Loopback()}
	_, refusal := h.Do(t.Context(), get(s.URL))
	require.NotNil(t, refusal)
	require.Equal(t, abi.CodeDenied, refusal.Code, refusal.Message)
}
