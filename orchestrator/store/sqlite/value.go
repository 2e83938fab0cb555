package sqlite

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// PutValue stores a value of an enrollment that has not ended, within MaxValues.
func (s *Store) PutValue(ctx context.Context, enrollment, sha string, value []byte) error {
	doing := "storing a value of enrollment " + enrollment
	return s.write(ctx, doing, func(ctx context.Context, q querier) error {
		var status orchestrator.EnrollmentStatus
		if err := q.QueryRowContext(ctx, `SELECT status FROM enrollments WHERE id = ?`, enrollment).Scan(&status); err != nil {
			return err
		}
		if status == orchestrator.EnrollmentEnded {
			return orchestrator.Refuse(orchestrator.ErrPrecondition, journey.Say("the enrollment has ended"))
		}
		var others int64
		if err := q.QueryRowContext(ctx, `SELECT coalesce(sum(length(value)), 0) FROM enrollment_values WHERE enrollment = ? AND sha <> ?`,
			enrollment, sha).Scan(&others); err != nil {
			return err
		}
		if total := others + int64(len(value)); total > orchestrator.MaxValues {
			return orchestrator.Refuse(orchestrator.ErrPrecondition, journey.Say("its values would have %d bytes; at most %d are allowed", total, orchestrator.MaxValues))
		}
		_, err := q.ExecContext(ctx, `INSERT INTO enrollment_values (enrollment, sha, value) VALUES (?, ?, ?)
			ON CONFLICT (enrollment, sha) DO NOTHING`, enrollment, sha, value)
		return err
	})
}

// Value is a value of an enrollment.
func (s *Store) Value(ctx context.Context, enrollment, sha string) ([]byte, error) {
	var value []byte
	err := s.read(ctx).QueryRowContext(ctx, `SELECT value FROM enrollment_values WHERE enrollment = ? AND sha = ?`, enrollment, sha).Scan(&value)
	return value, kind(err, "reading a value of enrollment "+enrollment)
}

// DropValues deletes values of an enrollment.
func (s *Store) DropValues(ctx context.Context, enrollment string, shas []string) error {
	return s.write(ctx, "dropping values of enrollment "+enrollment, func(ctx context.Context, q querier) error {
		for _, sha := range shas {
			if _, err := q.ExecContext(ctx, `DELETE FROM enrollment_values WHERE enrollment = ? AND sha = ?`, enrollment, sha); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropAllValues deletes what an ended enrollment has kept.
func dropAllValues(ctx context.Context, q querier, enrollment string) error {
	_, err := q.ExecContext(ctx, `DELETE FROM enrollment_values WHERE enrollment = ?`, enrollment)
	return err
}
