package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const taskColumns = `seq, id, workspace, enrollment, journey, customer, step, visit, title, instructions, assignee, form,
	due_at, escalations, escalated, state, result, by, opened_at, closed_at`

func scanTask(r scanner, seq *int64) (orchestrator.Task, error) {
	var t orchestrator.Task
	err := r.Scan(seq, &t.ID, &t.Workspace, &t.Enrollment, &t.Journey, &t.Customer, &t.Step, &t.Visit, asJSON{&t.Title},
		asJSON{&t.Instructions}, &t.Assignee, asRaw{&t.Form}, asTime{&t.DueAt}, asJSON{&t.Escalations}, &t.Escalated, &t.State,
		asRaw{&t.Result}, &t.By, asTime{&t.OpenedAt}, asTime{&t.ClosedAt})
	return t, err
}

func task(ctx context.Context, q querier, workspace, id string) (orchestrator.Task, error) {
	var seq int64
	return scanTask(q.QueryRowContext(ctx, `SELECT `+taskColumns+` FROM tasks WHERE workspace = ? AND id = ?`, workspace, id), &seq)
}

// OpenTask stores a task, once.
func (s *Store) OpenTask(ctx context.Context, t orchestrator.Task) (kept orchestrator.Task, err error) {
	err = s.write(ctx, "opening task "+t.ID, func(ctx context.Context, q querier) error {
		var text [3]string
		for i, v := range []any{t.Title, t.Instructions, t.Escalations} {
			if text[i], err = encode(v); err != nil {
				return err
			}
		}
		if t.OpenedAt.IsZero() {
			t.OpenedAt = now()
		}
		added, err := affected(q.ExecContext(ctx, `INSERT INTO tasks (id, workspace, enrollment, journey, customer, step, visit,
				title, instructions, assignee, form, due_at, escalations, escalated, state, result, by, opened_at, closed_at)
			VALUES (`+placeholders(13)+`, 0, 'open', '', '', ?, 0) ON CONFLICT (id) DO NOTHING`,
			t.ID, t.Workspace, t.Enrollment, t.Journey, t.Customer, t.Step, t.Visit, text[0], text[1], t.Assignee, string(t.Form),
			micros(t.DueAt), text[2], micros(t.OpenedAt)))
		if err != nil {
			return err
		}
		if kept, err = task(ctx, q, t.Workspace, t.ID); err != nil && !added {
			return orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("the task is of another workspace"))
		}
		return err
	})
	return kept, err
}

// Task finds a task.
func (s *Store) Task(ctx context.Context, workspace, id string) (orchestrator.Task, error) {
	t, err := task(ctx, s.read(ctx), workspace, id)
	return t, kind(err, "finding task "+id)
}

// Tasks lists tasks, newest first.
func (s *Store) Tasks(ctx context.Context, f orchestrator.TaskFilter, p orchestrator.Page) ([]orchestrator.Task, string, error) {
	where, args := []string{`workspace = ?`}, []any{f.Workspace}
	for _, c := range []struct{ column, value string }{
		{"journey", f.Journey}, {"customer", f.Customer}, {"enrollment", f.Enrollment}, {"assignee", f.Assignee}, {"state", string(f.State)},
	} {
		if c.value != "" {
			where, args = append(where, c.column+` = ?`), append(args, c.value)
		}
	}
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, taskColumns, "tasks", where, args, scanTask)
	return list, next, kind(err, "listing tasks")
}

// EscalateTask gives an open task to the assignee of its n-th escalation.
func (s *Store) EscalateTask(ctx context.Context, workspace, id string, n int) (t orchestrator.Task, changed bool, err error) {
	err = s.write(ctx, "escalating task "+id, func(ctx context.Context, q querier) error {
		changed = false
		if t, err = task(ctx, q, workspace, id); err != nil {
			return err
		}
		if n < 1 || n > len(t.Escalations) {
			return orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("the task has %d escalations, and none with the number %d", len(t.Escalations), n))
		}
		if t.State != orchestrator.TaskOpen || t.Escalated >= n {
			return nil
		}
		t.Escalated, t.Assignee, changed = n, t.Escalations[n-1].Assignee, true
		_, err := q.ExecContext(ctx, `UPDATE tasks SET escalated = ?, assignee = ? WHERE workspace = ? AND id = ?`,
			t.Escalated, t.Assignee, workspace, id)
		return err
	})
	return t, changed, err
}

// CloseTask gives an open task its last state.
func (s *Store) CloseTask(ctx context.Context, workspace, id string, end orchestrator.TaskEnd) (t orchestrator.Task, changed bool, err error) {
	err = s.write(ctx, "closing task "+id, func(ctx context.Context, q querier) error {
		changed = false
		if t, err = task(ctx, q, workspace, id); err != nil || t.State != orchestrator.TaskOpen {
			return err
		}
		if end.At.IsZero() {
			end.At = now()
		}
		t.State, t.Result, t.By, t.ClosedAt, changed = end.State, end.Result, end.By, fromMicros(micros(end.At)), true
		_, err := q.ExecContext(ctx, `UPDATE tasks SET state = ?, result = ?, by = ?, closed_at = ? WHERE workspace = ? AND id = ?`,
			t.State, string(t.Result), t.By, micros(t.ClosedAt), workspace, id)
		return err
	})
	return t, changed, err
}

// cancelTasks ends what an ended enrollment asks nobody for any more.
func cancelTasks(ctx context.Context, q querier, e orchestrator.Enrollment) error {
	_, err := q.ExecContext(ctx, `UPDATE tasks SET state = 'cancelled', closed_at = ? WHERE enrollment = ? AND state = 'open'`,
		micros(e.EndedAt), e.ID)
	return err
}
