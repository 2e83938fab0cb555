package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/qidong/qidong/plugins/hostfunc"
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
	// KV allows to keep values between calls.
	KV bool `json:"kv,omitempty"`
	// Secrets are the secrets that may be used, each towards one host of HTTP.
	Secrets []Secret `json:"secrets,omitempty"`
	// CustomerFields are the customer's fields that may be read: "name",
	// "traits.tier". A field allows those within it.
	CustomerFields []string `json:"customer_fields,omitempty"`
	// Limits bound the calls.
	Limits Limits `json:"limits,omitzero"`
	// Record is the share of calls, 0 to 1, that are recorded. Calls that fail
	// are recorded always.
	Record float64 `json:"record,omitempty"`
}

// Secret allows one secret towards one host; see [hostfunc.Binding].
type Secret = hostfunc.Binding

// maxEntries bounds each list of a grant.
const maxEntries = 64

var (
	secretName    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	customerField = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}$`)
)

// ReadGrant reads a grant strictly: a field that grants do not have, or a value
// that could allow nothing, is an error that says what to mend. No bytes are
// the grant that allows nothing.
func ReadGrant(raw json.RawMessage) (Grant, error) {
	var g Grant
	if len(raw) == 0 {
		return g, nil
	}
	if f := decode(raw, abi.CodeBadInput, &g); f != nil {
		return Grant{}, fmt.Errorf("reading a grant: %s", f.message)
	}
	if err := g.Validate(); err != nil {
		return Grant{}, fmt.Errorf("reading a grant: %w", err)
	}
	return g, nil
}

// Validate refuses a grant with an entry that could allow nothing, or with
// limits above the host's. The error names the entry.
func (g Grant) Validate() error {
	if n := max(len(g.HTTP), len(g.Secrets), len(g.CustomerFields)); n > maxEntries {
		return fmt.Errorf("a list of the grant has %d entries; at most %d are allowed", n, maxEntries)
	}
	for _, host := range g.HTTP {
		if err := hostfunc.CheckHost(host); err != nil {
			return fmt.Errorf(`"http" of the grant: %w`, err)
		}
	}
	for _, s := range g.Secrets {
		if !secretName.MatchString(s.Name) {
			return fmt.Errorf(`"secrets" of the grant: %.80q cannot be the name of a secret; use a lower-case letter, then up to 63 lower-case letters, digits or _`, s.Name)
		}
		if err := hostfunc.CheckHost(s.Host); err != nil {
			return fmt.Errorf(`"secrets" of the grant, %q: %w`, s.Name, err)
		}
	}
	for _, field := range g.CustomerFields {
		if !customerField.MatchString(field) {
			return fmt.Errorf(`"customer_fields" of the grant: %.80q is no field; write names with dots between them, like traits.tier`, field)
		}
	}
	if g.Record < 0 || g.Record > 1 {
		return fmt.Errorf(`"record" of the grant is %g; it is a share, 0 to 1`, g.Record)
	}
	return g.Limits.Validate()
}

// Asked is the grant that gives a plugin all that its manifest asks for, under
// a configuration: for a person to review. Loopback is set when a host is this
// machine's ("localhost", 127.0.0.1). Configuration that names no URL where a
// need points to one is an error, and so is a host that could not be reached.
func Asked(m *abi.Manifest, config json.RawMessage) (Grant, error) {
	g := Grant{Ledger: m.Needs.Ledger != nil, KV: m.Needs.KV != nil}
	c := configured{plugin: m.Name}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &c.fields); err != nil {
			return g, fmt.Errorf("reading the configuration of plugin %s: %w", m.Name, err)
		}
	}
	for _, need := range m.Needs.HTTP {
		host := c.host(need.Host)
		g.HTTP = append(g.HTTP, host)
		g.Loopback = g.Loopback || isLoopback(host)
	}
	for _, need := range m.Needs.Secrets {
		g.Secrets = append(g.Secrets, Secret{Name: need.Name, Host: c.host(need.Host)})
	}
	for _, need := range m.Needs.Customer {
		g.CustomerFields = append(g.CustomerFields, need.Field)
	}
	if c.err != nil {
		return g, c.err
	}
	if err := g.Validate(); err != nil {
		return g, fmt.Errorf("what plugin %s asks for cannot be granted: %w", m.Name, err)
	}
	return g, nil
}

// configured looks up hosts in a plugin's configuration.
type configured struct {
	plugin string
	fields map[string]any
	err    error // everything that was missing
}

// host is the host that a need names, in the configuration or by itself.
func (c *configured) host(need string) string {
	field, ok := strings.CutPrefix(need, "config.")
	if !ok {
		return need
	}
	raw, _ := c.fields[field].(string)
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		c.err = errors.Join(c.err, fmt.Errorf("the configuration of plugin %s needs a URL in %q, this is %q", c.plugin, field, raw))
		return ""
	}
	return strings.TrimSuffix(u.Host, ":")
}

func isLoopback(hostport string) bool {
	host := (&url.URL{Host: hostport}).Hostname()
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.IsLoopback()
}

// within is what g allows of what the plugin asks for under a configuration:
// asking grants nothing, and neither is given what was not asked for.
func (g Grant) within(m *abi.Manifest, config json.RawMessage) Grant {
	asked, _ := Asked(m, config) // a host that the configuration lacks is not asked for
	g.Ledger, g.KV = g.Ledger && asked.Ledger, g.KV && asked.KV
	g.HTTP = intersect(g.HTTP, asked.HTTP)
	g.Secrets = intersect(g.Secrets, asked.Secrets)
	return g
}

func intersect[T comparable](granted, asked []T) []T {
	var both []T
	for _, v := range granted {
		if slices.Contains(asked, v) {
			both = append(both, v)
		}
	}
	return both
}
