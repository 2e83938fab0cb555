package journey

// The words that a field may have. What is empty in a source becomes the first
// of its list.
const (
	ReentryNever  = "never"
	ReentryAlways = "always"
	ReentryAfter  = "after"

	QuietDelay    = "delay"
	QuietWithhold = "withhold"

	JoinAll = "all"
	JoinAny = "any"
	JoinN   = "n"

	ModeChild    = "child"
	ModeHandover = "handover"

	FailureHold = "hold"
	FailureArm  = "arm"
	FailureUndo = "undo"
	FailureExit = "exit"
)

// OutcomeHandedOver is how an enrollment ends that another journey goes on with.
const OutcomeHandedOver = "handed_over"
