package view

// BesideText is the YAML of a draft beside its canvas.
type BesideText struct {
	URL   string // of the text alone
	Text  string
	State BesideState
}

// BesideState is what is known of the text: which revision it is, or what keeps
// it from being saved.
type BesideState struct {
	Revision int64
	Spans    string         // [card, first line, last line] of each, as JSON
	Problem  *SourceProblem // nil when it can be read
	Conflict int64          // the revision that somebody else has made since, 0 for none
	By       string         // who has
}
