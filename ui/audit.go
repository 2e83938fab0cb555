package ui

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) auditRoutes() routes {
	return routes{"GET /audit": u.getAudit, "GET /audit.csv": u.getAuditCSV}
}

func auditFilter(q url.Values) orchestrator.AuditFilter {
	return orchestrator.AuditFilter{Actor: bounded(q.Get("actor"), maxQuery), Action: bounded(q.Get("action"), maxQuery), Object: bounded(q.Get("object"), maxQuery)}
}

// getAudit lists who did what, newest first, and checks the chain when asked.
func (u *UI) getAudit(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	f := auditFilter(q)
	list, next, err := u.service.AuditPage(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	narrowed := url.Values{"actor": {f.Actor}, "action": {f.Action}, "object": {f.Object}}
	page := view.AuditList{
		Actor: f.Actor, Action: f.Action, Object: f.Object, Filtered: f != (orchestrator.AuditFilter{}), Next: nextPage(r.URL, next), CSV: "/audit.csv?" + narrowed.Encode(),
	}
	for _, rec := range list {
		detail := string(rec.Detail)
		if detail == "null" {
			detail = ""
		}
		page.Rows = append(page.Rows, view.AuditRow{
			Seq: strconv.FormatInt(rec.Seq, 10), At: rec.At.Local().Format("2006-01-02 15:04:05"), Actor: rec.Actor, Action: rec.Action, Object: rec.Object, Detail: bounded(detail, 500),
		})
	}
	if q.Get("check") != "" {
		n, err := u.service.CheckAudit(ctx, a)
		page.Checked, page.Broken = i18n.T(ctx, "audit.whole", "n", strconv.Itoa(n)), err != nil
		if err != nil {
			page.Checked = i18n.T(ctx, "audit.broken", "why", bounded(err.Error(), 300))
		}
	}
	return render(w, r, http.StatusOK, view.Audit(page))
}

// maxCSV bounds an export, in rows.
const maxCSV = 50_000

// getAuditCSV is the same list as a file for a spreadsheet.
func (u *UI) getAuditCSV(w http.ResponseWriter, r *http.Request, a actor) error {
	f := auditFilter(r.URL.Query())
	rows := [][]string{{"seq", "at", "actor", "action", "object", "detail", "hash"}}
	for after := ""; ; {
		list, next, err := u.service.AuditPage(r.Context(), a, f, orchestrator.Page{Limit: 500, After: after})
		if err != nil {
			return err
		}
		for _, rec := range list {
			rows = append(rows, []string{
				strconv.FormatInt(rec.Seq, 10), rec.At.UTC().Format("2006-01-02T15:04:05.000Z"), rec.Actor, rec.Action, rec.Object, string(rec.Detail), rec.Hash,
			})
		}
		if after = next; after == "" || len(rows) > maxCSV {
			break
		}
	}
	attachment(w, "text/csv", "audit-"+a.Workspace+".csv")
	return writeCSV(w, rows)
}

// writeCSV writes cells that a spreadsheet takes for text: one that would begin
// a formula gets an apostrophe in front, as OWASP advises, and line breaks
// become spaces.
func writeCSV(w http.ResponseWriter, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = plainCell(cell)
		}
		if err := out.Write(safe); err != nil {
			return nil //nolint:nilerr // the reader has gone
		}
	}
	out.Flush()
	return nil
}

// plainCell is a cell that no spreadsheet takes for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r\n") || strings.HasPrefix(s, "＝") || strings.HasPrefix(s, "＋") || strings.HasPrefix(s, "－") || strings.HasPrefix(s, "＠") {
		s = "'" + s
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, s)
}
