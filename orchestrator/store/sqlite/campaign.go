package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const campaignColumns = `seq, id, workspace, journey, segment, key, firing, rate, state, created_by, created_at, ended_at,
	total, seen, entered, cursor`

func scanCampaign(r scanner, seq *int64) (orchestrator.Campaign, error) {
	var c orchestrator.Campaign
	err := r.Scan(seq, &c.ID, &c.Workspace, &c.Journey, &c.Segment, &c.Key, asTime{&c.Firing}, &c.Rate, &c.State, &c.By,
		asTime{&c.CreatedAt}, asTime{&c.EndedAt}, &c.Total, &c.Seen, &c.Entered, &c.Cursor)
	return c, err
}

// campaignWhere reads one campaign with its answers.
func campaignWhere(ctx context.Context, q querier, where string, args ...any) (orchestrator.Campaign, error) {
	var seq int64
	c, err := scanCampaign(q.QueryRowContext(ctx, `SELECT `+campaignColumns+` FROM campaigns WHERE `+where, args...), &seq)
	if err == nil {
		err = addAnswers(ctx, q, &c)
	}
	return c, err
}

func addAnswers(ctx context.Context, q querier, c *orchestrator.Campaign) error {
	if c.State == orchestrator.CampaignDone {
		c.Gone = c.Total - c.Seen
	}
	_, err := rows(ctx, q, func(r scanner) (struct{}, error) {
		var code orchestrator.DecisionCode
		var n int64
		err := r.Scan(&code, &n)
		if c.Refused == nil {
			c.Refused = map[orchestrator.DecisionCode]int64{}
		}
		c.Refused[code] = n
		return struct{}{}, err
	}, `SELECT code, n FROM campaign_codes WHERE campaign = ?`, c.ID)
	return err
}

