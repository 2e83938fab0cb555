package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"golang.org/x/text/language"
)

// Bounds of a customer.
const (
	maxTraits     = 32 << 10 // bytes of JSON, so that they fit in a workflow's input
	maxIdentities = 20
)

// PutCustomer inserts or updates a customer; ID is made when empty, and the
// companion token always. Tags that are nil stay as they are. An identity of
// another customer is [ErrConflict]. A change that journeys can see is told to
// segments and to the customer's open enrollments.
func (s *Service) PutCustomer(ctx context.Context, a Actor, c Customer) (Customer, error) {
	if err := a.may(); err != nil {
		return Customer{}, err
	}
	if err := checkCustomer(c); err != nil {
		return Customer{}, err
	}
	c.Workspace, c.CompanionToken, c.CreatedAt = a.Workspace, "", time.Time{}
	if c.Locale == "" {
		c.Locale = "en"
	}
	return s.changeCustomer(ctx, a, "customer.put", func(ctx context.Context) (old, next Customer, err error) {
		if c.ID != "" {
			old, err = s.store.Customer(ctx, c.Workspace, c.ID)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return old, c, err
			}
		}
		return old, c, nil
	})
}

func checkCustomer(c Customer) error {
	k := check{subject: "customer"}
	if c.ID != "" {
		k.name("id", c.ID)
	}
	k.text("name", c.Name, 0, 200)
	if _, err := language.Parse(c.Locale); c.Locale != "" && err != nil {
		k.add("locale", "BAD_LOCALE", say("%.40q is no language tag.", c.Locale), say("Use one such as en or zh-CN."))
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "Local" {
		k.add("timezone", "BAD_TIME_ZONE", say("%.40q is no time zone.", c.TimeZone), say("Use a name such as Asia/Shanghai."))
	}
	k.value("traits", c.Traits, maxTraits)
	k.tags("tags", c.Tags)
	if len(c.Identities) > maxIdentities {
		k.add("identities", "TOO_MANY", say("There are %d; at most %d are allowed.", len(c.Identities), maxIdentities), say("Send fewer."))
		return k.err()
	}
	for i, id := range c.Identities {
		path := fmt.Sprintf("identities.%d", i)
		k.text(path+".value", id.Value, 1, 256)
		switch id.Kind {
		case "phone":
			if !phone.MatchString(id.Value) {
				k.add(path+".value", "BAD_PHONE", say("%.40q is no phone number.", id.Value), say("Write it with its country code: +8613800000000."))
			}
		case "openid", "email":
		default:
			k.add(path+".kind", "UNKNOWN_KIND", say("%.40q is no kind of identity.", id.Kind), say("Use phone, openid or email."))
		}
	}
	return k.err()
}

var phone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// Customer finds a customer by id.
func (s *Service) Customer(ctx context.Context, a Actor, id string) (Customer, error) {
	if err := a.may(); err != nil {
		return Customer{}, err
	}
	return s.store.Customer(ctx, a.Workspace, id)
}

// Customers lists customers, newest first, as [Service.FindCustomers] with a
// query only.
func (s *Service) Customers(ctx context.Context, a Actor, query string, p Page) ([]Customer, string, error) {
	return s.FindCustomers(ctx, a, CustomerFilter{Query: query}, p)
}
