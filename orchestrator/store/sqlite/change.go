package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// ApplyChange applies a change, once per key.
func (s *Store) ApplyChange(ctx context.Context, c orchestrator.Change) (out orchestrator.Customer, err error) {
	err = s.write(ctx, "changing customer "+c.Customer, func(ctx context.Context, q querier) error {
		if c.At.IsZero() {
			c.At = now()
		}
		fresh, err := affected(q.ExecContext(ctx, `INSERT INTO effects (key, workspace, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING`,
			c.Key, c.Workspace, micros(c.At)))
		if err != nil {
			return err
		}
		if out, err = s.Customer(ctx, c.Workspace, c.Customer); err != nil || !fresh {
			return err
		}
		next, changed, err := c.Apply(out)
		if err != nil {
			return err
		}
		events, err := c.Events(next, changed)
		if err != nil {
			return err
		}
		if changed {
			if out, err = s.PutCustomer(ctx, next); err != nil {
				return err
			}
			if err = s.OvertakeChange(ctx, c.Workspace, c.Customer); err != nil {
				return err
			}
		}
		_, err = s.AcceptEvents(ctx, events)
		return err
	})
	return out, err
}
