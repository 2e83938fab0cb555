package demo

import (
	"context"
	"fmt"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// cancelShow acts as the cinema's staff: once the first doomed customer is in
// the ride and all of them have tickets, the show is cancelled.
func (c *customer) cancelShow(ctx context.Context, _ *qidongv1.Message, _ *qidongv1.Enrollment) (bool, error) {
	if c.script.Outcome != showCancelled {
		return true, nil
	}
	d := &c.run.doom
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waitFor > 0 {
		return false, nil
	}
	if d.cancelled {
		return true, nil
	}
	show, err := c.booked(ctx)
	if err != nil {
		return false, err
	}
	_, err = c.run.press(ctx, c.run.Backends["cinema"]+"/v1/shows/"+show+"/cancel", c.run.id+"-"+show)
	d.cancelled = err == nil
	return d.cancelled, err
}

// leaveDoom says that the others need not wait for this customer's ticket: it
// is there, or will never be. Once per customer.
func (c *customer) leaveDoom() {
	if c.script.Outcome != showCancelled || c.done["doom"] {
		return
	}
	c.done["doom"] = true
	c.run.doom.mu.Lock()
	defer c.run.doom.mu.Unlock()
	c.run.doom.waitFor--
}

// booked finds the customer's show in the cinema's books, where staff would.
func (c *customer) booked(ctx context.Context) (string, error) {
	var b Books
	if err := c.run.book(ctx, "cinema", &b.Cinema); err != nil {
		return "", fmt.Errorf("reading the books of the cinema: %w", err)
	}
	for _, h := range b.Cinema.Holds {
		if h.CustomerRef == c.id && h.State == "ticketed" {
			return h.ShowID, nil
		}
	}
	return "", fmt.Errorf("the cinema knows no ticket of customer %s", c.id)
}
