package journey

// Wait waits for the first of its arms. It binds steps.<id>.arm and, when an
// event ended it, steps.<id>.event. Exactly one arm is the timeout: after,
// until, window or date.
type Wait struct {
	Arms []Arm `json:"arms"`
}

// Arm is one alternative inside a wait. Exactly one of Event, Reply, When,
// After, Until, Window, Date is set.
type Arm struct {
	ID     string   `json:"id"` // unique among the arms of its block
	Title  Text     `json:"title,omitempty"`
	Event  string   `json:"event,omitempty"`  // event type
	Reply  string   `json:"reply,omitempty"`  // id of a send or survey step: a reply to its message
	Match  string   `json:"match,omitempty"`  // CEL → bool over event and the bindings; with Event or Reply
	When   string   `json:"when,omitempty"`   // CEL → bool over customer and the bindings, judged at once and on every event
	After  Duration `json:"after,omitempty"`  // so long after the wait began
	Until  string   `json:"until,omitempty"`  // CEL → timestamp
	Window *Window  `json:"window,omitempty"` // the next moment within
	Date   *Date    `json:"date,omitempty"`   // a date of the customer's
	Steps  []*Step  `json:"steps,omitempty"`
}

// Window is a span of local time in the customer's time zone: on Days from From
// up to To. A wait that begins within it ends at once. In the hour that daylight
// saving skips, the window opens at the first moment after it; in the hour that
// it repeats, at the first of the two.
type Window struct {
	Days []string `json:"days,omitempty"` // mon … sun; empty is every day
	From string   `json:"from"`           // "09:00"
	To   string   `json:"to"`             // "18:00"; later than From
}

// Date is a moment given by a trait of the customer: a date ("1990-05-17") or an
// RFC 3339 moment. A date that is past, offset included, ends the wait at once,
// unless Yearly takes its next anniversary.
type Date struct {
	Trait  string   `json:"trait"`            // name of the trait, dots for what is in it
	Offset Duration `json:"offset,omitempty"` // may be negative: -3d
	At     string   `json:"at,omitempty"`     // local time of a date without one, default "09:00"
	Yearly bool     `json:"yearly,omitempty"` // 29 February is 1 March in other years
}

// Choose takes the first arm whose When holds, else Otherwise.
type Choose struct {
	Arms      []ChooseArm `json:"arms"`
	Otherwise ChooseArm   `json:"otherwise"` // When is empty, ID is "otherwise"
}

// ChooseArm is one alternative inside a choose.
type ChooseArm struct {
	ID    string  `json:"id"`
	Title Text    `json:"title,omitempty"`
	When  string  `json:"when,omitempty"` // CEL → bool
	Steps []*Step `json:"steps,omitempty"`
}

// Split sends customers down its arms by weight. The arm of a customer is found
// by hash of customer and salt: the same again in every enrollment and version
// that keeps the salt and the weights. It binds steps.<id>.arm; the exposure is
// in the journey log.
type Split struct {
	Salt string     `json:"salt"` // default: the journey's name and the step's id
	Arms []SplitArm `json:"arms"` // 2–20
}

// SplitArm is one alternative inside a split.
type SplitArm struct {
	ID     string `json:"id"`
	Title  Text   `json:"title,omitempty"`
	Weight int    `json:"weight"` // 1–10,000; its share is weight over the sum
	// Holdout: whoever takes this arm is not messaged by this enrollment any
	// more; its sends are withheld and say so in the log.
	Holdout bool    `json:"holdout,omitempty"`
	Steps   []*Step `json:"steps,omitempty"`
}

// Parallel runs its arms side by side. It binds steps.<id>.arms, the ids of
// those that ended before the join, in order. The arms left over are cancelled
// and what they did is undone.
type Parallel struct {
	Join string        `json:"join"`        // all (default) | any | n
	N    int           `json:"n,omitempty"` // with join n: how many arms must end
	Arms []ParallelArm `json:"arms"`        // 2–20
}

// ParallelArm is one of the arms of a parallel.
type ParallelArm struct {
	ID    string  `json:"id"`
	Title Text    `json:"title,omitempty"`
	Steps []*Step `json:"steps,omitempty"`
}

// Repeat runs its steps again and again. Exactly one of While (judged before
// each round) and Until (judged after it) is set. Inside, steps.<id>.round is 1
// in the first round; afterwards it is the number of rounds run, and
// steps.<id>.arm is "done", or "max" when the bound ended it.
type Repeat struct {
	While string  `json:"while,omitempty"` // CEL → bool
	Until string  `json:"until,omitempty"` // CEL → bool
	Max   int     `json:"max"`             // rounds, 1–10,000
	Steps []*Step `json:"steps"`
}

// SubJourney enrolls the customer in another journey, in its version that is
// newest when the step begins. In mode "child" (the default) the step waits for
// its end and binds steps.<id>.outcome; in mode "handover" this enrollment ends
// with outcome "handed_over". The child's deadline bounds the step.
type SubJourney struct {
	Journey string         `json:"journey"`
	Mode    string         `json:"mode"`           // child | handover
	Key     string         `json:"key,omitempty"`  // template; default: of this enrollment, step and visit
	With    map[string]any `json:"with,omitempty"` // its variables; strings are templates
}

// Fragment stands for the steps of a published fragment, which take its place
// when the definition is compiled: their ids get the step's id and "_" before
// them. A compiled definition has none.
type Fragment struct {
	Name    string `json:"name"`
	Version int    `json:"version"` // 1 or more
}
