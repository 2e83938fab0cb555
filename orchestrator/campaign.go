package orchestrator

import (
	"context"
	"time"
)

// EventCampaign is the type of what a campaign's customers enter by. It is not
// in the inbox: campaigns enroll by themselves, at their rate.
const EventCampaign = "qidong.campaign.reached" // data: campaign, segment and, of a schedule, firing

// sourceCampaign and the id of the campaign are the source of its events.
// Nobody else may use it.
const sourceCampaign = "urn:qidong:campaign:"

// Why a campaign asks a customer and does not enroll them, besides
// [DecisionCode]'s own.
const (
	DecidedLeft     DecisionCode = "LEFT_SEGMENT" // was in the segment when the campaign began, not any more
	DecidedNobody   DecisionCode = "NO_CUSTOMER"  // was deleted
	DecidedNoDoor   DecisionCode = "NO_DOOR"      // the journey's newest version has no such entry any more
	maxCampaignRate              = 1000           // enrollments a second
	defaultRate                  = 50
)

// CampaignState is where a campaign is.
type CampaignState string

// The states of a campaign.
const (
	CampaignRunning CampaignState = "running"
	CampaignPaused  CampaignState = "paused"
	CampaignStopped CampaignState = "stopped" // for good; who has entered stays
	CampaignDone    CampaignState = "done"    // everybody was asked
)

// Campaign takes a whole segment into a journey: everybody who is in it when it
// begins, one after the other, each once.
type Campaign struct {
	ID        string // "g_…", made by the store when empty
	Workspace string
	Journey   string
	Segment   string
	// Key makes beginning it twice the same as once; "" is the ID.
	Key       string
	Firing    time.Time // of the journey's schedule; zero when somebody began it
	Rate      int       // customers a second, 1–1,000
	State     CampaignState
	By        string
	CreatedAt time.Time
	EndedAt   time.Time // zero until stopped or done
	Total     int64     // members when it began
	Seen      int64     // of them, that were asked
	Entered   int64     // of those asked
	// Refused counts those who were asked and did not enter, by reason.
	Refused map[DecisionCode]int64
	// Gone counts those who left the segment before they were asked; known when
	// it is done.
	Gone int64
	// Cursor is how far it has come; opaque.
	Cursor int64
}

// Target is a customer whom a campaign asks next.
type Target struct {
	Cursor   int64
	Customer string
}

// Firing is a moment of a journey's schedule.
type Firing struct {
	Workspace string
	Journey   string
	At        time.Time // of several that were missed, the first
	Until     time.Time // and the last
	Count     int64
	Campaign  string // that began; "" when it was missed
	Reason    string // why it was missed
}

// Schedule is when a journey's next campaign begins.
type Schedule struct {
	Workspace string
	Journey   string
	Cron      string
	Zone      string
	Next      time.Time // zero: never again
}

// CampaignStore keeps campaigns and schedules.
type CampaignStore interface {
	// AddCampaign stores a running campaign over the members that its segment has
	// now, and reports whether it was new; one with the same key is returned as
	// it is. Nobody in the segment is a campaign that is done.
	AddCampaign(ctx context.Context, c Campaign) (Campaign, bool, error)
	Campaign(ctx context.Context, workspace, id string) (Campaign, error)
	// Campaigns lists them; journey "" is all.
	Campaigns(ctx context.Context, workspace, journey string, p Page) ([]Campaign, string, error)
	// RunningCampaigns are those of all workspaces, oldest first, at most limit.
	RunningCampaigns(ctx context.Context, limit int) ([]Campaign, error)
	// SetCampaignState goes from one of the states to another, and returns the
	// campaign. [ErrPrecondition] when it is in none of them.
	SetCampaignState(ctx context.Context, workspace, id string, from []CampaignState, to CampaignState) (Campaign, error)
	// Targets are the members after the campaign's cursor.
	Targets(ctx context.Context, c Campaign, limit int) ([]Target, error)
	// AdvanceCampaign moves the cursor on over customers that were asked, with
	// their answers, if the campaign is running and still where c says, and
	// reports whether it was. done ends it.
	AdvanceCampaign(ctx context.Context, c Campaign, to int64, answers map[DecisionCode]int64, done bool) (bool, error)

	// Schedules of all workspaces.
	Schedules(ctx context.Context) ([]Schedule, error)
	// PutSchedule stores what comes next of a journey, if old is what is stored
	// (nil: nothing), and reports whether it was.
	PutSchedule(ctx context.Context, old *Schedule, next Schedule) (bool, error)
	DropSchedule(ctx context.Context, workspace, journey string) error
	// AddFiring stores f unless there is one of its journey and moment, and
	// reports whether it was new.
	AddFiring(ctx context.Context, f Firing) (bool, error)
	Firings(ctx context.Context, workspace, journey string, p Page) ([]Firing, string, error)
}
