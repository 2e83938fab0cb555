package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// hour is that of UTC in microseconds.
const hour = int64(time.Hour / time.Microsecond)

// seriesKey names what is counted.
func seriesKey(kind, field string) string {
	if field == "" {
		return kind
	}
	return kind + "\n" + field
}

// AddFacts counts events, each once per series.
func (s *Store) AddFacts(ctx context.Context, facts []orchestrator.Fact) (added int, err error) {
	if len(facts) == 0 {
		return 0, nil
	}
	err = s.write(ctx, "counting events", func(ctx context.Context, q querier) error {
		added = 0
		for _, f := range facts {
			fresh, err := addFact(ctx, q, f)
			if err != nil {
				return err
			}
			if fresh {
				added++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

func addFact(ctx context.Context, q querier, f orchestrator.Fact) (bool, error) {
	series, at := seriesKey(f.Type, f.Field), micros(f.At)
	fresh, err := affected(q.ExecContext(ctx, `INSERT INTO facts (workspace, customer, series, at, event, value) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, f.Workspace, f.Customer, series, at, f.Event, f.Value))
	if err != nil || !fresh {
		return false, err
	}
	// A sum beyond the integers is a double to SQLite, and comes back by min and max.
	if _, err = q.ExecContext(ctx, `INSERT INTO fact_hours (workspace, customer, series, hour, n, total) VALUES (?, ?, ?, ?, 1, ?)
		ON CONFLICT (workspace, customer, series, hour) DO UPDATE SET n = n + 1, total = min(max(total + excluded.total, ?), ?)`,
		f.Workspace, f.Customer, series, at/hour, f.Value, -journey.MaxSum, journey.MaxSum); err != nil {
		return false, err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO fact_totals (workspace, customer, series, n, total, first, last) VALUES (?, ?, ?, 1, ?, ?, ?)
		ON CONFLICT (workspace, customer, series) DO UPDATE SET n = n + 1, total = min(max(total + excluded.total, ?), ?),
			first = min(first, excluded.first), last = max(last, excluded.last)`,
		f.Workspace, f.Customer, series, f.Value, at, at, -journey.MaxSum, journey.MaxSum)
	return true, err
}

// Tally adds up what is counted of a customer.
func (s *Store) Tally(ctx context.Context, workspace, customer string, of journey.Series, at time.Time) (journey.Tally, error) {
	q, of0 := s.read(ctx), factsOf{workspace, customer, seriesKey(of.Type, of.Field)}
	var t journey.Tally
	var err error
	if of.Window == 0 {
		err = q.QueryRowContext(ctx, `SELECT n, total, first, last FROM fact_totals WHERE workspace = ? AND customer = ? AND series = ?`,
			of0.args()...).Scan(&t.Count, &t.Sum, asTime{&t.First}, asTime{&t.Last})
	} else {
		t, err = of0.window(ctx, q, micros(at.Add(-of.Window)), of.Window)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return journey.Tally{}, nil
	}
	return t, kind(err, "counting the events of customer "+customer)
}

// factsOf selects the facts of one series.
type factsOf struct{ workspace, customer, series string }

func (f factsOf) args(more ...any) []any {
	return append([]any{f.workspace, f.customer, f.series}, more...)
}

const factsWhere = ` WHERE workspace = ? AND customer = ? AND series = ?`

// window adds up what came after a moment: by fact to the end of its hour, then
// by hour, so that many events cost little.
func (f factsOf) window(ctx context.Context, q querier, after int64, length time.Duration) (t journey.Tally, err error) {
	if err = q.QueryRowContext(ctx, `SELECT at FROM facts`+factsWhere+` AND at > ? ORDER BY at LIMIT 1`, f.args(after)...).
		Scan(asTime{&t.First}); err != nil {
		return t, err
	}
	if err = q.QueryRowContext(ctx, `SELECT at FROM facts`+factsWhere+` ORDER BY at DESC LIMIT 1`, f.args()...).Scan(asTime{&t.Last}); err != nil {
		return t, err
	}
	var whole, rest int64
	add := func(from string, args ...any) error {
		var n, w, r int64
		err := q.QueryRowContext(ctx, from, f.args(args...)...).Scan(&n, &w, &r)
		t.Count, whole, rest = t.Count+n, whole+w, rest+r
		return err
	}
	// Two sums, neither of which can overflow.
	const facts = `SELECT COUNT(*), COALESCE(SUM(value / 1000000), 0), COALESCE(SUM(value % 1000000), 0) FROM facts` + factsWhere
	if length < 2*time.Hour {
		err = add(facts+` AND at > ?`, after)
	} else {
		next := after/hour + 1
		err = add(facts+` AND at > ? AND at < ?`, after, next*hour)
		if err == nil {
			err = add(`SELECT COALESCE(SUM(n), 0), COALESCE(SUM(total / 1000000), 0), COALESCE(SUM(total % 1000000), 0) FROM fact_hours`+
				factsWhere+` AND hour >= ?`, next)
		}
	}
	const most = journey.MaxSum / 1_000_000
	t.Sum = min(max(whole+rest/1_000_000, -most), most)*1_000_000 + rest%1_000_000
	t.Sum = min(max(t.Sum, -journey.MaxSum), journey.MaxSum)
	return t, err
}

// EventsOfTypes are a customer's events of some types, oldest first.
func (s *Store) EventsOfTypes(ctx context.Context, workspace, customer string, types []string, after, before int64, limit int) ([]orchestrator.Event, error) {
	if len(types) == 0 {
		return nil, nil
	}
	if before <= 0 {
		before = 1<<63 - 1
	}
	condition, more := ofCustomer(customer, workspace)
	args := append(append([]any{workspace}, more...), after, before)
	for _, t := range types {
		args = append(args, t)
	}
	// Left to itself, SQLite reads the workspace's events in order instead.
	list, err := rows(ctx, s.read(ctx), plainEvent, `SELECT `+eventColumns+` FROM events INDEXED BY events_queue WHERE workspace = ? AND `+condition+`
		AND seq > ? AND seq < ? AND type IN (`+placeholders(len(types))+`) ORDER BY seq LIMIT ?`, append(args, limit)...)
	return list, kind(err, "listing the events of customer "+customer)
}
