package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const templateColumns = `workspace, name, title, message, revision, updated_at, updated_by`

func scanTemplate(r scanner) (orchestrator.Template, error) {
	var t orchestrator.Template
	err := r.Scan(&t.Workspace, &t.Name, asJSON{&t.Title}, asJSON{&t.Message}, &t.Revision, asTime{&t.UpdatedAt}, &t.UpdatedBy)
	return t, err
}

func template(ctx context.Context, q querier, workspace, name string) (orchestrator.Template, error) {
	return scanTemplate(q.QueryRowContext(ctx, `SELECT `+templateColumns+` FROM templates WHERE workspace = ? AND name = ?`, workspace, name))
}

// PutTemplate stores a template over a revision.
func (s *Store) PutTemplate(ctx context.Context, t orchestrator.Template, revision int64) (orchestrator.Template, error) {
	err := s.write(ctx, "storing template "+t.Name, func(ctx context.Context, q querier) error {
		now, err := template(ctx, q, t.Workspace, t.Name)
		fresh := errors.Is(err, sql.ErrNoRows)
		if err != nil && !fresh {
			return err
		}
		if now.Revision != revision {
			return orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("it has revision %d, not %d; look at it again", now.Revision, revision))
		}
		if fresh {
			if err := roomForTemplate(ctx, q, t.Workspace); err != nil {
				return err
			}
		}
		t.Revision = revision + 1
		return upsertTemplate(ctx, q, t)
	})
	return t, err
}

func upsertTemplate(ctx context.Context, q querier, t orchestrator.Template) error {
	title, err := encode(t.Title)
	if err != nil {
		return err
	}
	message, err := encode(t.Message)
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO templates (`+templateColumns+`) VALUES (`+placeholders(7)+`)
		ON CONFLICT (workspace, name) DO UPDATE SET title = excluded.title, message = excluded.message, revision = excluded.revision,
			updated_at = excluded.updated_at, updated_by = excluded.updated_by`,
		t.Workspace, t.Name, title, message, t.Revision, micros(t.UpdatedAt), t.UpdatedBy)
	return err
}

func roomForTemplate(ctx context.Context, q querier, workspace string) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM templates WHERE workspace = ?`, workspace).Scan(&n)
	if err == nil && n >= orchestrator.MaxTemplates {
		err = orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("there are %d templates, as many as a workspace may have. Delete one first", n))
	}
	return err
}

// Template finds a template.
func (s *Store) Template(ctx context.Context, workspace, name string) (orchestrator.Template, error) {
	t, err := template(ctx, s.read(ctx), workspace, name)
	return t, kind(err, "finding template "+name)
}

// Templates lists all of a workspace by name.
func (s *Store) Templates(ctx context.Context, workspace string) ([]orchestrator.Template, error) {
	list, err := rows(ctx, s.read(ctx), scanTemplate, `SELECT `+templateColumns+` FROM templates WHERE workspace = ? ORDER BY name`, workspace)
	return list, kind(err, "listing templates")
}

// DeleteTemplate forgets a template.
func (s *Store) DeleteTemplate(ctx context.Context, workspace, name string) error {
	return s.write(ctx, "deleting template "+name, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `DELETE FROM templates WHERE workspace = ? AND name = ?`, workspace, name))
		if err == nil && !ok {
			err = sql.ErrNoRows
		}
		return err
	})
}
