package view

// Publish is what publishing would mean, before it is done.
type Publish struct {
	Name, Title, URL string
	Revision         int64
	Version          string // of a rollback: the number that is published again; "" publishes the draft
	Heading          string // which version follows which
	Same             bool   // nothing differs from what is published
	Error            string
	Problems         []DesignProblem // of the draft: while there are any, it cannot be published
	Diff             []StepDiff
	Canvas           Canvas
	Flights          []Flight
	InFlight         string // how many are under way, in words; "" for nobody
	Plans            []PlanChoice
	Mapping          []MappingChoice
	Rate             string
	Refusals         []Problem // why the last attempt was refused
	Approval         *Approval // nil when nobody else has to approve
}

// Approval is what a second person has said.
type Approval struct {
	URL        string // to approve at
	By         []string
	Given, Own bool
}

// StepDiff is one difference: of a step, or of the journey itself.
type StepDiff struct {
	Class, Word string // added | removed | moved | changed, and its word
	ID          string // of the step, "" for the journey itself
	Kind, Title string
	Where       string // where it stands, or stood
	Fields      []FieldDiff
}

// FieldDiff is one field with another value.
type FieldDiff struct{ Path, Old, New string }

// Flight is how many are at one step.
type Flight struct {
	Version, Step, Count string
	Fate                 string // what a move would do with them
	URL                  string // of exactly them
}

// PlanChoice is a plan for those under way.
type PlanChoice struct {
	Value, Title, Text string
	Selected           bool
}

// MappingChoice asks where those at a step go on.
type MappingChoice struct {
	Name          string // of the field
	Step, Message string
	Here          string // how many are there now, in words
	Targets       []Option
}

// Versions is the page of a journey's versions.
type Versions struct {
	Name, Title string
	Status      Status
	Rows        []VersionRow
	Compare     string // heading of the comparison; "" for none
	Same        bool
	Diff        []StepDiff
}

// VersionRow is one version.
type VersionRow struct {
	Number, Digest, By, At string
	InFlight               string
	InFlightURL            string
	CompareURL             string // "" for the first
	RollbackURL            string // "" for the newest
	ExportURL              string
	Newest, Selected       bool
}