// AddCampaign stores a campaign over the members that its segment has now.
func (s *Store) AddCampaign(ctx context.Context, c orchestrator.Campaign) (_ orchestrator.Campaign, added bool, err error) {
	if c.ID == "" {
		c.ID = "g_" + strings.ToLower(rand.Text())
	}
	if c.Key == "" {
		c.Key = c.ID
	}
	if c.CreatedAt = fromMicros(micros(c.CreatedAt)); c.CreatedAt.IsZero() {
		c.CreatedAt = now()
	}
	wanted := c
	err = s.write(ctx, "adding campaign "+c.ID, func(ctx context.Context, q querier) error {
		c = wanted
		if err := exists(ctx, q, `segments WHERE workspace = ? AND name = ?`, c.Workspace, c.Segment); err != nil {
			return fmt.Errorf("finding segment %s: %w", c.Segment, err)
		}
		var upto int64
		if err := q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM segment_members WHERE workspace = ? AND segment = ?`,
			c.Workspace, c.Segment).Scan(&c.Total, &upto); err != nil {
			return err
		}
		if c.State = orchestrator.CampaignRunning; c.Total == 0 {
			c.State, c.EndedAt = orchestrator.CampaignDone, c.CreatedAt
		}
		added, err = affected(q.ExecContext(ctx, `INSERT INTO campaigns (id, workspace, journey, segment, key, firing, rate, state,
				created_by, created_at, ended_at, total, seen, entered, upto, cursor)
			VALUES (`+placeholders(16)+`) ON CONFLICT (workspace, key) DO NOTHING`, c.ID, c.Workspace, c.Journey, c.Segment, c.Key,
			micros(c.Firing), c.Rate, c.State, c.By, micros(c.CreatedAt), micros(c.EndedAt), c.Total, 0, 0, upto, 0))
		if err != nil {
			return err
		}
		c, err = campaignWhere(ctx, q, `workspace = ? AND key = ?`, c.Workspace, c.Key)
		return err
	})
	return c, added, err
}

// Campaign finds a campaign.
func (s *Store) Campaign(ctx context.Context, workspace, id string) (orchestrator.Campaign, error) {
	c, err := campaignWhere(ctx, s.read(ctx), `workspace = ? AND id = ?`, workspace, id)
	return c, kind(err, "finding campaign "+id)
}

// Campaigns lists campaigns, newest first.
func (s *Store) Campaigns(ctx context.Context, workspace, journey string, p orchestrator.Page) ([]orchestrator.Campaign, string, error) {
	q, where, args := s.read(ctx), []string{`workspace = ?`}, []any{workspace}
	if journey != "" {
		where, args = append(where, `journey = ?`), append(args, journey)
	}
	list, next, err := page(ctx, q, p, newestFirst, campaignColumns, "campaigns", where, args, scanCampaign)
	for i := range list {
		if err == nil {
			err = addAnswers(ctx, q, &list[i])
		}
	}
	return list, next, kind(err, "listing campaigns")
}

// RunningCampaigns are those of all workspaces, oldest first.
func (s *Store) RunningCampaigns(ctx context.Context, limit int) ([]orchestrator.Campaign, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Campaign, error) {
		var seq int64
		return scanCampaign(r, &seq)
	}, `SELECT `+campaignColumns+` FROM campaigns WHERE state = 'running' ORDER BY seq LIMIT ?`, limit)
	return list, kind(err, "listing running campaigns")
}

// SetCampaignState goes from one of the states to another.
func (s *Store) SetCampaignState(ctx context.Context, workspace, id string, from []orchestrator.CampaignState, to orchestrator.CampaignState) (c orchestrator.Campaign, err error) {
	err = s.write(ctx, "changing campaign "+id, func(ctx context.Context, q querier) error {
		if c, err = campaignWhere(ctx, q, `workspace = ? AND id = ?`, workspace, id); err != nil {
			return err
		}
		if !slices.Contains(from, c.State) {
			return orchestrator.Refuse(orchestrator.ErrPrecondition, journey.Say("the campaign is %s", c.State))
		}
		if c.State = to; to == orchestrator.CampaignStopped {
			c.EndedAt = now()
		}
		_, err = q.ExecContext(ctx, `UPDATE campaigns SET state = ?, ended_at = ? WHERE id = ?`, c.State, micros(c.EndedAt), id)
		return err
	})
	return c, err
}

// Targets are the members after the campaign's cursor.
func (s *Store) Targets(ctx context.Context, c orchestrator.Campaign, limit int) ([]orchestrator.Target, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Target, error) {
		var t orchestrator.Target
		err := r.Scan(&t.Cursor, &t.Customer)
		return t, err
	}, `SELECT seq, customer FROM segment_members WHERE workspace = ? AND segment = ? AND seq > ?
		AND seq <= (SELECT upto FROM campaigns WHERE id = ?) ORDER BY seq LIMIT ?`, c.Workspace, c.Segment, c.Cursor, c.ID, limit)
	return list, kind(err, "listing the customers of campaign "+c.ID)
}

// AdvanceCampaign moves a campaign on.
func (s *Store) AdvanceCampaign(ctx context.Context, c orchestrator.Campaign, to int64, answers map[orchestrator.DecisionCode]int64, done bool) (ok bool, err error) {
	err = s.write(ctx, "advancing campaign "+c.ID, func(ctx context.Context, q querier) error {
		var seen int64
		for _, n := range answers {
			seen += n
		}
		state, ended := orchestrator.CampaignRunning, int64(0)
		if done {
			state, ended = orchestrator.CampaignDone, micros(now())
		}
		ok, err = affected(q.ExecContext(ctx, `UPDATE campaigns SET cursor = ?, seen = seen + ?, entered = entered + ?, state = ?, ended_at = ?
			WHERE id = ? AND workspace = ? AND state = 'running' AND cursor = ?`,
			to, seen, answers[orchestrator.DecidedEntered], state, ended, c.ID, c.Workspace, c.Cursor))
		if err != nil || !ok {
			return err
		}
		for _, code := range slices.Sorted(maps.Keys(answers)) {
			if code == orchestrator.DecidedEntered {
				continue
			}
			if _, err := q.ExecContext(ctx, `INSERT INTO campaign_codes (campaign, code, n) VALUES (?, ?, ?)
				ON CONFLICT (campaign, code) DO UPDATE SET n = n + excluded.n`, c.ID, code, answers[code]); err != nil {
				return err
			}
		}
		return nil
	})
	return ok, err
}

// CountCustomers counts the customers of a workspace.
func (s *Store) CountCustomers(ctx context.Context, workspace string) (n int64, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM customers WHERE workspace = ?`, workspace).Scan(&n)
	return n, kind(err, "counting customers")
}

// Schedules of all workspaces.
func (s *Store) Schedules(ctx context.Context) ([]orchestrator.Schedule, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Schedule, error) {
		var c orchestrator.Schedule
		err := r.Scan(&c.Workspace, &c.Journey, &c.Cron, &c.Zone, asTime{&c.Next})
		return c, err
	}, `SELECT workspace, journey, cron, zone, next FROM schedules ORDER BY workspace, journey`)
	return list, kind(err, "listing schedules")
}

