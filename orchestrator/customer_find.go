package orchestrator

import (
	"context"
	"unicode/utf8"
)

// CustomerFilter narrows a list of customers; zero fields do not. What is set
// holds together.
type CustomerFilter struct {
	Workspace string
	// Query is words that the customer's name, id or addresses contain: of Latin
	// words the beginning, of Chinese ones any characters in a row, of a phone
	// number any four digits or more in a row. Their case does not matter.
	Query string
	Tag   string // exactly
	// Trait is the name of a trait, of one inside of another "home.city"; Value is
	// what it must be, as text, whatever its case: "" is anything. Only texts,
	// numbers and yes or no are found, of the first 200 of a customer.
	Trait, Value string
}

// FindCustomers lists customers, newest first.
func (s *Service) FindCustomers(ctx context.Context, a Actor, f CustomerFilter, p Page) ([]Customer, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	for _, text := range []string{f.Query, f.Tag, f.Trait, f.Value} {
		if len(text) > 1000 || !utf8.ValidString(text) {
			return nil, "", Refuse(ErrInvalid, say("a search is text of at most 1000 bytes"))
		}
	}
	f.Workspace = a.Workspace
	return s.store.Customers(ctx, f, p)
}
