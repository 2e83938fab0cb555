package orchestrator

import "slices"

// Channel is a way to reach customers.
type Channel struct {
	Name string
	// IdentityKind is the kind of identity that the channel needs of a customer;
	// "" reaches everybody.
	IdentityKind string
}

// ChannelHandset is the customer's own page.
const ChannelHandset = "handset"

// channels are those of this installation, in their order of preference. One
// that is added here is offered to journeys, consents and guardrails at once.
var channels = []Channel{{Name: ChannelHandset}}

// Channels are the channels of this installation, in the order in which they
// are tried when neither a step nor the workspace has one of its own.
func Channels() []Channel { return slices.Clone(channels) }

// reaches tells whether the channel has an address of the customer.
func (c Channel) reaches(who Customer) bool {
	return c.IdentityKind == "" || slices.ContainsFunc(who.Identities, func(i Identity) bool { return i.Kind == c.IdentityKind })
}

// offered are the channels that a message may take, in order: those that the
// step names, else those of the workspace, else all. Names of channels that do
// not exist, or that the workspace does not have, are passed over.
func offered(known []Channel, workspace, step []string) []Channel {
	order := step
	if len(order) == 0 {
		order = workspace
	}
	if len(order) == 0 {
		return known
	}
	var out []Channel
	for _, name := range order {
		if len(workspace) > 0 && !slices.Contains(workspace, name) {
			continue
		}
		if i := slices.IndexFunc(known, func(c Channel) bool { return c.Name == name }); i >= 0 {
			out = append(out, known[i])
		}
	}
	return out
}