// PutSchedule stores what comes next of a journey.
func (s *Store) PutSchedule(ctx context.Context, old *orchestrator.Schedule, next orchestrator.Schedule) (ok bool, err error) {
	err = s.write(ctx, "storing the schedule of journey "+next.Journey, func(ctx context.Context, q querier) error {
		if old == nil {
			ok, err = affected(q.ExecContext(ctx, `INSERT INTO schedules (workspace, journey, cron, zone, next) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (workspace, journey) DO NOTHING`, next.Workspace, next.Journey, next.Cron, next.Zone, micros(next.Next)))
			return err
		}
		if old.Workspace != next.Workspace || old.Journey != next.Journey {
			return errors.New("the schedules are of two journeys")
		}
		ok, err = affected(q.ExecContext(ctx, `UPDATE schedules SET cron = ?, zone = ?, next = ?
			WHERE workspace = ? AND journey = ? AND cron = ? AND zone = ? AND next = ?`, next.Cron, next.Zone, micros(next.Next),
			old.Workspace, old.Journey, old.Cron, old.Zone, micros(old.Next)))
		return err
	})
	return ok, err
}

// DropSchedule forgets what comes next of a journey.
func (s *Store) DropSchedule(ctx context.Context, workspace, journey string) error {
	return s.write(ctx, "dropping the schedule of journey "+journey, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `DELETE FROM schedules WHERE workspace = ? AND journey = ?`, workspace, journey)
		return err
	})
}

// AddFiring stores a firing once.
func (s *Store) AddFiring(ctx context.Context, f orchestrator.Firing) (added bool, err error) {
	if f.Until.IsZero() {
		f.Until = f.At
	}
	err = s.write(ctx, "storing a firing of journey "+f.Journey, func(ctx context.Context, q querier) error {
		added, err = affected(q.ExecContext(ctx, `INSERT INTO firings (workspace, journey, at, until, n, campaign, reason)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, journey, at) DO NOTHING`,
			f.Workspace, f.Journey, micros(f.At), micros(f.Until), max(f.Count, 1), f.Campaign, f.Reason))
		return err
	})
	return added, err
}

// Firings lists a journey's, newest first.
func (s *Store) Firings(ctx context.Context, workspace, journey string, p orchestrator.Page) ([]orchestrator.Firing, string, error) {
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, `seq, workspace, journey, at, until, n, campaign, reason`, "firings",
		[]string{`workspace = ?`, `journey = ?`}, []any{workspace, journey}, func(r scanner, seq *int64) (orchestrator.Firing, error) {
			var f orchestrator.Firing
			err := r.Scan(seq, &f.Workspace, &f.Journey, asTime{&f.At}, asTime{&f.Until}, &f.Count, &f.Campaign, &f.Reason)
			return f, err
		})
	return list, next, kind(err, "listing the firings of journey "+journey)
}
