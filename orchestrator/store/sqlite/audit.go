package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
)

// Audit appends a record to the workspace's chain.
func (s *Store) Audit(ctx context.Context, r orchestrator.AuditRecord) error {
	if len(r.Detail) > 0 && !json.Valid(r.Detail) {
		return fmt.Errorf("auditing %s: %w: the detail is not JSON", r.Action, orchestrator.ErrInvalid)
	}
	return s.write(ctx, "auditing "+r.Action, func(ctx context.Context, q querier) error {
		seq, hash, err := auditHead(ctx, q, r.Workspace)
		if err != nil {
			return err
		}
		r.Seq = seq + 1
		if r.At = fromMicros(micros(r.At)); r.At.IsZero() {
			r.At = now()
		}
		r.Hash = chain(hash, r)
		if _, err := q.ExecContext(ctx, `INSERT INTO audit (workspace, seq, actor, action, object, detail, at, hash)
			VALUES (`+placeholders(8)+`)`,
			r.Workspace, r.Seq, r.Actor, r.Action, r.Object, string(r.Detail), micros(r.At), r.Hash); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO audit_heads (workspace, seq, hash) VALUES (?, ?, ?)
			ON CONFLICT (workspace) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, r.Workspace, r.Seq, r.Hash)
		return err
	})
}

// auditHead is the newest record's place in the chain; 0 and "" before the first.
func auditHead(ctx context.Context, q querier, workspace string) (seq int64, hash string, err error) {
	err = q.QueryRowContext(ctx, `SELECT seq, hash FROM audit_heads WHERE workspace = ?`, workspace).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	}
	return seq, hash, err
}

// chain is the hash of a record: over the hash before it and everything it says.
func chain(before string, r orchestrator.AuditRecord) string {
	b, _ := json.Marshal([]any{before, r.Workspace, r.Seq, r.Actor, r.Action, r.Object, string(r.Detail), micros(r.At)}) // strings and integers always marshal
	return sha256Hex(b)
}

// AuditLog returns the records of a workspace after checking the chain.
func (s *Store) AuditLog(ctx context.Context, workspace string) ([]orchestrator.AuditRecord, error) {
	doing := "reading the audit log of workspace " + workspace
	var list []orchestrator.AuditRecord
	// One transaction, so that the head is that of the records read.
	tx, err := s.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, kind(err, doing)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	list, err = rows(ctx, tx, func(row scanner) (orchestrator.AuditRecord, error) {
		r := orchestrator.AuditRecord{Workspace: workspace}
		err := row.Scan(&r.Seq, &r.Actor, &r.Action, &r.Object, asRaw{&r.Detail}, asTime{&r.At}, &r.Hash)
		return r, err
	}, `SELECT seq, actor, action, object, detail, at, hash FROM audit WHERE workspace = ? ORDER BY seq`, workspace)
	if err != nil {
		return nil, kind(err, doing)
	}
	seq, hash, err := auditHead(ctx, tx, workspace)
	if err != nil {
		return nil, kind(err, doing)
	}
	return list, kind(verify(list, seq, hash), doing)
}

// verify checks that nothing was changed, removed, added or reordered.
func verify(list []orchestrator.AuditRecord, headSeq int64, headHash string) error {
	before := ""
	for i, r := range list {
		if r.Seq != int64(i)+1 {
			return fmt.Errorf("the audit chain is broken: record %d is missing", i+1)
		}
		if chain(before, r) != r.Hash {
			return fmt.Errorf("the audit chain is broken: record %d was changed", r.Seq)
		}
		before = r.Hash
	}
	if headSeq != int64(len(list)) || headHash != before {
		return fmt.Errorf("the audit chain is broken: record %d should be the newest, and record %d is", headSeq, len(list))
	}
	return nil
}
