package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const fragmentColumns = `workspace, name, version, digest, title, step_count, published_at, published_by, source, steps`

func scanFragment(r scanner) (orchestrator.Fragment, error) {
	var f orchestrator.Fragment
	err := r.Scan(&f.Workspace, &f.Name, &f.Version, &f.Digest, asJSON{&f.Title}, &f.StepCount,
		asTime{&f.PublishedAt}, &f.PublishedBy, &f.Source, asJSON{&f.Steps})
	return f, err
}

// PublishFragment stores a version under the next number.
func (s *Store) PublishFragment(ctx context.Context, f orchestrator.Fragment) (orchestrator.Fragment, error) {
	doing := "publishing fragment " + f.Name
	if f.Name == "" || f.Digest == "" || len(f.Steps) == 0 {
		return f, fmt.Errorf("%s: %w: a version needs its name, digest and steps", doing, orchestrator.ErrInvalid)
	}
	wanted := f
	err := s.write(ctx, doing, func(ctx context.Context, q querier) error {
		f = wanted
		newest, err := fragment(ctx, q, f.Workspace, f.Name, 0)
		switch {
		case err == nil && newest.Digest == f.Digest:
			f = newest
			return nil
		case errors.Is(err, sql.ErrNoRows):
			err = roomForFragment(ctx, q, f.Workspace)
		}
		if err != nil {
			return err
		}
		if f.Version = newest.Version + 1; f.Version > orchestrator.MaxFragmentVersions {
			return orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("it has %d versions, as many as a fragment may have. Publish it under another name", orchestrator.MaxFragmentVersions))
		}
		return insertFragment(ctx, q, f)
	})
	return f, err
}

func insertFragment(ctx context.Context, q querier, f orchestrator.Fragment) error {
	title, err := encode(f.Title)
	if err != nil {
		return err
	}
	steps, err := encode(f.Steps)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO fragments (`+fragmentColumns+`) VALUES (`+placeholders(10)+`)`,
		f.Workspace, f.Name, f.Version, f.Digest, title, f.StepCount, micros(f.PublishedAt), f.PublishedBy, f.Source, steps)
	return err
}

func roomForFragment(ctx context.Context, q querier, workspace string) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(DISTINCT name) FROM fragments WHERE workspace = ?`, workspace).Scan(&n)
	if err == nil && n >= orchestrator.MaxFragments {
		err = orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("there are %d fragments, as many as a workspace may have. Publish this one as a version of another", n))
	}
	return err
}

// fragment reads a version, the newest for 0.
func fragment(ctx context.Context, q querier, workspace, name string, version int) (orchestrator.Fragment, error) {
	return scanFragment(q.QueryRowContext(ctx, `SELECT `+fragmentColumns+` FROM fragments
		WHERE workspace = ? AND name = ? AND ? IN (0, version) ORDER BY version DESC LIMIT 1`, workspace, name, version))
}

// Fragment finds a version of a fragment, the newest for 0.
func (s *Store) Fragment(ctx context.Context, workspace, name string, version int) (orchestrator.Fragment, error) {
	f, err := fragment(ctx, s.read(ctx), workspace, name, version)
	return f, kind(err, fmt.Sprintf("finding fragment %s@%d", name, version))
}

// Fragments lists the newest versions by name.
func (s *Store) Fragments(ctx context.Context, workspace string) ([]orchestrator.Fragment, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Fragment, error) {
		var f orchestrator.Fragment
		err := r.Scan(&f.Workspace, &f.Name, &f.Version, &f.Digest, asJSON{&f.Title}, &f.StepCount, asTime{&f.PublishedAt}, &f.PublishedBy)
		return f, err
	}, `SELECT workspace, name, MAX(version), digest, title, step_count, published_at, published_by FROM fragments
		WHERE workspace = ? GROUP BY name ORDER BY name`, workspace)
	return list, kind(err, "listing fragments")
}
