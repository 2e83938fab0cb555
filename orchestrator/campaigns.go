package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// StartCampaign takes everybody who is in a segment now into a journey, rate
// customers a second (0 is 50), whatever doors the journey has. A key makes
// asking twice the same as once; "" is another campaign each time. Whom the
// journey's re-entry rule or limit refuses is counted.
func (s *Service) StartCampaign(ctx context.Context, a Actor, journeyName, segmentName, key string, rate int) (Campaign, error) {
	if err := a.may(); err != nil {
		return Campaign{}, err
	}
	if rate == 0 {
		rate = defaultRate
	}
	c := check{subject: "campaign"}
	c.text("key", key, 0, maxEventText)
	if strings.HasPrefix(key, scheduleKey) {
		c.add("key", "RESERVED", say("Keys that begin with %s are those of schedules.", scheduleKey), say("Use another one."))
	}
	if rate < 1 || rate > maxCampaignRate {
		c.add("rate", "OUT_OF_RANGE", say("The rate is %d; it is from 1 to %d customers a second.", rate, maxCampaignRate), say("Leave it out for the usual one."))
	}
	if err := c.err(); err != nil {
		return Campaign{}, err
	}
	var out Campaign
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		j, err := s.store.Journey(ctx, a.Workspace, journeyName)
		if err != nil {
			return err
		}
		if j.Status != JourneyLive {
			return Refuse(ErrPrecondition, say("journey %s is %s; set it live first", j.Name, j.Status))
		}
		var added bool
		out, added, err = s.store.AddCampaign(ctx, Campaign{
			Workspace: a.Workspace, Journey: journeyName, Segment: segmentName, Key: key, Rate: rate, By: a.Name, CreatedAt: s.moment(),
		})
		if err != nil || !added {
			return err
		}
		return s.audit(ctx, a, "campaign.start", out.ID, map[string]any{"journey": journeyName, "segment": segmentName, "rate": rate})
	})
	return out, err
}

// StopCampaign stops a campaign for good. Who has entered stays in the journey.
func (s *Service) StopCampaign(ctx context.Context, a Actor, id string) (Campaign, error) {
	return s.setCampaign(ctx, a, id, "stop", CampaignStopped, CampaignRunning, CampaignPaused)
}

// PauseCampaign lets a campaign ask nobody until it is resumed.
func (s *Service) PauseCampaign(ctx context.Context, a Actor, id string) (Campaign, error) {
	return s.setCampaign(ctx, a, id, "pause", CampaignPaused, CampaignRunning)
}

// ResumeCampaign lets a paused campaign go on where it was.
func (s *Service) ResumeCampaign(ctx context.Context, a Actor, id string) (Campaign, error) {
	return s.setCampaign(ctx, a, id, "resume", CampaignRunning, CampaignPaused)
}

// setCampaign changes the state; a campaign that has it already stays as it is.
func (s *Service) setCampaign(ctx context.Context, a Actor, id, action string, to CampaignState, from ...CampaignState) (c Campaign, err error) {
	if err := a.may(); err != nil {
		return Campaign{}, err
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if c, err = s.store.Campaign(ctx, a.Workspace, id); err != nil || c.State == to {
			return err
		}
		if c, err = s.store.SetCampaignState(ctx, a.Workspace, id, from, to); err != nil {
			return fmt.Errorf("the campaign cannot %s: %w", action, err)
		}
		return s.audit(ctx, a, "campaign."+action, id, nil)
	})
	return c, err
}

// Campaign finds a campaign with its counts.
func (s *Service) Campaign(ctx context.Context, a Actor, id string) (Campaign, error) {
	if err := a.may(); err != nil {
		return Campaign{}, err
	}
	return s.store.Campaign(ctx, a.Workspace, id)
}

// Campaigns lists campaigns, newest first; journey "" is all.
func (s *Service) Campaigns(ctx context.Context, a Actor, journeyName string, p Page) ([]Campaign, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.Campaigns(ctx, a.Workspace, journeyName, p)
}

// Firings lists what a journey's schedule began and missed, newest first.
func (s *Service) Firings(ctx context.Context, a Actor, journeyName string, p Page) ([]Firing, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if _, err := s.store.Journey(ctx, a.Workspace, journeyName); err != nil {
		return nil, "", err
	}
	return s.store.Firings(ctx, a.Workspace, journeyName, p)
}

// Bounds of the work on campaigns.
const (
	maxRunning    = 100  // campaigns looked at in one look
	campaignBatch = 50   // customers asked in one transaction
	maxBacklog    = 5000 // events that wait in the inbox; campaigns hold back then
	campaignTick  = 100 * time.Millisecond
)

