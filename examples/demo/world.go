package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/qidong/qidong/examples/backends"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// insist calls do until it works. A server that restarts is away for a while,
// so every failure but a plain no is tried again, until ctx ends.
func (r *run) insist(ctx context.Context, do func(ctx context.Context) error) error {
	wait := 100 * time.Millisecond
	for {
		one, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := do(one)
		cancel()
		if err == nil || refused(err) {
			r.away.Store(false)
			return err
		}
		r.away.Store(true)
		if late := pause(ctx, wait); late != nil {
			return fmt.Errorf("%w; last: %w", late, err)
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// refused says that trying again would not help.
func refused(err error) bool {
	var answer *connect.Error
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code() {
	case connect.CodeInvalidArgument, connect.CodeUnauthenticated, connect.CodePermissionDenied,
		connect.CodeNotFound, connect.CodeAlreadyExists, connect.CodeFailedPrecondition, connect.CodeUnimplemented:
		return true
	default:
		return false
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// messages are all that a customer was sent, oldest first.
func (r *run) messages(ctx context.Context, customer string) ([]*qidongv1.Message, error) {
	var out []*qidongv1.Message
	req := &qidongv1.ListMessagesRequest{CustomerId: customer, PageSize: 500}
	for {
		page, err := r.Client.Customers.ListMessages(ctx, req)
		if err != nil {
			return nil, fmt.Errorf("reading the messages of %s: %w", customer, err)
		}
		out = append(out, page.GetMessages()...)
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return out, nil
		}
	}
}

// enrollments are those of this run's customers that can be found, by customer.
func (r *run) enrollments(ctx context.Context) (map[string]*qidongv1.Enrollment, error) {
	out := map[string]*qidongv1.Enrollment{}
	req := &qidongv1.ListEnrollmentsRequest{Journey: journeyName, PageSize: 500}
	for { // newest first, so that ours are on the first pages
		page, err := r.Client.Enrollments.ListEnrollments(ctx, req)
		if err != nil {
			return nil, fmt.Errorf("looking at the enrollments: %w", err)
		}
		for _, e := range page.GetEnrollments() {
			if e.GetKey() == r.id {
				out[e.GetCustomerId()] = e
			}
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" || len(out) == len(r.customers) {
			return out, nil
		}
	}
}

// press presses the button of a partner's page. A conflict is an answer too:
// it was pressed before, or it is too late.
func (r *run) press(ctx context.Context, address, idempotencyKey string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, http.NoBody)
	if err != nil {
		return false, fmt.Errorf("addressing a partner: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", idempotencyKey)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return false, fmt.Errorf("asking a partner: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode >= 300 && resp.StatusCode != http.StatusConflict {
		return false, fmt.Errorf("the partner at %s answered %s", address, resp.Status)
	}
	return true, nil
}

// Books are the partners' own.
type Books struct {
	Cinema backends.CinemaBooks
	Bank   backends.BankBooks
	Ride   backends.RideBooks
}

func (r *run) books(ctx context.Context) (Books, error) {
	var b Books
	for name, into := range map[string]any{"cinema": &b.Cinema, "bank": &b.Bank, "ride": &b.Ride} {
		if err := r.insist(ctx, func(ctx context.Context) error { return r.book(ctx, name, into) }); err != nil {
			return b, fmt.Errorf("reading the books of %s: %w", name, err)
		}
	}
	return b, nil
}

func (r *run) book(ctx context.Context, name string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Backends[name]+"/books", nil)
	if err != nil {
		return err
	}
	resp, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer was %s", resp.Status)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, 64<<20)).Decode(into)
}

// collect reads how every customer's journey went.
func (r *run) collect(ctx context.Context) ([]passage, error) {
	var now map[string]*qidongv1.Enrollment
	err := r.insist(ctx, func(ctx context.Context) (err error) {
		now, err = r.enrollments(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := make([]passage, len(r.customers))
	err = r.forEach(ctx, r.customers, func(ctx context.Context, c *customer) (err error) {
		p := passage{script: c.script, customer: c.id, enrollment: now[c.id]}
		if p.enrollment != nil {
			p.messages, err = r.messages(ctx, c.id)
		}
		out[c.index] = p
		return err
	})
	return out, err
}
