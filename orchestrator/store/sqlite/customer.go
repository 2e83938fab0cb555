package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const customerColumns = `seq, workspace, id, name, locale, time_zone, traits, tags, companion_token, created_at, revision, consents`

func scanCustomer(r scanner, seq *int64) (orchestrator.Customer, error) {
	var c orchestrator.Customer
	err := r.Scan(seq, &c.Workspace, &c.ID, &c.Name, &c.Locale, &c.TimeZone, asJSON{&c.Traits}, asJSON{&c.Tags}, &c.CompanionToken,
		asTime{&c.CreatedAt}, &c.Revision, asJSON{&c.Consents})
	return c, err
}

// PutCustomer inserts or updates a customer.
func (s *Store) PutCustomer(ctx context.Context, c orchestrator.Customer) (orchestrator.Customer, error) {
	if c.ID == "" {
		c.ID = "c_" + strings.ToLower(rand.Text())
	}
	wanted := c
	err := s.write(ctx, "storing customer "+c.ID, func(ctx context.Context, q querier) error {
		c = wanted
		old, err := customerWhere(ctx, q, `workspace = ? AND id = ?`, c.Workspace, c.ID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		c.CompanionToken = cmp.Or(c.CompanionToken, old.CompanionToken, rand.Text())
		if c.CreatedAt = old.CreatedAt; c.CreatedAt.IsZero() {
			c.CreatedAt = now()
		}
		if c.Tags == nil {
			c.Tags = old.Tags
		}
		c.Consents, c.Revision = old.Consents, old.Revision+1
		c.Tags = slices.Compact(slices.Sorted(slices.Values(c.Tags)))
		c.Identities = mergeIdentities(old.Identities, c.Identities)
		if err := upsertCustomer(ctx, q, c); err != nil {
			return err
		}
		return insertIdentities(ctx, q, c)
	})
	return c, err
}

// mergeIdentities adds the new ones to the known, each once.
func mergeIdentities(known, more []orchestrator.Identity) []orchestrator.Identity {
	seen := map[orchestrator.Identity]bool{}
	var all []orchestrator.Identity
	for _, list := range [][]orchestrator.Identity{known, more} {
		for _, i := range list {
			if !seen[i] {
				seen[i] = true
				all = append(all, i)
			}
		}
	}
	return all
}

func upsertCustomer(ctx context.Context, q querier, c orchestrator.Customer) error {
	traits, err := encode(c.Traits)
	if err != nil {
		return err
	}
	tags, err := encode(c.Tags)
	if err != nil {
		return err
	}
	var seq int64
	err = q.QueryRowContext(ctx, `INSERT INTO customers
			(workspace, id, name, locale, time_zone, traits, tags, companion_token, companion_hash, created_at, revision)
		VALUES (`+placeholders(11)+`)
		ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, locale = excluded.locale,
			time_zone = excluded.time_zone, traits = excluded.traits, tags = excluded.tags, companion_token = excluded.companion_token,
			companion_hash = excluded.companion_hash, revision = excluded.revision
		RETURNING seq`,
		c.Workspace, c.ID, c.Name, c.Locale, c.TimeZone, traits, tags, c.CompanionToken,
		sha256Hex([]byte(c.CompanionToken)), micros(c.CreatedAt), c.Revision).Scan(&seq)
	if err != nil {
		return err
	}
	return indexCustomer(ctx, q, seq, c)
}

func insertIdentities(ctx context.Context, q querier, c orchestrator.Customer) error {
	for _, i := range c.Identities {
		var owner string
		// The update changes nothing; it makes the statement return the owner.
		err := q.QueryRowContext(ctx, `INSERT INTO identities (workspace, kind, value, customer) VALUES (?, ?, ?, ?)
			ON CONFLICT (workspace, kind, value) DO UPDATE SET customer = identities.customer RETURNING customer`,
			c.Workspace, i.Kind, i.Value, c.ID).Scan(&owner)
		if err != nil {
			return err
		}
		if owner != c.ID {
			return orchestrator.Refuse(orchestrator.ErrConflict, journey.Say("the %s %s belongs to another customer; leave it out, or change that customer", i.Kind, i.Value))
		}
	}
	return nil
}

// customerWhere reads one customer with its identities.
func customerWhere(ctx context.Context, q querier, where string, args ...any) (orchestrator.Customer, error) {
	var seq int64
	c, err := scanCustomer(q.QueryRowContext(ctx, `SELECT `+customerColumns+` FROM customers WHERE `+where, args...), &seq)
	if err != nil {
		return orchestrator.Customer{}, err
	}
	err = addIdentities(ctx, q, &c)
	return c, err
}

func addIdentities(ctx context.Context, q querier, c *orchestrator.Customer) (err error) {
	c.Identities, err = rows(ctx, q, func(r scanner) (orchestrator.Identity, error) {
		var i orchestrator.Identity
		err := r.Scan(&i.Kind, &i.Value)
		return i, err
	}, `SELECT kind, value FROM identities INDEXED BY identities_customer WHERE workspace = ? AND customer = ? ORDER BY kind, value`, c.Workspace, c.ID)
	return err
}

// Customer finds a customer by id.
func (s *Store) Customer(ctx context.Context, workspace, id string) (orchestrator.Customer, error) {
	c, err := customerWhere(ctx, s.read(ctx), `workspace = ? AND id = ?`, workspace, id)
	return c, kind(err, "finding customer "+id)
}

// CustomerByIdentity finds the customer with an address.
func (s *Store) CustomerByIdentity(ctx context.Context, workspace string, i orchestrator.Identity) (orchestrator.Customer, error) {
	c, err := customerWhere(ctx, s.read(ctx), `workspace = ? AND id =
		(SELECT customer FROM identities WHERE workspace = ? AND kind = ? AND value = ?)`, workspace, workspace, i.Kind, i.Value)
	return c, kind(err, "finding the customer with "+i.Kind+" "+i.Value)
}

// CustomerByCompanionToken finds the customer of a companion page. Comparing
// hashes, the time it takes tells nothing of the token.
func (s *Store) CustomerByCompanionToken(ctx context.Context, token string) (orchestrator.Customer, error) {
	c, err := customerWhere(ctx, s.read(ctx), `companion_hash = ?`, sha256Hex([]byte(token)))
	return c, kind(err, "finding the customer of a companion page")
}

// OvertakeChange takes pending events out of the inbox that tell of an older
// change. They count as dispatched, also for a dispatcher that has them in hand.
func (s *Store) OvertakeChange(ctx context.Context, workspace, id string) error {
	return s.write(ctx, "overtaking the change of customer "+id, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, `UPDATE events SET status = 'done', reason = 'overtaken by a newer change'
			WHERE workspace = ? AND queue = ? AND type = ? AND status = 'pending'
				AND seq > (SELECT after FROM queues WHERE workspace = ? AND queue = ?)`,
			workspace, id, orchestrator.EventCustomerChanged, workspace, id)
		return err
	})
}
