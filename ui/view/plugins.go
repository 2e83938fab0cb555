package view

// PluginList is the catalogue of plugins.
type PluginList struct {
	Query    string
	Tiles    []PluginTile
	Problems []Problem // of an upload
	Most     string    // how large an upload may be
}

// PluginTile is a plugin in the catalogue, as its newest version.
type PluginTile struct {
	Name, Version, Title, Partner, Text, URL string
	Versions, Missing                        int
	Actions                                  []string
	State                                    Status
	Health                                   PluginRow
	Search                                   string // the words that a search looks in
}

// Plugin is one version of a plugin.
type Plugin struct {
	PluginTile
	Reason, Digest, Size, Uploaded, Limits, Config string
	Configurable                                   bool
	States                                         []Option
	Needs                                          []PluginNeed
	Secrets                                        []PluginSecret
	Offers                                         []PluginAction
	All                                            []PluginVersion
	Failures                                       []PluginFailure
	Uses                                           []PluginUse
}

// PluginNeed is one thing that a plugin asks for.
type PluginNeed struct {
	Value              string // names it in the form
	What, Name, Reason string
	Granted            bool
	Wrong              bool // it cannot be decided before something else is mended
}

// PluginAction is what a plugin offers to journeys.
type PluginAction struct {
	Name, Title, Text, Effect, Undo string
	Input, Output                   []SchemaField
	Examples                        []PluginExample
	Try                             string // where it can be called
}

// PluginSecret is a secret that a version asks for.
type PluginSecret struct {
	Name, Host string // Host is the only one that it is sent to
	Set        string // when it was, "" when it is missing
}

// SchemaField is a field of an action's input or output.
type SchemaField struct {
	Name, Title, Text, Kind string
	Required                bool
}

// PluginExample is a call as its author expects it.
type PluginExample struct{ Title, Input, Output, Error string }

// PluginVersion is a line of the list of versions.
type PluginVersion struct {
	Version, URL, Uploaded string
	State                  Status
	Missing                int
	Current                bool
}

// PluginFailure is a recorded call that failed.
type PluginFailure struct{ ID, Action, Code, At, Took, Enrollment string }

// PluginUse is a journey that calls a plugin.
type PluginUse struct {
	Journey Link
	Version string // of the journey
	Newest  bool   // who enters now passes through it
	Live    string // how many are in it, in words
}
