package ui

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getCustomerExport hands over everything that is kept of a customer, as a file.
func (u *UI) getCustomerExport(w http.ResponseWriter, r *http.Request, a actor) error {
	x, err := u.service.ExportCustomer(r.Context(), a, r.PathValue("id"))
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(x, "", "  ")
	if err != nil {
		return err
	}
	attachment(w, "application/json", "customer-"+x.Customer+".json")
	_, _ = w.Write(b) // the reader may have gone
	return nil
}

// attachment makes the answer a file that is saved, never shown.
func attachment(w http.ResponseWriter, kind, name string) {
	safe := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+bounded(safe, 150)+`"`)
}

// getErase shows what an erasure would remove.
func (u *UI) getErase(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	p, err := u.service.PreviewErase(ctx, a, r.PathValue("id"))
	if err != nil {
		return err
	}
	page := view.Erase{ID: p.Customer.ID, Name: displayName(p.Customer), Running: u.enrollmentRows(ctx, u.names(ctx, a), p.Running)}
	sums := map[string]int64{}
	for table, n := range p.Rows {
		if key := "erase.table." + table; i18n.Has(key) {
			sums[i18n.T(ctx, key)] += n
		} else {
			sums[i18n.T(ctx, "erase.table.other")] += n
		}
	}
	for label, n := range sums {
		page.Rows = append(page.Rows, view.Field{Label: label, Value: strconv.FormatInt(n, 10)})
	}
	slices.SortFunc(page.Rows, func(a, b view.Field) int { return strings.Compare(a.Label, b.Label) })
	return render(w, r, http.StatusOK, view.ErasePage(page))
}

// postErase removes a customer.
func (u *UI) postErase(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	if _, err := u.service.EraseCustomer(ctx, a, r.PathValue("id")); err != nil {
		return err
	}
	u.said(r, i18n.T(ctx, "erase.done"))
	return redirect(w, r, "/customers")
}
