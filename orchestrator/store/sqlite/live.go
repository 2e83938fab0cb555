package sqlite

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// Live counts by step.
func (s *Store) Live(ctx context.Context, f orchestrator.LiveFilter) ([]orchestrator.StepLive, error) {
	q, doing := s.read(ctx), "counting who came to the steps of journey "+f.Journey
	query, args := liveQuery(f)
	var list []orchestrator.StepLive
	_, err := rows(ctx, q, func(r scanner) (struct{}, error) {
		var step, arm string
		var state orchestrator.StayState
		var success, n, took int64
		err := r.Scan(&step, &state, &arm, &success, &n, &took)
		if len(list) == 0 || list[len(list)-1].Step != step {
			list = append(list, orchestrator.StepLive{Step: step, Arms: map[string]orchestrator.ArmLive{}})
		}
		addLive(&list[len(list)-1], state, arm, success, n, took)
		return struct{}{}, err
	}, query, args...)
	if err == nil && len(list) == 0 {
		err = exists(ctx, q, `journeys WHERE workspace = ? AND name = ?`, f.Workspace, f.Journey)
	}
	for i := range list {
		if l := &list[i]; l.Done > 0 {
			l.Took /= time.Duration(l.Done)
		}
	}
	return list, kind(err, doing)
}

// addLive adds a group; Took is the sum for now.
func addLive(l *orchestrator.StepLive, state orchestrator.StayState, arm string, success, n, took int64) {
	switch state {
	case orchestrator.StayWaiting:
		l.Waiting += n
	case orchestrator.StayFailed:
		l.Failed += n
	case orchestrator.StayAway:
		l.Away += n
	case orchestrator.StayDone:
		l.Done += n
		l.Took += time.Duration(took) * time.Microsecond
	}
	if state != orchestrator.StayDone || arm == "" {
		return
	}
	a := l.Arms[arm]
	a.Done += n
	if success&stayGoal != 0 {
		a.Goal += n
	}
	if success&stayCompleted != 0 {
		a.Completed += n
	}
	l.Arms[arm] = a
}

// liveQuery adds up the full days of a time, and the hours before and after them.
func liveQuery(f orchestrator.LiveFilter) (string, []any) {
	from, until := int64(math.MinInt64/2), int64(math.MaxInt64/2)
	if !f.From.IsZero() {
		from = f.From.UnixMicro()
	}
	if !f.Until.IsZero() {
		until = f.Until.UnixMicro()
	}
	firstDay, lastDay := ceil(from, dayMicros), until-mod(until, dayMicros)
	if f.From.IsZero() {
		firstDay = from
	}
	if f.Until.IsZero() {
		lastDay = until
	}
	spans := []struct {
		span        string
		from, until int64
	}{{"d", firstDay, lastDay}, {"h", from, min(firstDay, until)}, {"h", max(lastDay, from), until}}
	if firstDay > lastDay { // within one day
		spans = spans[1:2]
		spans[0].until = until
	}
	var parts []string
	var args []any
	for _, s := range spans {
		if s.from >= s.until {
			continue
		}
		part := `SELECT step, state, arm, success, n, took FROM stay_counts WHERE workspace = ? AND journey = ? AND span = ? AND at >= ? AND at < ?`
		args = append(args, f.Workspace, f.Journey, s.span, s.from, s.until)
		if f.Number > 0 {
			part, args = part+` AND number = ?`, append(args, f.Number)
		}
		if f.Real {
			part += ` AND test = 0`
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		parts = append(parts, `SELECT step, state, arm, success, n, took FROM stay_counts WHERE false`)
	}
	return `SELECT step, state, arm, success, sum(n), sum(took) FROM (` + strings.Join(parts, " UNION ALL ") + `)
		GROUP BY step, state, arm, success HAVING sum(n) <> 0 ORDER BY step`, args
}

func mod(n, size int64) int64 { return (n%size + size) % size }

func ceil(n, size int64) int64 {
	if m := mod(n, size); m != 0 {
		return n + size - m
	}
	return n
}

// Stays lists the enrollments that a filter lets through.
func (s *Store) Stays(ctx context.Context, f orchestrator.LiveFilter, p orchestrator.Page) ([]orchestrator.Enrollment, string, error) {
	doing := "listing who came to step " + f.Step
	limit, _, err := bounds(orchestrator.Page{Limit: p.Limit})
	if err != nil {
		return nil, "", kind(err, doing)
	}
	where, args := stayWhere(f)
	if p.After != "" {
		came, seq, err := readStayToken(p.After)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", doing, err)
		}
		where, args = append(where, `(came_at, seq) < (?, ?)`), append(args, came, seq)
	}
	index := "stays_step"
	if f.State == orchestrator.StayWaiting || f.State == orchestrator.StayFailed {
		index = "stays_now"
	}
	var at [][2]int64
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Enrollment, error) {
		var seq int64
		var place [2]int64
		e, err := scanEnrollment(prefixed{r, []any{&place[0], &place[1]}}, &seq)
		at = append(at, place)
		return e, err
	}, `SELECT found.came_at, found.stay, `+qualified("e", enrollmentColumns)+` FROM (
			SELECT came_at, seq AS stay, (SELECT enrollment FROM stays AS full WHERE full.seq = stays.seq) AS enrollment
			FROM stays INDEXED BY `+index+` WHERE `+strings.Join(where, " AND ")+` ORDER BY came_at DESC, seq DESC LIMIT ?) AS found
		JOIN enrollments AS e ON e.id = found.enrollment ORDER BY found.came_at DESC, found.stay DESC`, append(args, limit+1)...)
	if err != nil || len(list) <= limit {
		return list, "", kind(err, doing)
	}
	return list[:limit], stayToken(at[limit-1]), nil
}

