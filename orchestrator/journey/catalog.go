package journey

// Catalog answers which actions a workspace offers. Compile asks it once per
// action name. Implementations may return the same value each time.
type Catalog interface {
	// Action finds "plugin.action" in the newest active version of the plugin;
	// ok is false when there is none.
	Action(name string) (spec ActionSpec, ok bool)
	// Actions lists every name, for suggestions in problems.
	Actions() []string
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
