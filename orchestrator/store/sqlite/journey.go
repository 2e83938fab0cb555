package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const versionColumns = `workspace, journey, number, digest, source, definition, published_at, published_by`

func scanVersion(r scanner) (orchestrator.Version, error) {
	v := orchestrator.Version{Definition: new(journey.Definition)}
	err := r.Scan(&v.Workspace, &v.Journey, &v.Number, &v.Digest, &v.Source, asJSON{v.Definition},
		asTime{&v.PublishedAt}, &v.PublishedBy)
	return v, err
}

// Publish stores a version under the next number.
func (s *Store) Publish(ctx context.Context, v orchestrator.Version) (orchestrator.Version, error) {
	doing := "publishing journey " + v.Journey
	if v.Definition == nil || v.Digest == "" || v.Journey == "" {
		return v, fmt.Errorf("%s: %w: a version needs its journey, definition and digest", doing, orchestrator.ErrInvalid)
	}
	wanted := v
	err := s.write(ctx, doing, func(ctx context.Context, q querier) error {
		v = wanted
		newest, err := scanVersion(q.QueryRowContext(ctx, `SELECT `+versionColumns+` FROM versions
			WHERE workspace = ? AND journey = ? ORDER BY number DESC LIMIT 1`, v.Workspace, v.Journey))
		switch {
		case err == nil && newest.Digest == v.Digest:
			v = newest
			return nil
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		v.Number = newest.Number + 1
		if v.PublishedAt.IsZero() {
			v.PublishedAt = now()
		}
		return insertVersion(ctx, q, v)
	})
	return v, err
}

// insertVersion stores a version and makes it the newest.
func insertVersion(ctx context.Context, q querier, v orchestrator.Version) error {
	title, err := encode(v.Definition.Title)
	if err != nil {
		return err
	}
	definition, err := encode(v.Definition)
	if err != nil {
		return err
	}
	at := micros(v.PublishedAt)
	if _, err := q.ExecContext(ctx, `INSERT INTO journeys (workspace, name, status, number, digest, title, steps, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (workspace, name) DO UPDATE SET number = excluded.number, digest = excluded.digest,
			title = excluded.title, steps = excluded.steps, updated_at = excluded.updated_at`,
		v.Workspace, v.Journey, orchestrator.JourneyLive, v.Number, v.Digest, title, journey.StepCount(v.Definition), at); err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO versions (`+versionColumns+`) VALUES (`+placeholders(8)+`)`,
		v.Workspace, v.Journey, v.Number, v.Digest, v.Source, definition, at, v.PublishedBy)
	return err
}

// Journey finds a journey.
func (s *Store) Journey(ctx context.Context, workspace, name string) (orchestrator.Journey, error) {
	list, err := s.journeys(ctx, workspace, name)
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return orchestrator.Journey{}, kind(err, "finding journey "+name)
	}
	return list[0], nil
}

// Journeys lists the journeys of a workspace by name.
func (s *Store) Journeys(ctx context.Context, workspace string) ([]orchestrator.Journey, error) {
	list, err := s.journeys(ctx, workspace, "")
	return list, kind(err, "listing journeys")
}

// journeys reads one journey, or all when name is "".
func (s *Store) journeys(ctx context.Context, workspace, name string) ([]orchestrator.Journey, error) {
	return rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Journey, error) {
		var j orchestrator.Journey
		err := r.Scan(&j.Workspace, &j.Name, &j.Status, &j.Number, &j.Digest, asTime{&j.UpdatedAt},
			asJSON{&j.Title}, &j.Steps, &j.PausedFrom, &j.Open, &j.Completed, &j.Incidents)
		return j, err
	}, `SELECT j.workspace, j.name, j.status, j.number, j.digest, j.updated_at, j.title, j.steps, j.paused_from,
			COALESCE(SUM(CASE WHEN c.kind = 'open' THEN c.n END), 0),
			COALESCE(SUM(CASE WHEN c.kind = 'ended' THEN c.n END), 0),
			COALESCE(SUM(CASE WHEN c.kind = 'failed' THEN c.n END), 0)
		FROM journeys j
		LEFT JOIN counts c ON c.workspace = j.workspace AND c.journey = j.name AND c.kind IN ('open', 'ended', 'failed')
		WHERE j.workspace = ? AND (? = '' OR j.name = ?)
		GROUP BY j.workspace, j.name ORDER BY j.name`, workspace, name, name)
}

// SetJourneyStatus opens or closes a journey.
func (s *Store) SetJourneyStatus(ctx context.Context, workspace, name string, st orchestrator.JourneyStatus) error {
	return s.write(ctx, "changing the status of journey "+name, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `UPDATE journeys SET status = ?1, updated_at = ?2,
				paused_from = CASE WHEN ?1 <> 'paused' THEN '' WHEN status = 'paused' THEN paused_from ELSE status END
			WHERE workspace = ?3 AND name = ?4`,
			st, micros(now()), workspace, name))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}

// VersionByDigest finds a definition in any workspace.
func (s *Store) VersionByDigest(ctx context.Context, digest string) (orchestrator.Version, error) {
	v, err := scanVersion(s.read(ctx).QueryRowContext(ctx, `SELECT `+versionColumns+` FROM versions
		WHERE digest = ? ORDER BY published_at LIMIT 1`, digest))
	return v, kind(err, "finding definition "+digest)
}

// Versions lists the versions of a journey, newest first.
func (s *Store) Versions(ctx context.Context, workspace, name string) ([]orchestrator.Version, error) {
	list, err := rows(ctx, s.read(ctx), scanVersion, `SELECT `+versionColumns+` FROM versions
		WHERE workspace = ? AND journey = ? ORDER BY number DESC`, workspace, name)
	if err == nil && len(list) == 0 {
		err = sql.ErrNoRows
	}
	return list, kind(err, "listing the versions of journey "+name)
}
