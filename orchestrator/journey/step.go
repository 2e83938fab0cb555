package journey

// Kind names what a step does.
type Kind string

// The kinds of steps.
const (
	KindCall     Kind = "call"
	KindSend     Kind = "send"
	KindWait     Kind = "wait"
	KindChoose   Kind = "choose"
	KindSplit    Kind = "split"
	KindParallel Kind = "parallel"
	KindRepeat   Kind = "repeat"
	KindJourney  Kind = "journey"
	KindTask     Kind = "task"
	KindSurvey   Kind = "survey"
	KindUpdate   Kind = "update"
	KindFragment Kind = "fragment"
	KindExit     Kind = "exit"
)

// Step is one node of a definition. Exactly one of the kind fields is set.
type Step struct {
	ID    string `json:"id"` // ^[a-z][a-z0-9_]{0,62}$, unique in the definition
	Title Text   `json:"title,omitempty"`
	Note  string `json:"note,omitempty"` // a designer's remark; nothing reads it
	// Disabled steps are passed over, with what is in them.
	Disabled bool `json:"disabled,omitempty"`

	Call     *Call       `json:"call,omitempty"`
	Send     *Send       `json:"send,omitempty"`
	Wait     *Wait       `json:"wait,omitempty"`
	Choose   *Choose     `json:"choose,omitempty"`
	Split    *Split      `json:"split,omitempty"`
	Parallel *Parallel   `json:"parallel,omitempty"`
	Repeat   *Repeat     `json:"repeat,omitempty"`
	Journey  *SubJourney `json:"journey,omitempty"`
	Task     *Task       `json:"task,omitempty"`
	Survey   *Survey     `json:"survey,omitempty"`
	Update   *Update     `json:"update,omitempty"`
	Fragment *Fragment   `json:"fragment,omitempty"`
	Exit     *ExitStep   `json:"exit,omitempty"`

	// Retry bounds the attempts of a call; of no other kind.
	Retry *Retry `json:"retry,omitempty"`
	// Timeout bounds one attempt of a call, shorter than the action's own; 0 is
	// the action's.
	Timeout Duration `json:"timeout,omitempty"`
	// OnFailure is what happens when the step fails for good: "hold" (an
	// incident for an operator, the default), "arm" (go on with Failed, then
	// after the step), "undo" (undo everything, then end with outcome "failed"),
	// "exit" (end with outcome "failed"). Blocks other than journey have none:
	// what is in them fails.
	OnFailure string `json:"on_failure,omitempty"`
	// Failed is the error arm; its id is "failed". Its steps see
	// steps.<id>.error.code and steps.<id>.error.message.
	Failed *FailedArm `json:"failed,omitempty"`
}

// FailedArm is what a step with the failure policy "arm" goes on with.
type FailedArm struct {
	Title Text    `json:"title,omitempty"`
	Steps []*Step `json:"steps,omitempty"`
}

// Call runs a plugin's action. Its output is bound to steps.<id>.
type Call struct {
	Action string         `json:"action"` // "plugin.action"
	With   map[string]any `json:"with,omitempty"`
	Undo   *Undo          `json:"undo,omitempty"` // nil: the call needs none (or says "undo: none")
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

// ExitStep ends the enrollment with a named outcome.
type ExitStep struct {
	Outcome string `json:"outcome"`
	Undo    bool   `json:"undo,omitempty"` // first undo what was done, newest first
}