// stayWhere is the filter's condition.
func stayWhere(f orchestrator.LiveFilter) ([]string, []any) {
	where, args := []string{`workspace = ?`, `journey = ?`, `step = ?`}, []any{f.Workspace, f.Journey, f.Step}
	add := func(condition string, more ...any) { where, args = append(where, condition), append(args, more...) }
	switch f.State {
	case "":
	case orchestrator.StayWaiting, orchestrator.StayFailed: // the first half lets the partial index serve
		add(`state IN ('waiting', 'failed') AND state = ?`, f.State)
	case orchestrator.StayDone, orchestrator.StayAway:
		add(`state = ?`, f.State)
	}
	if f.Arm != "" {
		add(`arm = ? AND state = 'done'`, f.Arm)
	}
	if bit := map[orchestrator.Success]int{orchestrator.SuccessGoal: stayGoal, orchestrator.SuccessCompleted: stayCompleted}[f.Success]; bit != 0 {
		add(`success & ? <> 0 AND state = 'done'`, bit)
	}
	if f.Number > 0 {
		add(`number = ?`, f.Number)
	}
	if f.Real {
		add(`test = 0`)
	}
	if !f.From.IsZero() {
		add(`came_at >= ?`, f.From.UnixMicro())
	}
	if !f.Until.IsZero() {
		add(`came_at < ?`, f.Until.UnixMicro())
	}
	return where, args
}

// prefixed is a row whose first columns go elsewhere.
type prefixed struct {
	scanner
	first []any
}

// Scan reads the row.
func (p prefixed) Scan(dest ...any) error { return p.scanner.Scan(append(p.first, dest...)...) }

// qualified names the table of each column.
func qualified(table, columns string) string {
	names := strings.Split(columns, ",")
	for i, n := range names {
		names[i] = table + "." + strings.TrimSpace(n)
	}
	return strings.Join(names, ", ")
}

func stayToken(at [2]int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "stay:%d:%d", at[0], at[1]))
}

func readStayToken(token string) (came, seq int64, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "stay:%d:%d", &came, &seq)
	}
	if err != nil || stayToken([2]int64{came, seq}) != token {
		return 0, 0, orchestrator.Refuse(orchestrator.ErrInvalid, journey.Say("the page token is not one of this server's; begin at the first page"))
	}
	return came, seq, nil
}
