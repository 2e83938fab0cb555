package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

var configHost = regexp.MustCompile(`^config\.[A-Za-z0-9_]{1,64}$`)

// needs checks what a manifest asks for.
func (c *checker) needs(m *abi.Manifest) {
	n := m.Needs
	if most := max(len(n.HTTP), len(n.Customer), len(n.Secrets)); most > abi.MaxNeeds {
		c.add("needs", "A plugin may need at most %d hosts, %d secrets and %d customer fields.", abi.MaxNeeds, abi.MaxNeeds, abi.MaxNeeds)
		return
	}
	for i, need := range n.HTTP {
		path := fmt.Sprintf("needs.http[%d]", i)
		c.host(path+".host", m, need.Host)
		c.text(path+".reason", need.Reason, true)
	}
	for i, need := range n.Secrets {
		c.secret(fmt.Sprintf("needs.secrets[%d]", i), m, need)
	}
	for i, need := range n.Customer {
		path := fmt.Sprintf("needs.customer[%d]", i)
		if !customerField.MatchString(need.Field) {
			c.add(path+".field", "The field %.80q is not possible; write 1 to 5 names with dots between them, like traits.tier.", need.Field)
		}
		c.text(path+".reason", need.Reason, true)
	}
	if n.Ledger != nil {
		c.text("needs.ledger", n.Ledger, true)
	}
	if n.KV != nil {
		c.text("needs.kv", n.KV, true)
	}
}

func (c *checker) secret(path string, m *abi.Manifest, need abi.SecretNeed) {
	if !secretName.MatchString(need.Name) {
		c.add(path+".name", "The name %.80q is not possible: a lower-case letter, then up to 63 lower-case letters, digits or _.", need.Name)
	}
	c.host(path+".host", m, need.Host)
	c.text(path+".reason", need.Reason, true)
	for _, asked := range m.Needs.HTTP {
		if asked.Host == need.Host {
			return
		}
	}
	c.add(path+".host", "The secret is for %.120q, which is not among the hosts that the plugin needs: add it to needs.http.", need.Host)
}

// host checks "host", "host:port" or "config.<field>".
func (c *checker) host(path string, m *abi.Manifest, host string) {
	field, configured := strings.CutPrefix(host, "config.")
	switch {
	case configHost.MatchString(host):
		if !hasProperty(m.Config, field) {
			c.add(path, "The configuration's schema has no property %q.", field)
		}
	case configured || hostfunc.CheckHost(host) != nil || host != strings.ToLower(host):
		c.add(path, `The host %.80q is not possible; write "host", "host:port" (lower-case), or "config.<field>".`, host)
	}
}

func hasProperty(schema json.RawMessage, name string) bool {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	_ = json.Unmarshal(schema, &s) // a schema of another form has no such property
	return s.Properties[name] != nil
}

// outside checks what an example says of the world.
func (c *checker) outside(path string, e abi.Example) {
	var fields map[string]any
	if e.Customer != nil && (json.Unmarshal(e.Customer, &fields) != nil || fields == nil) {
		c.add(path+".customer", "The customer of an example is an object.")
	}
	store := hostfunc.Values{Granted: true, Store: hostfunc.NewMemoryKV()}
	for _, key := range slices.Sorted(maps.Keys(e.KV)) {
		if _, refusal := store.Do(context.Background(), abi.KVRequest{Op: abi.KVPut, Key: key, Value: e.KV[key]}); refusal != nil {
			c.add(path+".kv", "%s", refusal.Message)
		}
	}
}
