package view

// Try is the page where an action of a plugin is called.
type Try struct {
	Name, Version, Action string
	Title, Text           string
	Back                  string // to the plugin's page
	Examples              []Link
	Example               int // the one whose world it is
	Form                  []FormField
	Tried                 *Tried // nil before the first call
}

// Tried is what came of a call.
type Tried struct {
	Input, Output      string // as people read JSON
	Code, Text, Retry  string // of a failure, "" for none
	Log                string
	Asked              []string // of the world outside
	Beside             []string // what the example does not answer
	Fuel, Memory, Took string
}
