package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// AddApproval keeps a person's newest yes to a definition.
func (s *Store) AddApproval(ctx context.Context, a orchestrator.Approval) error {
	return s.write(ctx, "storing an approval of journey "+a.Journey, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `INSERT INTO approvals (workspace, journey, digest, by, at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (workspace, journey, digest, by) DO UPDATE SET at = excluded.at`, a.Workspace, a.Journey, a.Digest, a.By, micros(a.At))
		return err
	})
}

// Approvals are those of a definition, oldest first.
func (s *Store) Approvals(ctx context.Context, workspace, journey, digest string) ([]orchestrator.Approval, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Approval, error) {
		a := orchestrator.Approval{Workspace: workspace, Journey: journey, Digest: digest}
		err := r.Scan(&a.By, asTime{&a.At})
		return a, err
	}, `SELECT by, at FROM approvals WHERE workspace = ? AND journey = ? AND digest = ? ORDER BY at, by`, workspace, journey, digest)
	return list, kind(err, "reading the approvals of journey "+journey)
}
