package plugin

import "github.com/qidong/qidong/sdk/abi"

// Need is a grant that the plugin asks for.
type Need func(*abi.Needs)

// NeedHTTP asks for requests to a host: "host", "host:port", or
// "config.<field>" for the host of the URL in that field of the configuration.
func NeedHTTP(host string, reason Text) Need {
	return func(n *abi.Needs) { n.HTTP = append(n.HTTP, abi.HTTPNeed{Host: host, Reason: reason}) }
}

// NeedLedger asks to post points to the customer of a call.
func NeedLedger(reason Text) Need {
	return func(n *abi.Needs) { n.Ledger = reason }
}

// NeedKV asks to keep values between calls: see [Call.KV].
func NeedKV(reason Text) Need {
	return func(n *abi.Needs) { n.KV = reason }
}

// NeedCustomer asks to read a field of the customer, "name" or "traits.tier":
// see [Call.Customer].
func NeedCustomer(field string, reason Text) Need {
	return func(n *abi.Needs) { n.Customer = append(n.Customer, abi.FieldNeed{Field: field, Reason: reason}) }
}

// NeedSecret asks to use a secret of the workspace in requests to a host, which
// is as in [NeedHTTP] and needs one of its own: see [Secret].
func NeedSecret(name, host string, reason Text) Need {
	return func(n *abi.Needs) {
		n.Secrets = append(n.Secrets, abi.SecretNeed{Name: name, Host: host, Reason: reason})
	}
}

// Secret is the text that stands for a secret in the value of a header or in
// the body of a request:
//
//	backend.Header = map[string]string{"Authorization": "Bearer " + plugin.Secret("api_key")}
//
// The host puts the value in its place when the request leaves, so that the
// plugin never has it, and takes it out of the answer. It is sent by https only,
// but for backends on the same machine. The plugin must have asked for it with
// [NeedSecret].
func Secret(name string) string { return abi.SecretRef(name) }
