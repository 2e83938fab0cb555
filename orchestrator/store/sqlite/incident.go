package sqlite

import (
	"context"
	"strings"

	"github.com/qidong/qidong/orchestrator"
)

// incidentSelection is a filter as SQL.
func incidentSelection(f orchestrator.IncidentFilter) (where []string, args []any) {
	where, args = []string{`workspace = ?`}, []any{f.Workspace}
	narrow := func(condition, value string) {
		if value != "" {
			where, args = append(where, condition), append(args, value)
		}
	}
	if f.Open {
		where = append(where, `resolved_at = 0`)
	}
	narrow(`cause = ?`, f.Cause)
	narrow(`id = ?`, f.ID)
	narrow(`journey = ?`, f.Journey)
	narrow(`step = ?`, f.Step)
	narrow(`code = ?`, f.Code)
	narrow(`plugin = ?`, f.Plugin)
	narrow(`customer = ?`, f.Customer)
	narrow(`enrollment = ?`, f.Enrollment)
	if !f.Since.IsZero() {
		where, args = append(where, `opened_at >= ?`), append(args, micros(f.Since))
	}
	if !f.Before.IsZero() {
		where, args = append(where, `opened_at < ?`), append(args, micros(f.Before))
	}
	return where, args
}

// FindIncidents lists incidents, newest first.
func (s *Store) FindIncidents(ctx context.Context, f orchestrator.IncidentFilter, p orchestrator.Page) ([]orchestrator.Incident, string, error) {
	where, args := incidentSelection(f)
	list, next, err := page(ctx, s.read(ctx), p, newestFirst, incidentColumns, "incidents", where, args, scanIncident)
	return list, next, kind(err, "listing incidents")
}

// CountIncidents counts what the filter selects.
func (s *Store) CountIncidents(ctx context.Context, f orchestrator.IncidentFilter) (n int64, err error) {
	where, args := incidentSelection(f)
	err = s.read(ctx).QueryRowContext(ctx, `SELECT COUNT(*) FROM incidents WHERE `+strings.Join(where, " AND "), args...).Scan(&n)
	return n, kind(err, "counting incidents")
}

// IncidentGroups groups open incidents by cause.
func (s *Store) IncidentGroups(ctx context.Context, f orchestrator.IncidentFilter, limit int) ([]orchestrator.IncidentGroup, error) {
	f.Open = true
	where, args := incidentSelection(f)
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.IncidentGroup, error) {
		var g orchestrator.IncidentGroup
		err := r.Scan(&g.Cause, &g.Journey, &g.Step, &g.Code, &g.Plugin, &g.Undo, &g.Pattern, &g.Count, asTime{&g.First}, asTime{&g.Last})
		return g, err
	}, `SELECT cause, MIN(journey), MIN(step), MIN(code), MIN(plugin), MIN(undo), MIN(pattern), COUNT(*), MIN(opened_at), MAX(opened_at)
		FROM incidents WHERE `+strings.Join(where, " AND ")+`
		GROUP BY cause ORDER BY COUNT(*) DESC, cause LIMIT ?`, append(args, limit)...)
	return list, kind(err, "grouping incidents")
}
