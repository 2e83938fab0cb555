package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/qidong/qidong/orchestrator"
)

// SetMember makes a customer a member, or none.
func (s *Store) SetMember(ctx context.Context, m orchestrator.Membership, member bool) (changed bool, err error) {
	err = s.write(ctx, "changing the members of segment "+m.Segment, func(ctx context.Context, q querier) error {
		by := 1
		if member {
			changed, err = affected(q.ExecContext(ctx, `INSERT INTO segment_members (workspace, segment, customer, since) VALUES (?, ?, ?, ?)
				ON CONFLICT (workspace, segment, customer) DO NOTHING`, m.Workspace, m.Segment, m.Customer, micros(m.Since)))
		} else {
			by = -1
			changed, err = affected(q.ExecContext(ctx, `DELETE FROM segment_members WHERE workspace = ? AND segment = ? AND customer = ?`,
				m.Workspace, m.Segment, m.Customer))
		}
		if err != nil || !changed {
			return err
		}
		known, err := affected(q.ExecContext(ctx, `UPDATE segments SET members = members + ? WHERE workspace = ? AND name = ?`,
			by, m.Workspace, m.Segment))
		if err == nil && !known {
			err = sql.ErrNoRows
		}
		return err
	})
	return changed && err == nil, err
}

// Member tells whether a customer is in a segment.
func (s *Store) Member(ctx context.Context, workspace, name, customer string) (bool, error) {
	var is bool
	err := s.read(ctx).QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM segment_members
		WHERE workspace = ? AND segment = ? AND customer = ?)`, workspace, name, customer).Scan(&is)
	return is, kind(err, "looking for customer "+customer+" in segment "+name)
}

const memberColumns = `seq, workspace, segment, customer, since`

func scanMember(r scanner, seq *int64) (orchestrator.Membership, error) {
	var m orchestrator.Membership
	err := r.Scan(seq, &m.Workspace, &m.Segment, &m.Customer, asTime{&m.Since})
	return m, err
}

// Members lists a segment's members.
func (s *Store) Members(ctx context.Context, workspace, name string, p orchestrator.Page) ([]orchestrator.Membership, string, error) {
	q := s.read(ctx)
	if err := exists(ctx, q, `segments WHERE workspace = ? AND name = ?`, workspace, name); err != nil {
		return nil, "", kind(err, "finding segment "+name)
	}
	list, next, err := page(ctx, q, p, oldestFirst, memberColumns, "segment_members",
		[]string{`workspace = ?`, `segment = ?`}, []any{workspace, name}, scanMember)
	return list, next, kind(err, "listing the members of segment "+name)
}

// Memberships are a customer's.
func (s *Store) Memberships(ctx context.Context, workspace, customer string) ([]orchestrator.Membership, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Membership, error) {
		var seq int64
		return scanMember(r, &seq)
	}, `SELECT `+memberColumns+` FROM segment_members WHERE workspace = ? AND customer = ? ORDER BY segment`, workspace, customer)
	return list, kind(err, "listing the segments of customer "+customer)
}

// SetDue stores when to judge again.
func (s *Store) SetDue(ctx context.Context, d orchestrator.Due) error {
	return s.write(ctx, "storing when segment "+d.Segment+" is due", func(ctx context.Context, q querier) error {
		if d.At.IsZero() {
			_, err := q.ExecContext(ctx, `DELETE FROM segment_due WHERE workspace = ? AND segment = ? AND customer = ?`,
				d.Workspace, d.Segment, d.Customer)
			return err
		}
		_, err := q.ExecContext(ctx, `INSERT INTO segment_due (workspace, segment, customer, at) VALUES (?, ?, ?, ?)
			ON CONFLICT (workspace, segment, customer) DO UPDATE SET at = excluded.at WHERE at <> excluded.at`,
			d.Workspace, d.Segment, d.Customer, micros(d.At))
		return err
	})
}

// DueMembers are those whose moment has come.
func (s *Store) DueMembers(ctx context.Context, t time.Time, limit int) ([]orchestrator.Due, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Due, error) {
		var d orchestrator.Due
		err := r.Scan(&d.Workspace, &d.Segment, &d.Customer, asTime{&d.At})
		return d, err
	}, `SELECT workspace, segment, customer, at FROM segment_due WHERE at <= ? ORDER BY at LIMIT ?`, micros(t), limit)
	return list, kind(err, "listing who is due in segments")
}

func scanNumbered(r scanner) (orchestrator.Numbered, error) {
	var n orchestrator.Numbered
	var err error
	n.Customer, err = scanCustomer(r, &n.Seq)
	return n, err
}

// NumberedCustomers are those after a place in the order of arrival.
func (s *Store) NumberedCustomers(ctx context.Context, workspace string, after int64, limit int) ([]orchestrator.Numbered, error) {
	list, err := rows(ctx, s.read(ctx), scanNumbered, `SELECT `+customerColumns+` FROM customers
		WHERE workspace = ? AND seq > ? ORDER BY seq LIMIT ?`, workspace, after, limit)
	return list, kind(err, "listing customers in the order of their arrival")
}

// NumberedCustomer finds one.
func (s *Store) NumberedCustomer(ctx context.Context, workspace, id string) (orchestrator.Numbered, error) {
	n, err := scanNumbered(s.read(ctx).QueryRowContext(ctx, `SELECT `+customerColumns+` FROM customers
		WHERE workspace = ? AND id = ?`, workspace, id))
	return n, kind(err, "finding customer "+id)
}
