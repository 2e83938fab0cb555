package plugins

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// Grant is what a workspace allows a plugin version. The zero value allows
// nothing.
type Grant struct {
	// HTTP are the hosts that may be reached: "host" for the ports 80 (http)
	// and 443 (https), "host:port" for that port.
	HTTP []string `json:"http,omitempty"`
	// Loopback allows hosts of HTTP that resolve to this machine; for
	// development. Other private addresses are never reached.
	Loopback bool `json:"loopback,omitempty"`
	// Ledger allows to post points to the customer of a call.
	Ledger bool `json:"ledger,omitempty"`
	// CustomerFields are the customer's fields that may be read.
	CustomerFields []string `json:"customer_fields,omitempty"`
}

// Asked is the grant that gives a plugin all that its manifest asks for, under
// a configuration: for a person to review. Loopback is set when a host is this
// machine's ("localhost", 127.0.0.1). Configuration that names no URL where a
// need points to one is an error.
func Asked(m *abi.Manifest, config json.RawMessage) (Grant, error) {
	g := Grant{Ledger: m.Needs.Ledger != nil}
	var fields map[string]any
	if len(config) > 0 {
		if err := json.Unmarshal(config, &fields); err != nil {
			return g, fmt.Errorf("reading the configuration of plugin %s: %w", m.Name, err)
		}
	}
	for _, need := range m.Needs.HTTP {
		host := need.Host
		if field, ok := strings.CutPrefix(host, "config."); ok {
			raw, _ := fields[field].(string)
			u, err := url.Parse(raw)
			if err != nil || u.Hostname() == "" {
				return g, fmt.Errorf("the configuration of plugin %s needs a URL in %q, this is %q", m.Name, field, raw)
			}
			host = u.Host
		}
		g.HTTP = append(g.HTTP, host)
		g.Loopback = g.Loopback || isLoopback(host)
	}
	for _, need := range m.Needs.Customer {
		g.CustomerFields = append(g.CustomerFields, need.Field)
	}
	return g, nil
}

func isLoopback(hostport string) bool {
	host := (&url.URL{Host: hostport}).Hostname()
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
