package orchestrator

import (
	"context"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// Bounds of drafts.
const (
	MaxDrafts       = 1000     // of a workspace
	MaxDraftHistory = 16 << 20 // bytes of one draft's snapshots, compressed; the oldest go first
	MaxDraftChanges = 500      // revisions whose changes are known; an edit that has seen none of them starts over
	MaxCommands     = 200      // of one edit
)

// Draft is what designers edit: the source of a journey, with a revision that
// rises with every edit, undo and redo.
type Draft struct {
	Workspace, Journey string
	Revision           int64 // 0: nobody has edited the published version yet
	Source             string
	Base               int // the published version it came from; 0 for none
	At                 int // its place in its history
	UpdatedAt          time.Time
	UpdatedBy          string
}

// DraftEntry is one snapshot in a draft's history.
type DraftEntry struct {
	At     int
	Source []byte // compressed
	Label  string // what led to it: an [edit.Op]
	By     string
	Time   time.Time
}

// DraftChange is what one revision changed.
type DraftChange struct {
	Revision int64
	Touched  []string // see [edit.Change]
	By       string
	Session  string // of the browser tab or program that did it
}

// DraftStore keeps drafts, their history and their changes.
type DraftStore interface {
	// PutDraft stores a draft as the successor of revision d.Revision-1;
	// [ErrConflict] when it is at another, [ErrLimit] when there are too many.
	PutDraft(ctx context.Context, d Draft) error
	Draft(ctx context.Context, workspace, journey string) (Draft, error)
	// Drafts lists them by journey.
	Drafts(ctx context.Context, workspace string) ([]Draft, error)
	// DeleteDraft removes a draft with its history; [ErrNotFound].
	DeleteDraft(ctx context.Context, workspace, journey string) error
	// PutDraftEntry stores a snapshot; those after it go, and the oldest as far
	// as all have more than [MaxDraftHistory] bytes.
	PutDraftEntry(ctx context.Context, workspace, journey string, e DraftEntry) error
	DraftEntry(ctx context.Context, workspace, journey string, at int) (DraftEntry, error)
	// DraftSpan is the first and the last place in a draft's history.
	DraftSpan(ctx context.Context, workspace, journey string) (first, last int, err error)
	// PutDraftChange remembers a revision's changes, and forgets those
	// [MaxDraftChanges] before it.
	PutDraftChange(ctx context.Context, workspace, journey string, c DraftChange) error
	// DraftChanges lists what was changed after a revision, oldest first.
	DraftChanges(ctx context.Context, workspace, journey string, after int64) ([]DraftChange, error)
}

// DraftEdit is one edit: commands that are carried out all or none, and are one
// step of undo.
type DraftEdit struct {
	// Revision is what the editor has seen. Commands are carried out on what is
	// there now; they are refused where somebody else has changed the same since.
	Revision int64
	Commands []edit.Command // 1 to MaxCommands
	// Session tells tabs and programs apart, so that nobody conflicts with
	// themselves; at most 64 bytes.
	Session string
}

// DraftView is a draft as an editor needs it.
type DraftView struct {
	Draft
	Newest int // the newest published version; 0 for none. Above Base: somebody published meanwhile
	// Definition is the source as far as it can be read; never nil, and without
	// defaults filled in.
	Definition *journey.Definition
	// Document is the source as a tree; nil when it cannot be read.
	Document         *edit.Document
	Problems         []journey.Problem // why it cannot be published
	CanUndo, CanRedo bool
	Change           edit.Change // of the edit that led here
}
