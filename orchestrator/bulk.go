package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// BulkState is where a bulk job is.
type BulkState string

// The states of a bulk job.
const (
	BulkRunning BulkState = "running"
	BulkDone    BulkState = "done"    // every item is settled
	BulkStopped BulkState = "stopped" // an operator stopped it; what is settled stays so
)

// BulkJob tells many enrollments something, one after the other: it is counted,
// goes on after a restart of the server, and telling an enrollment twice is the
// same as once. Exactly one of Command and Resolution is set.
type BulkJob struct {
	ID        string // "b_…", made by the store when empty; also the id of the command
	Workspace string
	Journey   string // "" when its enrollments are of several
	// Command is for enrollments, Resolution for open incidents.
	Command    *Command
	Resolution *Resolution
	State      BulkState
	Rate       int // items a second, 1–1,000
	By         string
	CreatedAt  time.Time
	EndedAt    time.Time // zero while running
	Counts     BulkCounts
}

// Action is what the job does: migrate, pause, resume, move, remove, retry,
// supply or skip.
func (j BulkJob) Action() string {
	if j.Command != nil {
		return j.Command.Action
	}
	if j.Resolution != nil {
		return j.Resolution.Action
	}
	return ""
}

// BulkCounts counts the items of a bulk job by state.
type BulkCounts struct {
	Total, Pending, Told, Done, Gone, Failed int64
}

// Settled tells whether nothing is left to be told.
func (c BulkCounts) Settled() bool { return c.Pending == 0 }

// BulkItemState is where one item of a bulk job is.
type BulkItemState string

// The states of an item.
const (
	BulkItemPending BulkItemState = "pending" // to be told, perhaps again
	// BulkItemTold: the enrollment knows, and acts once the step under way has ended.
	BulkItemTold   BulkItemState = "told"
	BulkItemDone   BulkItemState = "done"
	BulkItemGone   BulkItemState = "gone"   // it had ended, or the incident was resolved, before
	BulkItemFailed BulkItemState = "failed" // it refused, Reason says why
)

// BulkItem is one enrollment of a bulk job, or one of its incidents.
type BulkItem struct {
	Job        string
	Enrollment string
	Incident   string // "" when the job is about enrollments
	State      BulkItemState
	Attempts   int
	Reason     string
	RetryAt    time.Time // not told before; zero is at once
}

// BulkSelection selects what a bulk job is about: open incidents when Incidents
// is set, else enrollments that have not ended. Zero fields do not narrow.
type BulkSelection struct {
	Workspace  string
	Journey    string
	Step       string
	Digest     string // of the version they pass through
	NotDigest  string // of a version they do not pass through
	Paused     *bool
	Enrollment string // only this one
	Incidents  *IncidentFilter
}

// BulkStore keeps bulk jobs.
type BulkStore interface {
	// AddBulkJob stores a running job with an item for everything selected, in
	// one transaction, and returns it with its counts. Nothing selected is a job
	// that is done.
	AddBulkJob(ctx context.Context, j BulkJob, sel BulkSelection) (BulkJob, error)
	// ExtendBulkJob adds items for what is selected by now and was not before,
	// and returns how many. Items that are there stay as they are.
	ExtendBulkJob(ctx context.Context, id string, sel BulkSelection) (int64, error)
	// BulkJob finds a job with its counts; a job of another workspace is [ErrNotFound].
	BulkJob(ctx context.Context, workspace, id string) (BulkJob, error)
	// BulkJobs lists jobs with their counts; journey "" is all.
	BulkJobs(ctx context.Context, workspace, journey string, p Page) ([]BulkJob, string, error)
	// RunningBulkJobs are those of all workspaces, oldest first, at most limit.
	RunningBulkJobs(ctx context.Context, limit int) ([]BulkJob, error)
	// DueBulkItems are pending items that may be told at now, those waiting
	// longest first.
	DueBulkItems(ctx context.Context, job string, now time.Time, limit int) ([]BulkItem, error)
	// SettleBulkItem stores state, attempts, reason and time of a pending item;
	// one that is settled already stays as it is.
	SettleBulkItem(ctx context.Context, i BulkItem) error
	// EndBulkJob gives a running job its last state; another one stays as it is.
	EndBulkJob(ctx context.Context, workspace, id string, s BulkState) error
	// BulkItems lists the items of a job in one state, "" is all, oldest first.
	BulkItems(ctx context.Context, workspace, job string, s BulkItemState, p Page) ([]BulkItem, string, error)
}

