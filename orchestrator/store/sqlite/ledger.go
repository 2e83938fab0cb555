package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Post books a posting once.
func (s *Store) Post(ctx context.Context, p orchestrator.Posting) (balance int64, err error) {
	doing := "posting " + p.ID
	if p.ID == "" || p.Amount <= 0 || p.Debit == "" || p.Credit == "" || p.Debit == p.Credit {
		return 0, fmt.Errorf("%s: %w: a posting needs an id, an amount above zero and two different accounts", doing, orchestrator.ErrInvalid)
	}
	err = s.write(ctx, doing, func(ctx context.Context, q querier) error {
		var old orchestrator.Posting
		err := q.QueryRowContext(ctx, `SELECT debit, credit, amount, balance FROM postings WHERE workspace = ? AND id = ?`,
			p.Workspace, p.ID).Scan(&old.Debit, &old.Credit, &old.Amount, &balance)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			balance, err = book(ctx, q, p)
		case err == nil && (old.Debit != p.Debit || old.Credit != p.Credit || old.Amount != p.Amount):
			err = orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("this id has booked another posting, of %d from %s to %s", old.Amount, old.Debit, old.Credit))
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return balance, nil
}

// book moves the amount and returns the credit account's balance.
func book(ctx context.Context, q querier, p orchestrator.Posting) (int64, error) {
	from, err := balance(ctx, q, p.Workspace, p.Debit)
	if err != nil {
		return 0, err
	}
	to, err := balance(ctx, q, p.Workspace, p.Credit)
	switch {
	case err != nil:
		return 0, err
	case strings.HasPrefix(p.Debit, "customer:") && from < p.Amount:
		return 0, orchestrator.Refuse(orchestrator.ErrPrecondition, journey.Say("account %s has %d, not %d", p.Debit, from, p.Amount))
	case to > math.MaxInt64-p.Amount, from < math.MinInt64+p.Amount:
		return 0, orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("the balance would not fit in 64 bits"))
	}
	to += p.Amount
	for account, n := range map[string]int64{p.Debit: from - p.Amount, p.Credit: to} {
		if _, err := q.ExecContext(ctx, `INSERT INTO accounts (workspace, account, balance) VALUES (?, ?, ?)
			ON CONFLICT (workspace, account) DO UPDATE SET balance = excluded.balance`, p.Workspace, account, n); err != nil {
			return 0, err
		}
	}
	_, err = q.ExecContext(ctx, `INSERT INTO postings (workspace, id, debit, credit, amount, reason, at, balance)
		VALUES (`+placeholders(8)+`)`,
		p.Workspace, p.ID, p.Debit, p.Credit, p.Amount, p.Reason, cmp.Or(micros(p.At), micros(now())), to)
	return to, err
}

// balance is 0 for an account that nothing was booked on.
func balance(ctx context.Context, q querier, workspace, account string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT balance FROM accounts WHERE workspace = ? AND account = ?`, workspace, account).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// Balance of an account; 0 when nothing was booked on it.
func (s *Store) Balance(ctx context.Context, workspace, account string) (int64, error) {
	n, err := balance(ctx, s.read(ctx), workspace, account)
	return n, kind(err, "reading the balance of "+account)
}
