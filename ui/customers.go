package ui

import (
	"net/http"
	"net/url"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) customerRoutes() routes {
	return routes{
		"GET /customers":                       u.getCustomers,
		"GET /customers/{id}":                  u.getCustomer,
		"POST /customers/{id}/tags":            u.postTags,
		"POST /customers/{id}/consents":        u.postConsent,
		"GET /customers/{id}/export":           u.getCustomerExport,
		"GET /customers/{id}/erase":            u.getErase,
		"POST /customers/{id}/erase":           u.postErase,
		"GET /handset":                         u.getDesk,
		"GET /handset/{customer}":              u.getHandset,
		"GET /handset/{customer}/events":       u.streamHandset,
		"GET /handset/{customer}/calendar.ics": u.getHandsetCalendar,
		"POST /handset/{customer}/reply":       u.postHandsetReply,
		"POST /handset/{customer}/say":         u.postHandsetSay,
		"POST /handset/{customer}/receipts":    u.postReceipts,
	}
}

// shownTags is how many tags a line of the list has room for.
const shownTags = 3

// getCustomers lists and searches customers.
func (u *UI) getCustomers(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q := r.Context(), r.URL.Query()
	f := orchestrator.CustomerFilter{
		Query: bounded(q.Get("q"), maxQuery), Tag: bounded(q.Get("tag"), maxQuery),
		Trait: bounded(q.Get("trait"), maxQuery), Value: bounded(q.Get("value"), maxQuery),
	}
	list, next, err := u.service.FindCustomers(ctx, a, f, orchestrator.Page{Limit: pageLimit, After: bounded(q.Get("after"), maxField)})
	if err != nil {
		return err
	}
	page := view.CustomerList{Query: f.Query, Tag: f.Tag, Trait: f.Trait, Value: f.Value, Next: nextPage(r.URL, next)}
	for _, c := range list {
		row := view.CustomerRow{
			ID: c.ID, Name: displayName(c), Initials: view.Initials(displayName(c)), Locale: c.Locale,
			Created: i18n.Time(ctx, c.CreatedAt.Local(), u.now()), Tags: c.Tags,
		}
		if len(row.Tags) > shownTags {
			row.Tags, row.MoreTags = c.Tags[:shownTags], len(c.Tags)-shownTags
		}
		if len(c.Identities) > 0 {
			row.Identity = c.Identities[0].Value
		}
		page.Rows = append(page.Rows, row)
	}
	return render(w, r, http.StatusOK, view.Customers(page))
}

// companionPath is where a customer's own page is.
func companionPath(c orchestrator.Customer) string { return "/c/" + url.PathEscape(c.CompanionToken) }

func customerPath(id string) string { return "/customers/" + url.PathEscape(id) }
