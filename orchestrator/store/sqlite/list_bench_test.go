package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// crowd stores n customers and as many enrollments, a few of whom have what is
// looked for.
func crowd(t testing.TB, s *Store, n int) {
	t.Helper()
	family, given := []rune("王李张刘陈杨黄赵吴周徐孙马朱胡"), []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平")
	for from := 0; from < n; from += 1000 {
		require.NoError(t, s.Atomic(t.Context(), func(ctx context.Context) error {
			for i := from; i < min(from+1000, n); i++ {
				if err := addOne(ctx, s, i, string(family[i%15])+string(given[i%20])+string(given[i/20%20])); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func addOne(ctx context.Context, s *Store, i int, name string) error {
	id := fmt.Sprintf("c_%06d", i)
	c := orchestrator.Customer{
		Workspace: "w", ID: id, Name: name, Tags: []string{"all"}, Identities: []orchestrator.Identity{{Kind: "phone", Value: fmt.Sprintf("+86138%08d", i*997%100_000_000)}},
		Traits: map[string]any{"city": fmt.Sprint("city", i%50), "home": map[string]any{"zip": fmt.Sprint(i % 9000)}},
	}
	if i%5000 == 17 {
		c.Name, c.Tags = "欧阳修远 Rare Person", append(c.Tags, "rare")
	}
	if _, err := s.PutCustomer(ctx, c); err != nil {
		return err
	}
	e := orchestrator.Enrollment{
		ID: "e" + id, Workspace: "w", Journey: fmt.Sprint("j", i%3*(i%10/9)), Number: 1 + min(i%3000, 1), Customer: id, Status: orchestrator.EnrollmentOpen, Step: fmt.Sprint("s", i%7),
	}
	switch i % 1000 {
	case 1:
		e.Status = orchestrator.EnrollmentHeld
	case 2:
		e.Status, e.Step = orchestrator.EnrollmentStarting, ""
	}
	if _, err := s.AddEnrollment(ctx, e); err != nil || e.Status != orchestrator.EnrollmentOpen {
		return err
	}
	return s.Record(ctx, passed(e, i))
}

// crowdBegan is when the first of the crowd came; the last came 30 days later.
var crowdBegan = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// passed is the way of the i-th of the crowd through step "first" of a journey
// that all are in, where a few still wait.
func passed(e orchestrator.Enrollment, i int) orchestrator.Progress {
	came := crowdBegan.Add(time.Duration(i) * 26 * time.Second)
	log := []orchestrator.LogEntry{{Seq: 1, At: came, Virtual: came, Kind: orchestrator.LogEntered, Step: "first"}}
	if i%2000 == 3 {
		return orchestrator.Progress{Workspace: "w", Enrollment: e.ID, Status: e.Status, Step: "first", Log: log, LogSeq: 1}
	}
	log = append(log, orchestrator.LogEntry{
		Seq: 2, At: came.Add(time.Minute), Virtual: came.Add(time.Minute), Kind: orchestrator.LogDone, Step: "first",
		Detail: map[string]any{"arm": []string{"a", "b"}[min(i%3000, 1)]},
	})
	return orchestrator.Progress{Workspace: "w", Enrollment: e.ID, Status: e.Status, Step: e.Step, Log: log, LogSeq: 2}
}

// listFilters are what the pages offer.
func listFilters(s *Store) map[string]func(context.Context, orchestrator.Page) (string, error) {
	out := map[string]func(context.Context, orchestrator.Page) (string, error){}
	for name, f := range map[string]orchestrator.CustomerFilter{
		"all": {}, "a common name": {Query: "王"}, "two characters": {Query: "欧阳"}, "a rare word": {Query: "rare"}, "nobody": {Query: "zzzz"},
		"a phone": {Query: "+8613800000997"}, "its beginning": {Query: "138"}, "its last digits": {Query: "0997"}, "an id": {Query: "c_09"},
		"everybody by prefix": {Query: "c"}, "a common tag": {Tag: "all"}, "a rare tag": {Tag: "rare"}, "a trait": {Trait: "city", Value: "city7"}, "a trait inside": {Trait: "home.zip", Value: "7"},
		"a trait that all have": {Trait: "city"}, "a rare tag of a common name": {Tag: "rare", Query: "c 138"}, "all at once, nobody": {Query: "王 138", Tag: "rare", Trait: "city", Value: "city7"},
	} {
		f.Workspace = "w"
		out["customers/"+name] = func(ctx context.Context, p orchestrator.Page) (string, error) {
			_, next, err := s.Customers(ctx, f, p)
			return next, err
		}
	}
	for name, f := range map[string]orchestrator.EnrollmentFilter{
		"all": {}, "a journey": {Journey: "j0"}, "a status": {Status: "open"}, "a rare status": {Status: "held"}, "no such status": {Status: "ended"},
		"a journey and a rare status": {Journey: "j0", Status: "starting"}, "a step": {Journey: "j0", Step: "s2"}, "a step and a rare status": {Journey: "j0", Step: "s2", Status: "held"},
		"a customer": {Customer: "c_000500"}, "a customer, journey and status": {Customer: "c_000500", Journey: "j0", Status: "held"},
	} {
		f.Workspace = "w"
		out["enrollments/"+name] = func(ctx context.Context, p orchestrator.Page) (string, error) {
			_, next, err := s.Enrollments(ctx, f, p)
			return next, err
		}
	}
	day := crowdBegan.AddDate(0, 0, 15)
	for name, f := range map[string]orchestrator.LiveFilter{
		"came": {}, "done": {State: orchestrator.StayDone}, "waiting": {State: orchestrator.StayWaiting}, "failed, nobody": {State: orchestrator.StayFailed},
		"away, nobody": {State: orchestrator.StayAway}, "a rare arm": {Arm: "a"}, "a rare version": {Number: 1}, "success, nobody": {Arm: "b", Success: orchestrator.SuccessGoal},
		"an hour": {From: day, Until: day.Add(time.Hour)}, "a day, waiting": {From: day, Until: day.AddDate(0, 0, 1), State: orchestrator.StayWaiting}, "no tests": {Real: true},
	} {
		f.Workspace, f.Journey, f.Step = "w", "j0", "first"
		out["stays/"+name] = func(ctx context.Context, p orchestrator.Page) (string, error) {
			_, next, err := s.Stays(ctx, f, p)
			return next, err
		}
		out["counts of stays/"+name] = func(ctx context.Context, _ orchestrator.Page) (string, error) {
			_, err := s.Live(ctx, f)
			return "", err
		}
	}
	return out
}

// BenchmarkLists is ui.list_ms on SQLite: a page of 50 of 100,000, the first and
// one from the middle, for any filter the pages offer. The worst is reported.
func BenchmarkLists(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "qidong.db"))
	began := time.Now()
	crowd(b, s, 100_000)
	b.Logf("storing 100,000 customers and enrollments took %s", time.Since(began))
	for name, list := range listFilters(s) {
		b.Run(name, func(b *testing.B) {
			var worst time.Duration
			for b.Loop() {
				p := orchestrator.Page{Limit: 50}
				for range 2 {
					began := time.Now()
					next, err := list(b.Context(), p)
					require.NoError(b, err)
					worst = max(worst, time.Since(began))
					if p.After = next; next == "" {
						break
					}
				}
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
		})
	}
}

// No list that the pages offer reads a whole table: each goes by an index, and
// none sorts what it has read.
func TestListsGoByAnIndex(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	explain := func(query string, args ...any) string {
		plan, err := rows(t.Context(), s.r, func(r scanner) (line string, err error) {
			var n int
			return line, r.Scan(&n, &n, &n, &line)
		}, "EXPLAIN QUERY PLAN "+query, args...)
		require.NoError(t, err)
		return strings.Join(plan, "\n")
	}
	for where, index := range map[string]string{
		`workspace = 'w'`:                                                 "enrollments_list",
		`workspace = 'w' AND journey = 'j'`:                               "enrollments_journey",
		`workspace = 'w' AND status = 'held'`:                             "enrollments_",
		`workspace = 'w' AND journey = 'j' AND status = 'ended'`:          "enrollments_journey_status",
		`workspace = 'w' AND journey = 'j' AND step <> '' AND step = 's'`: "enrollments_step",
		`workspace = 'w' AND customer = 'c' AND journey = 'j'`:            "enrollments_",
	} {
		plan := explain(`SELECT ` + enrollmentColumns + ` FROM enrollments WHERE ` + where + ` AND seq < 9 ORDER BY seq DESC LIMIT 51`)
		require.Contains(t, plan, index, where)
		require.NotContains(t, plan, "TEMP B-TREE", where)
		require.NotContains(t, plan, "SCAN enrollments", where)
	}
	query, ok := match(orchestrator.CustomerFilter{Workspace: "w", Query: "rare", Tag: "x"})
	require.True(t, ok)
	plan := explain(`SELECT `+customerColumns+` FROM customers WHERE workspace = 'w' AND seq IN (SELECT rowid FROM customer_search
		WHERE customer_search MATCH ? AND rowid < 9 ORDER BY rowid DESC LIMIT 51) ORDER BY seq DESC LIMIT 51`, query)
	require.NotContains(t, plan, "SCAN customers")
}

// The events of one customer are found by their queues, not among those of the
// whole workspace.
func TestEventsOfACustomerGoByAnIndex(t *testing.T) {
	t.Parallel()
	s := openAt(t, filepath.Join(t.TempDir(), "qidong.db"))
	_, err := s.PutCustomer(t.Context(), orchestrator.Customer{
		Workspace: "w", ID: "c", Identities: []orchestrator.Identity{{Kind: "phone", Value: "+8613800000000"}, {Kind: "email", Value: "lin@brand.example"}},
	})
	require.NoError(t, err)
	condition, args, err := newestOf(t.Context(), s.r, "w", "c", 0, 51)
	require.NoError(t, err)
	args = append([]any{"w"}, args...)
	for name, query := range map[string]string{
		"a page":     `SELECT ` + eventColumns + ` FROM events WHERE workspace = ? AND ` + condition + ` ORDER BY seq DESC LIMIT 51`,
		"the latest": `SELECT ` + eventColumns + ` FROM (SELECT * FROM events WHERE workspace = ? AND ` + condition + ` ORDER BY seq DESC LIMIT 1000) WHERE type IN ('a') ORDER BY seq DESC LIMIT 1`,
	} {
		plan, err := rows(t.Context(), s.r, func(r scanner) (line string, err error) {
			var n int
			return line, r.Scan(&n, &n, &n, &line)
		}, "EXPLAIN QUERY PLAN "+query, args...)
		require.NoError(t, err)
		lines := strings.Join(plan, "\n")
		require.Equal(t, 3, strings.Count(lines, "USING COVERING INDEX events_queue (workspace=? AND queue=? AND seq<?)"), "%s: %s", name, lines)
		require.NotContains(t, lines, "SCAN events", name)
		require.NotContains(t, lines, "events_list (workspace=?)", "%s reads the whole workspace: %s", name, lines)
		t.Log(lines)
	}
}
