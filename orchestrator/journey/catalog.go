package journey

// Catalog answers what a workspace offers to a journey. Implementations may
// return the same value each time; nothing of it is changed.
type Catalog interface {
	// Action finds "plugin.action" in the newest active version of the plugin;
	// ok is false when there is none.
	Action(name string) (spec ActionSpec, ok bool)
	// Actions lists every name, for suggestions in problems.
	Actions() []string
	// Fragment finds the steps of a published fragment as [CompileFragment] made
	// them; ok is false when there is no such version.
	Fragment(name string, version int) (steps []*Step, ok bool)
	// Fragments lists every fragment as "name" or "name@version", for
	// suggestions in problems.
	Fragments() []string
	// Segment finds the rule of a segment; ok is false when there is none.
	Segment(name string) (rule string, ok bool)
	// Segments lists every name, for suggestions in problems.
	Segments() []string
	// Journey tells whether there is a published journey with the name.
	Journey(name string) bool
	// Leads lists the journeys that the newest version of a published journey
	// begins or hands over to.
	Leads(name string) []string
	// Channels lists the channels that messages can take; nil is not known, and
	// then any name will do.
	Channels() []string
}

// ActionSpec is what compile needs to know of an action.
type ActionSpec struct {
	Action
	Undo   string         // the action of the same plugin that compensates it, "" for none
	Input  map[string]any // JSON Schema
	Output map[string]any // JSON Schema
	// Withheld is a sentence that says why the action may not be used yet; ""
	// when it may.
	Withheld string
}
