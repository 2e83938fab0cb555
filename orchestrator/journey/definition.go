package journey

import "time"

// Text is one string per language tag ("en", "zh-CN"). Values may hold ${CEL}.
type Text map[string]string

// Definition is one immutable, validated version of a journey: the source tree
// with every default filled in, every action, fragment and segment it uses
// pinned. Its canonical JSON is what [Digest] hashes, what the store keeps, and
// what a workflow loads by that digest.
type Definition struct {
	Language    string         `json:"qidong"`
	Journey     string         `json:"journey"`
	Title       Text           `json:"title"`
	Description Text           `json:"description,omitempty"`
	Entry       Entry          `json:"entry"`
	Variables   map[string]any `json:"variables,omitempty"` // JSON Schema of vars
	// Events holds, by event type, the JSON Schema of that type's data;
	// expressions over event.data are checked against it.
	Events     map[string]map[string]any `json:"events,omitempty"`
	Deadline   Duration                  `json:"deadline"` // an enrollment ends with outcome "deadline" after it
	Guardrails Guardrails                `json:"guardrails,omitzero"`
	Goals      []Goal                    `json:"goals,omitempty"`
	Exit       []Exit                    `json:"exit,omitempty"`
	// Worker runs the journey: it is written in Go, and has no steps here.
	Worker *Worker `json:"worker,omitempty"`
	Steps  []*Step `json:"steps"`
	// Actions holds, for every "plugin.action" used, what the workflow must
	// know of it without asking anyone: filled in at publish.
	Actions map[string]Action `json:"actions,omitempty"`
	// Segments holds the rule of every segment that is named anywhere: filled
	// in at publish, so that a later change of the segment changes nothing here.
	Segments map[string]string `json:"segments,omitempty"`
}

// Worker names the engineer's own worker that runs a journey written in Go.
type Worker struct {
	// Queue is the Temporal task queue that the worker listens on, and not
	// Qidong's own.
	Queue string `json:"queue"`
	// Actions are the plugins' actions that the code calls, "plugin.action"; their
	// versions are pinned at publish.
	Actions []string `json:"actions,omitempty"`
	// Events are the types of the events that the code waits for, beside those of
	// goals and exits: others do not reach it. Replies, and the ends of its tasks
	// and sub-journeys, always do.
	Events []string `json:"events,omitempty"`
}

// Guardrails protect the customer; they hold for every message of the journey,
// beside those of the workspace, which they cannot loosen. Caps and quiet hours
// hold no transactional message.
type Guardrails struct {
	// Priority decides between journeys that want to send to one customer under
	// one cap: 0 (last) to 100 (first), default 50.
	Priority int `json:"priority"`
	// Quiet are hours in which no message is sent, in the customer's time zone.
	Quiet *Quiet `json:"quiet,omitempty"`
	// Cap bounds the messages of this journey to one customer, beside the
	// workspace's caps over all journeys.
	Cap *Cap `json:"cap,omitempty"`
}

// Quiet hours: from From up to To, which may be on the next day. During them a
// message waits until To ("delay", the default) or is withheld ("withhold").
type Quiet struct {
	From string `json:"from"` // "22:00"
	To   string `json:"to"`   // "08:00"
	Then string `json:"then"` // delay | withhold
}

// Cap is at most Messages (1–1,000) in any span of Per (1m–366d).
type Cap struct {
	Messages int      `json:"messages"`
	Per      Duration `json:"per"`
}

// Goal counts as success. It is judged at once on every event; the first one met
// is recorded. Exactly one of Event and When is set.
type Goal struct {
	ID    string `json:"id"`
	Title Text   `json:"title,omitempty"`
	Event string `json:"event,omitempty"` // event type
	Match string `json:"match,omitempty"` // CEL → bool over event and the bindings; with Event only
	When  string `json:"when,omitempty"`  // CEL → bool over customer and the bindings
	// Exit ends the enrollment with this outcome when the goal is met; "" lets it go on.
	Exit string `json:"exit,omitempty"`
}

// Exit ends an enrollment at once when its event comes or its condition holds,
// also in the middle of a wait, a call or an incident. Exactly one of Event and
// When is set.
type Exit struct {
	ID      string  `json:"id"`
	Title   Text    `json:"title,omitempty"`
	Event   string  `json:"event,omitempty"`
	Match   string  `json:"match,omitempty"`
	When    string  `json:"when,omitempty"` // CEL → bool over customer and the bindings
	Undo    bool    `json:"undo,omitempty"` // first undo what was done, newest first
	Outcome string  `json:"outcome"`
	Steps   []*Step `json:"steps,omitempty"` // run after the undo; no exit step needed at the end
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
