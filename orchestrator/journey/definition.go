package journey

import "time"

// Text is one string per language tag ("en", "zh-CN"). Values may hold ${CEL}.
type Text map[string]string

// Definition is one immutable, validated version of a journey: the source tree
// with every default filled in, every action pinned to a plugin digest. Its
// canonical JSON is what [Digest] hashes, what the store keeps, and what a
// workflow loads by that digest.
type Definition struct {
	Language    string         `json:"qidong"`
	Journey     string         `json:"journey"`
	Title       Text           `json:"title"`
	Description Text           `json:"description,omitempty"`
	Entry       Entry          `json:"entry"`
	Variables   map[string]any `json:"variables,omitempty"` // JSON Schema of vars
	Deadline    Duration       `json:"deadline"`            // an enrollment ends with outcome "deadline" after it
	Exit        []Exit         `json:"exit,omitempty"`
	Steps       []*Step        `json:"steps"`
	// Actions holds, for every "plugin.action" used, what the workflow must
	// know of it without asking anyone: filled in at publish.
	Actions map[string]Action `json:"actions,omitempty"`
}

// Entry says how enrollments begin.
type Entry struct {
	Event   *EventEntry `json:"event"`
	Key     string      `json:"key,omitempty"` // CEL → string; "" = one enrollment a customer
	Reentry string      `json:"reentry"`       // "never": one enrollment per customer and key, ever
}

// EventEntry starts an enrollment for the event's customer.
type EventEntry struct {
	Type  string `json:"type"`
	Match string `json:"match,omitempty"` // CEL → bool over event, customer
}

// Exit ends an enrollment at once when its event comes, also in the middle of
// a wait, a call or an incident.
type Exit struct {
	ID      string  `json:"id"`
	Title   Text    `json:"title,omitempty"`
	Event   string  `json:"event"`
	Match   string  `json:"match,omitempty"`
	Undo    bool    `json:"undo,omitempty"` // first undo what was done, newest first
	Outcome string  `json:"outcome"`
	Steps   []*Step `json:"steps,omitempty"` // run after the undo; no exit step needed at the end
}

// Kind names what a step does.
type Kind string

// The kinds of steps.
const (
	KindCall   Kind = "call"
	KindSend   Kind = "send"
	KindWait   Kind = "wait"
	KindChoose Kind = "choose"
	KindSurvey Kind = "survey"
	KindExit   Kind = "exit"
)

// Step is one node of a definition. Exactly one of the kind fields is set.
type Step struct {
	ID     string    `json:"id"` // ^[a-z][a-z0-9_]{0,62}$, unique in the definition
	Title  Text      `json:"title,omitempty"`
	Call   *Call     `json:"call,omitempty"`
	Send   *Send     `json:"send,omitempty"`
	Wait   *Wait     `json:"wait,omitempty"`
	Choose *Choose   `json:"choose,omitempty"`
	Survey *Survey   `json:"survey,omitempty"`
	Exit   *ExitStep `json:"exit,omitempty"`
}

// Call runs a plugin's action. Its output is bound to steps.<id>.
type Call struct {
	Action string         `json:"action"` // "plugin.action"
	With   map[string]any `json:"with,omitempty"`
	Undo   *Undo          `json:"undo,omitempty"` // nil: the call needs none (or says "undo: none")
	Retry  Retry          `json:"retry"`
	// OnFailure is what happens after the last attempt: "hold" (an incident
	// for an operator, the default) or "undo" (undo everything, then end with
	// outcome "failed").
	OnFailure string `json:"on_failure"`
}

// Undo compensates a call. With is evaluated before the call is made, so that
// a call whose result never arrived can be undone as well: it may use call.key
// (the idempotency key of the call), customer, vars and earlier steps.
type Undo struct {
	Action string         `json:"action"`
	With   map[string]any `json:"with,omitempty"`
}

// Retry bounds the attempts of a call before its failure policy applies.
type Retry struct {
	Attempts int      `json:"attempts"` // 1–100, default 6
	Interval Duration `json:"interval"` // before the second attempt, default 1s; doubled each time
	Max      Duration `json:"max"`      // upper bound of an interval, default 30s
}