// FlightCount is how many enrollments that have not ended are at a step, in one
// version. In a parallel an enrollment counts at the parallel and at the step of
// each arm under way. Step "" is between start and first step.
type FlightCount struct {
	Number int
	Digest string
	Step   string
	Status EnrollmentStatus
	Paused bool
	Count  int64
}

// FlightStore counts who is under way.
type FlightStore interface {
	// FlightCounts counts by version, step, status and pause, in that order.
	FlightCounts(ctx context.Context, workspace, journey string) ([]FlightCount, error)
	// FlightSample returns at most limit enrollments that have not ended and have
	// started, some of each version and step, in no order.
	FlightSample(ctx context.Context, workspace, journey string, limit int) ([]Enrollment, error)
}

// Command is what an operator tells an enrollment, at any time.
type Command struct {
	// ID makes telling it twice the same as once.
	ID string `json:"id"`
	// Action is move, remove, pause, resume or migrate.
	Action string `json:"action"`
	Actor  string `json:"actor"`
	// Step is where a move goes on. The branch that it concerns follows from it.
	Step string `json:"step,omitempty"`
	// Undo: a removed enrollment first undoes what was done, newest first.
	Undo bool `json:"undo,omitempty"`
	// Overdue is how a resume treats waits whose time came during the pause.
	Overdue Overdue `json:"overdue,omitempty"`
	// Digest and Mapping are of a migrate.
	Digest  string          `json:"digest,omitempty"`
	Mapping journey.Mapping `json:"mapping,omitempty"`
}

// The actions of a command.
const (
	CommandMove    = "move"
	CommandRemove  = "remove"
	CommandPause   = "pause"
	CommandResume  = "resume"
	CommandMigrate = "migrate"
)

// Overdue says what a resume does with waits whose time came during the pause.
// Events that came during it are judged first, whatever the choice.
type Overdue string

// The choices.
const (
	// OverdueResume: they end now, by their timeout arm, as if time had passed.
	OverdueResume Overdue = "resume"
	// OverdueSkip: they end now by their timeout arm, and no message is sent on
	// the way to the next wait, task, survey or sub-journey: sends are withheld
	// with [ReasonLate].
	OverdueSkip Overdue = "skip"
	// OverdueRewait: they begin again, with their whole time from now on.
	OverdueRewait Overdue = "rewait"
)

// Rehearsal is a move to another version that is looked at before it is made.
type Rehearsal struct {
	Old, New *journey.Program
	Mapping  journey.Mapping
}

// CommandEngine is what operators need of the engine.
type CommandEngine interface {
	// Command tells an enrollment something; done says that it is carried out
	// already, otherwise it will be when the steps under way let go.
	// [ErrPrecondition] and [ErrInvalid] are its refusal in a sentence,
	// [ErrNotFound] that it has ended or has not begun.
	Command(ctx context.Context, enrollment string, c Command) (done bool, err error)
	// Replay runs this process's interpreter over an enrollment's history;
	// [ErrPrecondition] when it does not fit.
	Replay(ctx context.Context, enrollment string) error
	// Rehearse tells whether an enrollment could be moved as it stands now;
	// [ErrPrecondition] says why not. It changes nothing.
	Rehearse(ctx context.Context, enrollment string, r Rehearsal) error
}
