package sqlite

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const bulkColumns = `seq, id, workspace, journey, command, resolution, state, rate, created_by, created_at, ended_at`

func scanBulkJob(r scanner, seq *int64) (orchestrator.BulkJob, error) {
	var j orchestrator.BulkJob
	err := r.Scan(seq, &j.ID, &j.Workspace, &j.Journey, asJSON{&j.Command}, asJSON{&j.Resolution}, &j.State, &j.Rate, &j.By,
		asTime{&j.CreatedAt}, asTime{&j.EndedAt})
	return j, err
}

// AddBulkJob stores a job and its items.
func (s *Store) AddBulkJob(ctx context.Context, j orchestrator.BulkJob, sel orchestrator.BulkSelection) (orchestrator.BulkJob, error) {
	if j.ID == "" {
		j.ID = "b_" + strings.ToLower(rand.Text())
	}
	j.State = orchestrator.BulkRunning
	if j.CreatedAt = fromMicros(micros(j.CreatedAt)); j.CreatedAt.IsZero() {
		j.CreatedAt = now()
	}
	if j.Command != nil {
		c := *j.Command
		j.Command, c.ID = &c, j.ID
	}
	wanted := j
	err := s.write(ctx, "adding bulk job "+j.ID, func(ctx context.Context, q querier) error {
		j = wanted
		if (j.Command == nil) == (j.Resolution == nil) {
			return orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("a bulk job has a command or a resolution"))
		}
		command, err := encode(j.Command)
		if err != nil {
			return err
		}
		resolution, err := encode(j.Resolution)
		if err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO bulk_jobs (id, workspace, journey, command, resolution, state, rate,
				created_by, created_at, ended_at) VALUES (`+placeholders(10)+`)`,
			j.ID, j.Workspace, j.Journey, command, resolution, j.State, j.Rate, j.By, micros(j.CreatedAt), 0); err != nil {
			return err
		}
		n, err := addItems(ctx, q, j.ID, sel)
		if err != nil {
			return err
		}
		j.Counts = orchestrator.BulkCounts{Total: n, Pending: n}
		if n > 0 {
			return nil
		}
		j.State, j.EndedAt = orchestrator.BulkDone, j.CreatedAt
		_, err = q.ExecContext(ctx, `UPDATE bulk_jobs SET state = ?, ended_at = ? WHERE id = ?`, j.State, micros(j.EndedAt), j.ID)
		return err
	})
	return j, err
}

// addItems adds an item for everything selected that has none.
func addItems(ctx context.Context, q querier, job string, sel orchestrator.BulkSelection) (int64, error) {
	from := `SELECT ?, id, '', 'pending', 0, '', 0 FROM enrollments`
	where, args := enrollmentSelection(sel)
	if sel.Incidents != nil {
		from = `SELECT ?, enrollment, id, 'pending', 0, '', 0 FROM incidents`
		f := *sel.Incidents
		f.Workspace, f.Open = sel.Workspace, true
		where, args = incidentSelection(f)
	}
	res, err := q.ExecContext(ctx, `INSERT INTO bulk_items (job, enrollment, incident, state, attempts, reason, retry_at) `+from+
		` WHERE `+strings.Join(where, " AND ")+` ORDER BY seq ON CONFLICT (job, enrollment, incident) DO NOTHING`,
		append([]any{job}, args...)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func enrollmentSelection(sel orchestrator.BulkSelection) (where []string, args []any) {
	where, args = []string{`workspace = ?`, `status <> 'ended'`}, []any{sel.Workspace}
	narrow := func(condition, value string) {
		if value != "" {
			where, args = append(where, condition), append(args, value)
		}
	}
	narrow(`journey = ?`, sel.Journey)
	narrow(`step = ?`, sel.Step)
	narrow(`digest = ?`, sel.Digest)
	narrow(`digest <> ?`, sel.NotDigest)
	narrow(`id = ?`, sel.Enrollment)
	if sel.Paused != nil {
		where, args = append(where, `paused = ?`), append(args, *sel.Paused)
	}
	return where, args
}

// ExtendBulkJob adds what is selected by now.
func (s *Store) ExtendBulkJob(ctx context.Context, id string, sel orchestrator.BulkSelection) (n int64, err error) {
	err = s.write(ctx, "extending bulk job "+id, func(ctx context.Context, q querier) error {
		if err := exists(ctx, q, `bulk_jobs WHERE id = ? AND workspace = ?`, id, sel.Workspace); err != nil {
			return err
		}
		n, err = addItems(ctx, q, id, sel)
		return err
	})
	return n, err
}

// BulkJob finds a job.
func (s *Store) BulkJob(ctx context.Context, workspace, id string) (orchestrator.BulkJob, error) {
	q := s.read(ctx)
	var seq int64
	j, err := scanBulkJob(q.QueryRowContext(ctx, `SELECT `+bulkColumns+` FROM bulk_jobs WHERE workspace = ? AND id = ?`, workspace, id), &seq)
	if err == nil {
		err = countItems(ctx, q, &j)
	}
	return j, kind(err, "finding bulk job "+id)
}

// countItems fills in the counts of a job.
func countItems(ctx context.Context, q querier, j *orchestrator.BulkJob) error {
	_, err := rows(ctx, q, func(r scanner) (struct{}, error) {
		var state orchestrator.BulkItemState
		var n int64
		err := r.Scan(&state, &n)
		c := &j.Counts
		c.Total += n
		switch state {
		case orchestrator.BulkItemPending:
			c.Pending = n
		case orchestrator.BulkItemTold:
			c.Told = n
		case orchestrator.BulkItemDone:
			c.Done = n
		case orchestrator.BulkItemGone:
			c.Gone = n
		case orchestrator.BulkItemFailed:
			c.Failed = n
		}
		return struct{}{}, err
	}, `SELECT state, COUNT(*) FROM bulk_items WHERE job = ? GROUP BY state`, j.ID)
	return err
}

// BulkJobs lists jobs, newest first.
func (s *Store) BulkJobs(ctx context.Context, workspace, journey string, p orchestrator.Page) ([]orchestrator.BulkJob, string, error) {
	q, where, args := s.read(ctx), []string{`workspace = ?`}, []any{workspace}
	if journey != "" {
		where, args = append(where, `journey = ?`), append(args, journey)
	}
	list, next, err := page(ctx, q, p, newestFirst, bulkColumns, "bulk_jobs", where, args, scanBulkJob)
	for i := range list {
		if err == nil {
			err = countItems(ctx, q, &list[i])
		}
	}
	return list, next, kind(err, "listing bulk jobs")
}

// RunningBulkJobs are those of all workspaces, oldest first.
func (s *Store) RunningBulkJobs(ctx context.Context, limit int) ([]orchestrator.BulkJob, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.BulkJob, error) {
		var seq int64
		return scanBulkJob(r, &seq)
	}, `SELECT `+bulkColumns+` FROM bulk_jobs WHERE state = 'running' ORDER BY seq LIMIT ?`, limit)
	return list, kind(err, "listing running bulk jobs")
}

const itemColumns = `seq, job, enrollment, incident, state, attempts, reason, retry_at`

func scanItem(r scanner, seq *int64) (orchestrator.BulkItem, error) {
	var i orchestrator.BulkItem
	err := r.Scan(seq, &i.Job, &i.Enrollment, &i.Incident, &i.State, &i.Attempts, &i.Reason, asTime{&i.RetryAt})
	return i, err
}

// DueBulkItems are pending items that may be told at t.
func (s *Store) DueBulkItems(ctx context.Context, job string, t time.Time, limit int) ([]orchestrator.BulkItem, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.BulkItem, error) {
		var seq int64
		return scanItem(r, &seq)
	}, `SELECT `+itemColumns+` FROM bulk_items WHERE job = ? AND state = 'pending' AND retry_at <= ?
		ORDER BY retry_at, seq LIMIT ?`, job, micros(t), limit)
	return list, kind(err, "listing the items of bulk job "+job)
}

// SettleBulkItem stores what became of a pending item.
func (s *Store) SettleBulkItem(ctx context.Context, i orchestrator.BulkItem) error {
	return s.write(ctx, "settling an item of bulk job "+i.Job, func(ctx context.Context, q querier) error {
		changed, err := affected(q.ExecContext(ctx, `UPDATE bulk_items SET state = ?, attempts = ?, reason = ?, retry_at = ?
			WHERE job = ? AND enrollment = ? AND incident = ? AND state = 'pending'`,
			i.State, i.Attempts, i.Reason, micros(i.RetryAt), i.Job, i.Enrollment, i.Incident))
		if err != nil || changed {
			return err
		}
		return exists(ctx, q, `bulk_items WHERE job = ? AND enrollment = ? AND incident = ?`, i.Job, i.Enrollment, i.Incident)
	})
}

// carriedOut settles the item of a command that an enrollment has carried out.
func carriedOut(ctx context.Context, q querier, p orchestrator.Progress) error {
	if p.Command == "" {
		return nil
	}
	_, err := q.ExecContext(ctx, `UPDATE bulk_items SET state = 'done', reason = '' WHERE job = ? AND enrollment = ? AND incident = ''`,
		p.Command, p.Enrollment)
	return err
}

// EndBulkJob gives a running job its last state.
func (s *Store) EndBulkJob(ctx context.Context, workspace, id string, st orchestrator.BulkState) error {
	return s.write(ctx, "ending bulk job "+id, func(ctx context.Context, q querier) error {
		ended, err := affected(q.ExecContext(ctx, `UPDATE bulk_jobs SET state = ?, ended_at = ?
			WHERE workspace = ? AND id = ? AND state = 'running'`, st, micros(now()), workspace, id))
		if err != nil || ended {
			return err
		}
		return exists(ctx, q, `bulk_jobs WHERE workspace = ? AND id = ?`, workspace, id)
	})
}

// BulkItems lists the items of a job, oldest first.
func (s *Store) BulkItems(ctx context.Context, workspace, job string, st orchestrator.BulkItemState, p orchestrator.Page) ([]orchestrator.BulkItem, string, error) {
	q, where, args := s.read(ctx), []string{`job = ?`}, []any{job}
	if st != "" {
		where, args = append(where, `state = ?`), append(args, st)
	}
	err := exists(ctx, q, `bulk_jobs WHERE workspace = ? AND id = ?`, workspace, job)
	if err != nil {
		return nil, "", kind(err, "listing the items of bulk job "+job)
	}
	list, next, err := page(ctx, q, p, oldestFirst, itemColumns, "bulk_items", where, args, scanItem)
	return list, next, kind(err, "listing the items of bulk job "+job)
}

var _ interface {
	orchestrator.BulkStore
	orchestrator.FlightStore
	orchestrator.IncidentStore
} = (*Store)(nil)