// Send sends a message. It binds steps.<id>.message_id.
type Send struct {
	Category    string       `json:"category"` // marketing | service | transactional
	Text        Text         `json:"text,omitempty"`
	Card        *Card        `json:"card,omitempty"`
	Carousel    *Carousel    `json:"carousel,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"` // the chip list, at most 11
}

// Carousel is one card for each element of a list (2–10 after evaluation; a
// list of one is sent as a single card).
type Carousel struct {
	Each string `json:"each"` // CEL → list
	As   string `json:"as"`   // the name of the element in the card's expressions
	Card Card   `json:"card"`
}

// Card is a rich card before evaluation.
type Card struct {
	Title       Text         `json:"title,omitempty"`
	Description Text         `json:"description,omitempty"`
	Media       *Media       `json:"media,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"` // at most 4
}

// Media is a picture by URL, or a QR code made from a text. Exactly one is set.
type Media struct {
	URL    string `json:"url,omitempty"`
	Type   string `json:"type,omitempty"` // media type of URL
	QR     string `json:"qr,omitempty"`
	Alt    Text   `json:"alt,omitempty"`
	Height string `json:"height"` // SHORT_HEIGHT | MEDIUM_HEIGHT (default) | TALL_HEIGHT
}

// Suggestion is a suggested reply or action. Exactly one of Reply, OpenURL,
// Calendar, ShowLocation is set.
type Suggestion struct {
	Text         Text           `json:"text"`
	Reply        string         `json:"reply,omitempty"` // reaches waits as event.data.reply
	Value        map[string]any `json:"value,omitempty"` // reaches waits as event.data.value
	OpenURL      string         `json:"open_url,omitempty"`
	Calendar     *Calendar      `json:"calendar,omitempty"`
	ShowLocation *Location      `json:"show_location,omitempty"`
}

// Calendar offers an appointment. Start and End are CEL → RFC 3339 string or timestamp.
type Calendar struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Start       string `json:"start"`
	End         string `json:"end"`
}

// Location offers a place. Latitude and Longitude are CEL → number.
type Location struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Label     string `json:"label"`
}

// Wait waits for the first of its arms. It binds steps.<id>.arm and, when an
// event ended it, steps.<id>.event. Exactly one arm is a timeout (after or until).
type Wait struct {
	Arms []Arm `json:"arms"`
}

// Arm is one alternative inside a wait. Exactly one of Event, Reply, After,
// Until is set.
type Arm struct {
	ID    string   `json:"id"` // unique among the arms of its block
	Title Text     `json:"title,omitempty"`
	Event string   `json:"event,omitempty"` // event type
	Reply string   `json:"reply,omitempty"` // id of a send or survey step: a reply to its message
	Match string   `json:"match,omitempty"` // CEL → bool over event and the bindings
	After Duration `json:"after,omitempty"`
	Until string   `json:"until,omitempty"` // CEL → timestamp
	Steps []*Step  `json:"steps,omitempty"`
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

// Survey asks one question and waits for the answer. It binds
// steps.<id>.answered (bool) and steps.<id>.score (int, -1 without an answer).
type Survey struct {
	Kind     string   `json:"kind"` // "nps": 0–10 as eleven suggested replies
	Question Text     `json:"question"`
	Wait     Duration `json:"wait"`
}

// ExitStep ends the enrollment with a named outcome.
type ExitStep struct {
	Outcome string `json:"outcome"`
	Undo    bool   `json:"undo,omitempty"` // first undo what was done, newest first
}

// Action is what a definition pins of a plugin's action.
type Action struct {
	Plugin  string        `json:"plugin"`
	Version string        `json:"version"`
	Digest  string        `json:"digest"` // sha256 of the module, hex
	Name    string        `json:"name"`
	Effect  string        `json:"effect"` // none | read | write
	Timeout time.Duration `json:"timeout"`
	Title   Text          `json:"title,omitempty"`
}