// RunCampaigns begins the campaigns of schedules and works on those that run,
// until ctx ends. It takes up what another process left, and several may run.
func (s *Service) RunCampaigns(ctx context.Context) error {
	pace := paces{}
	var checked time.Time
	for ctx.Err() == nil {
		var err error
		if now := s.now(); now.Sub(checked) >= time.Second || now.Before(checked) {
			checked = now
			err = s.fireSchedules(ctx)
		}
		running, worked := s.workOnCampaigns(ctx, pace)
		if err = errors.Join(err, worked); err != nil && ctx.Err() == nil {
			s.logger.ErrorContext(ctx, "Campaigns cannot go on; they will be tried again", "error", err)
		}
		wait := s.poll
		if running > 0 && err == nil {
			wait = min(wait, campaignTick)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// workOnCampaigns asks as many customers as the campaigns' rates allow now, and
// returns how many campaigns are running.
func (s *Service) workOnCampaigns(ctx context.Context, pace paces) (int, error) {
	list, err := s.store.RunningCampaigns(ctx, maxRunning)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	backlog, _, err := s.store.Backlog(ctx)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, c := range list {
		n := pace.allow(c.ID, s.now(), c.Rate)
		if backlog > maxBacklog {
			continue // what others wait for comes first
		}
		for ; n > 0; n -= campaignBatch {
			more, err := s.askSome(ctx, &c, min(n, campaignBatch))
			if err != nil {
				failed = append(failed, fmt.Errorf("asking the customers of campaign %s: %w", c.ID, err))
			}
			if !more || err != nil {
				break
			}
		}
	}
	return len(list), errors.Join(failed...)
}

// errCampaignMoved is that another process was faster, or somebody stopped it.
var errCampaignMoved = errors.New("the campaign has moved on")

// askSome asks the next customers of a campaign: who enters, their decisions,
// the counts and the campaign's cursor are one transaction, so that nobody is
// asked twice or forgotten, whenever the process ends. It tells whether there
// are more.
func (s *Service) askSome(ctx context.Context, c *Campaign, limit int) (more bool, err error) {
	targets, err := s.store.Targets(ctx, *c, limit+1)
	if err != nil {
		return false, err
	}
	more = len(targets) > limit
	targets = targets[:min(len(targets), limit)]
	to := c.Cursor
	if len(targets) > 0 {
		to = targets[len(targets)-1].Cursor
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		answers := map[DecisionCode]int64{}
		gate, err := s.campaignGate(ctx, c)
		if err != nil {
			return err
		}
		for _, t := range targets {
			code, err := s.ask(ctx, c, gate, t.Customer)
			if err != nil {
				return fmt.Errorf("customer %s: %w", t.Customer, err)
			}
			answers[code]++
		}
		ok, err := s.store.AdvanceCampaign(ctx, *c, to, answers, !more)
		if err == nil && !ok {
			return errCampaignMoved
		}
		return err
	})
	if errors.Is(err, errCampaignMoved) {
		return false, nil // nothing of this is stored
	}
	if err == nil {
		c.Cursor = to
		s.wake()
	}
	return more, err
}

func (s *Service) campaignGate(ctx context.Context, c *Campaign) (*gate, error) {
	j, err := s.store.Journey(ctx, c.Workspace, c.Journey)
	if err != nil {
		return nil, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return nil, err
	}
	return &gate{Journey: j, program: program}, nil
}

// ask lets one customer enter, or says why not.
func (s *Service) ask(ctx context.Context, c *Campaign, g *gate, customer string) (DecisionCode, error) {
	member, err := s.store.Member(ctx, c.Workspace, c.Segment, customer)
	if err != nil {
		return "", err
	}
	person, err := s.store.Customer(ctx, c.Workspace, customer)
	if errors.Is(err, ErrNotFound) {
		return DecidedNobody, nil
	}
	if err != nil {
		return "", err
	}
	w, err := s.campaignEntrance(c, g, person)
	if err != nil {
		return "", err
	}
	if !member {
		w.refuse(DecidedLeft, "The customer has left the segment.")
	}
	if err := s.pinned(ctx, w, c.Segment); err != nil {
		return "", err
	}
	d, err := s.admit(ctx, w)
	if err != nil || !d.Entered {
		return d.Code, err
	}
	e, err := s.store.Enrollment(ctx, c.Workspace, d.Enrollment)
	if err != nil {
		return "", err
	}
	return d.Code, s.requestStart(ctx, e, EnrollRequest{Journey: c.Journey, Customer: customer, Key: e.Key})
}

// campaignEntrance is a customer who is asked.
func (s *Service) campaignEntrance(c *Campaign, g *gate, person Customer) (*entrance, error) {
	entry := map[string]any{"campaign": c.ID, "segment": c.Segment}
	door := DoorCampaign
	if !c.Firing.IsZero() {
		door, entry["firing"] = DoorSchedule, c.Firing.Format(time.RFC3339)
	}
	raw, err := json.Marshal(entry)
	if err != nil {
		return nil, fmt.Errorf("writing the entry of campaign %s: %w", c.ID, err)
	}
	now := s.moment()
	w := &entrance{
		gate: g, customer: person, door: door, at: now, entry: raw,
		event: Event{
			Workspace: c.Workspace, Source: sourceCampaign + c.ID, ID: person.ID, Type: EventCampaign, Subject: person.ID,
			Time: now, Data: raw, ReceivedAt: now,
		},
	}
	if w.key, err = g.program.EntryKey(w.scope()); err != nil {
		w.key = ""
		w.refuse(DecidedBadKey, fmt.Sprintf("The key could not be made: %v.", err))
	}
	if _, err := g.program.Variables(nil); err != nil {
		w.refuse(DecidedBadVars, fmt.Sprintf("The journey needs variables that a campaign does not give: %v.", err))
	}
	return w, nil
}
