package sqlite

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const draftColumns = `workspace, journey, revision, source, base, at, updated_at, updated_by`

func scanDraft(r scanner) (orchestrator.Draft, error) {
	var d orchestrator.Draft
	err := r.Scan(&d.Workspace, &d.Journey, &d.Revision, &d.Source, &d.Base, &d.At, asTime{&d.UpdatedAt}, &d.UpdatedBy)
	return d, err
}

// PutDraft stores a draft as the successor of the revision before it.
func (s *Store) PutDraft(ctx context.Context, d orchestrator.Draft) error {
	return s.write(ctx, "storing the draft of "+d.Journey, func(ctx context.Context, q querier) error {
		if d.Revision == 1 {
			return insertDraft(ctx, q, d)
		}
		done, err := q.ExecContext(ctx, `UPDATE drafts SET revision = ?, source = ?, base = ?, at = ?, updated_at = ?, updated_by = ?
			WHERE workspace = ? AND journey = ? AND revision = ?`,
			d.Revision, d.Source, d.Base, d.At, micros(d.UpdatedAt), d.UpdatedBy, d.Workspace, d.Journey, d.Revision-1)
		return changed(done, err)
	})
}

func insertDraft(ctx context.Context, q querier, d orchestrator.Draft) error {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM drafts WHERE workspace = ?`, d.Workspace).Scan(&n); err != nil {
		return err
	}
	if n >= orchestrator.MaxDrafts {
		return orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("the workspace has %d drafts; publish or discard some", n))
	}
	done, err := q.ExecContext(ctx, `INSERT INTO drafts (`+draftColumns+`) VALUES (`+placeholders(8)+`) ON CONFLICT DO NOTHING`,
		d.Workspace, d.Journey, d.Revision, d.Source, d.Base, d.At, micros(d.UpdatedAt), d.UpdatedBy)
	return changed(done, err)
}

// changed wants one row to have changed: another revision is there otherwise.
func changed(done sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err == nil && n != 1 {
		err = orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("somebody else has just edited it; do it again"))
	}
	return err
}

// Draft finds the draft of a journey.
func (s *Store) Draft(ctx context.Context, workspace, journey string) (orchestrator.Draft, error) {
	d, err := scanDraft(s.read(ctx).QueryRowContext(ctx, `SELECT `+draftColumns+` FROM drafts WHERE workspace = ? AND journey = ?`, workspace, journey))
	return d, kind(err, "finding the draft of journey "+journey)
}

// Drafts lists drafts by journey.
func (s *Store) Drafts(ctx context.Context, workspace string) ([]orchestrator.Draft, error) {
	list, err := rows(ctx, s.read(ctx), scanDraft, `SELECT `+draftColumns+` FROM drafts WHERE workspace = ? ORDER BY journey`, workspace)
	return list, kind(err, "listing drafts")
}

// DeleteDraft removes a draft with its history.
func (s *Store) DeleteDraft(ctx context.Context, workspace, journey string) error {
	doing := "discarding the draft of " + journey
	return s.write(ctx, doing, func(ctx context.Context, q querier) error {
		done, err := q.ExecContext(ctx, `DELETE FROM drafts WHERE workspace = ? AND journey = ?`, workspace, journey)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, sql.ErrNoRows)
		}
		for _, table := range []string{"draft_entries", "draft_changes"} {
			if _, err := q.ExecContext(ctx, `DELETE FROM `+table+` WHERE workspace = ? AND journey = ?`, workspace, journey); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutDraftEntry stores a snapshot; those after it go, and the oldest beyond the
// bound.
func (s *Store) PutDraftEntry(ctx context.Context, workspace, journey string, e orchestrator.DraftEntry) error {
	return s.write(ctx, "storing the history of the draft of "+journey, func(ctx context.Context, q querier) error {
		if _, err := q.ExecContext(ctx, `DELETE FROM draft_entries WHERE workspace = ? AND journey = ? AND at >= ?`, workspace, journey, e.At); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO draft_entries (workspace, journey, at, source, label, by, time) VALUES (?,?,?,?,?,?,?)`,
			workspace, journey, e.At, e.Source, e.Label, e.By, micros(e.Time)); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, `DELETE FROM draft_entries WHERE workspace = ?1 AND journey = ?2 AND at <= (
			SELECT at FROM (SELECT at, sum(length(source)) OVER (ORDER BY at DESC) AS bytes
				FROM draft_entries WHERE workspace = ?1 AND journey = ?2) WHERE bytes > ?3 ORDER BY at DESC LIMIT 1)`,
			workspace, journey, orchestrator.MaxDraftHistory)
		return err
	})
}

// DraftEntry finds a snapshot.
func (s *Store) DraftEntry(ctx context.Context, workspace, journey string, at int) (orchestrator.DraftEntry, error) {
	e := orchestrator.DraftEntry{At: at}
	err := s.read(ctx).QueryRowContext(ctx, `SELECT source, label, by, time FROM draft_entries WHERE workspace = ? AND journey = ? AND at = ?`,
		workspace, journey, at).Scan(&e.Source, &e.Label, &e.By, asTime{&e.Time})
	return e, kind(err, "finding an earlier state of the draft of "+journey)
}

// DraftSpan is the first and the last place in a draft's history.
func (s *Store) DraftSpan(ctx context.Context, workspace, journey string) (first, last int, err error) {
	err = s.read(ctx).QueryRowContext(ctx, `SELECT coalesce(min(at), 0), coalesce(max(at), 0) FROM draft_entries WHERE workspace = ? AND journey = ?`,
		workspace, journey).Scan(&first, &last)
	return first, last, kind(err, "finding the history of the draft of "+journey)
}

// PutDraftChange remembers a revision's changes.
func (s *Store) PutDraftChange(ctx context.Context, workspace, journey string, c orchestrator.DraftChange) error {
	return s.write(ctx, "storing what changed in the draft of "+journey, func(ctx context.Context, q querier) error {
		touched, err := encode(c.Touched)
		if err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, `INSERT INTO draft_changes (workspace, journey, revision, touched, by, session) VALUES (?,?,?,?,?,?)`,
			workspace, journey, c.Revision, touched, c.By, c.Session); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `DELETE FROM draft_changes WHERE workspace = ? AND journey = ? AND revision <= ?`,
			workspace, journey, c.Revision-orchestrator.MaxDraftChanges)
		return err
	})
}

// DraftChanges lists what was changed after a revision, oldest first.
func (s *Store) DraftChanges(ctx context.Context, workspace, journey string, after int64) ([]orchestrator.DraftChange, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.DraftChange, error) {
		var c orchestrator.DraftChange
		err := r.Scan(&c.Revision, asJSON{&c.Touched}, &c.By, &c.Session)
		return c, err
	}, `SELECT revision, touched, by, session FROM draft_changes WHERE workspace = ? AND journey = ? AND revision > ? ORDER BY revision`,
		workspace, journey, after)
	return list, kind(err, "listing what changed in the draft of "+journey)
}
