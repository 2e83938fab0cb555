package ui

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) customerRoutes() routes {
	return routes{
		"GET /customers":                       u.getCustomers,
		"GET /customers/{id}":                  u.getCustomer,
		"GET /handset/{customer}":              u.getHandset,
		"GET /handset/{customer}/events":       u.streamHandset,
		"GET /handset/{customer}/calendar.ics": u.getHandsetCalendar,
		"POST /handset/{customer}/reply":       u.postHandsetReply,
	}
}

// getCustomers lists and searches customers.
func (u *UI) getCustomers(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	query := bounded(q.Get("q"), maxQuery)
	list, next, err := u.service.Customers(ctx, a, query, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	page := view.CustomerList{Query: query, Next: nextPage(r.URL, next)}
	for _, c := range list {
		row := view.CustomerRow{
			ID: c.ID, Name: displayName(c), Initials: view.Initials(displayName(c)), Locale: c.Locale,
			Created: i18n.Time(ctx, c.CreatedAt.Local(), u.now()),
		}
		if len(c.Identities) > 0 {
			row.Identity = c.Identities[0].Value
		}
		page.Rows = append(page.Rows, row)
	}
	return render(w, r, http.StatusOK, view.Customers(page))
}

// getCustomer is one customer's profile and enrollments.
func (u *UI) getCustomer(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	c, err := u.service.Customer(ctx, a, r.PathValue("id"))
	if err != nil {
		return err
	}
	list, _, err := u.service.Enrollments(ctx, a, orchestrator.EnrollmentFilter{Workspace: a.Workspace, Customer: c.ID}, orchestrator.Page{Limit: pageLimit})
	if err != nil {
		return err
	}
	page := view.Customer{
		ID: c.ID, Name: displayName(c), Initials: view.Initials(displayName(c)), Companion: companionPath(c),
		Enrollments: u.enrollmentRows(ctx, u.names(ctx, a), list),
	}
	b := &fields{ctx: ctx}
	for _, i := range c.Identities {
		key := "identity." + i.Kind
		if !i18n.Has(key) {
			b.add(i.Kind, i.Value, true)
			continue
		}
		b.code(key, i.Value)
	}
	b.text("customer.locale", c.Locale)
	b.text("customer.zone", c.TimeZone)
	b.text("customer.created", i18n.Time(ctx, c.CreatedAt.Local(), u.now()))
	page.Fields = b.now.Fields
	var keys []string
	for k := range c.Traits {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		page.Traits = append(page.Traits, view.Field{Label: k, Value: compact(c.Traits[k]), Code: true})
	}
	return render(w, r, http.StatusOK, view.CustomerPage(page))
}

// companionPath is where a customer's own page is.
func companionPath(c orchestrator.Customer) string { return "/c/" + url.PathEscape(c.CompanionToken) }
