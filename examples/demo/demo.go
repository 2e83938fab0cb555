package demo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// MaxCustomers is the most that one run has.
const MaxCustomers = 1000

// Config says who acts where.
type Config struct {
	Client    *client.Client
	Backends  map[string]string // URLs of cinema, bank and ride
	Customers int               // 1 to MaxCustomers
	Pace      time.Duration     // real time of a day of the journey
	Answer    time.Duration     // least real time that the journey waits for a customer
	Seed      uint64
	Timeout   time.Duration // of the whole run
	// Tolerant accepts that a customer came too late, which happens when the
	// server was killed meanwhile: the outcome may then be payment_timeout,
	// lapsed or no_show, but the books must agree with it all the same.
	Tolerant bool
	// Progress gets a line every now and then; nil gets none.
	Progress func(string)
}

// Summary is how a run ended. Charges and Refunds count those of its customers
// in the bank's books, SeatsHeld the seats that the cinema keeps for them
// without a ticket.
type Summary struct {
	Customers     int            `json:"customers"`
	Completed     int            `json:"completed"` // enrollments that ended
	Outcomes      map[string]int `json:"outcomes"`
	Charges       int            `json:"charges"`
	Refunds       int            `json:"refunds"`
	SeatsHeld     int            `json:"seats_held"`
	Disagreements []string       `json:"disagreements"` // empty: all is as it must be
}

// Run acts as the customers until every enrollment has ended, and checks. An
// error means that it could not act or look; what it saw and should not have is
// in Summary.Disagreements. It rides out restarts of the server until Timeout.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	if cfg.Customers < 1 || cfg.Customers > MaxCustomers {
		return Summary{}, fmt.Errorf("the number of customers is %d, but must be from 1 to %d", cfg.Customers, MaxCustomers)
	}
	acting, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	r, err := newRun(cfg)
	if err != nil {
		return Summary{}, err
	}
	err = r.act(acting)
	// Out of time, what is there is still looked at: it tells where it hangs.
	outOfTime := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if err != nil && !outOfTime {
		return Summary{}, err
	}
	looking, done := context.WithTimeout(ctx, time.Minute)
	defer done()
	journeys, err := r.collect(looking)
	if err != nil {
		return Summary{}, err
	}
	books, err := r.books(looking)
	if err != nil {
		return Summary{}, err
	}
	return summarize(journeys, books, cfg.Tolerant), nil
}

// run is one run of the demo.
type run struct {
	Config
	id        string // tells the customers of several runs apart
	phones    int64  // first phone number
	http      *http.Client
	customers []*customer
	ended     atomic.Int64
	away      atomic.Bool // the last call did not reach the server
	doom      doom
}

// doom is the cancellation of the show that the doomed customers chose.
type doom struct {
	mu        sync.Mutex
	waitFor   int // doomed customers that have no ticket yet, and may get one
	cancelled bool
}

func newRun(cfg Config) (*run, error) {
	phones, err := rand.Int(rand.Reader, big.NewInt(9_000_000))
	if err != nil {
		return nil, fmt.Errorf("choosing phone numbers: %w", err)
	}
	r := &run{Config: cfg, id: "demo-" + rand.Text()[:8], phones: 13_000_000_000 + phones.Int64()*1000, http: &http.Client{Timeout: 10 * time.Second}}
	for i, s := range scripts(cfg.Customers, cfg.Seed) {
		r.customers = append(r.customers, &customer{run: r, index: i, id: fmt.Sprintf("c_%s-%d", r.id, i), script: s, done: map[string]bool{}})
		if s.Outcome == showCancelled {
			r.doom.waitFor++
		}
	}
	return r, nil
}

// act enrolls every customer, those of the doomed show first, so that they are
// on their way together; meanwhile it watches over those who are on theirs.
func (r *run) act(ctx context.Context) error {
	order := slices.Clone(r.customers)
	slices.SortStableFunc(order, func(a, b *customer) int { return cmp.Compare(a.rank(), b.rank()) })
	reporting, stop := context.WithCancel(ctx)
	defer stop()
	go r.report(reporting)
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		return r.forEach(ctx, order, func(ctx context.Context, c *customer) error { return c.enroll(ctx) })
	})
	both.Go(func() error { return r.watch(ctx) })
	return both.Wait()
}

// watch looks at all enrollments again and again, with one question for all of
// them, and lets those customers act for whom something has changed.
func (r *run) watch(ctx context.Context) error {
	for r.ended.Load() < int64(len(r.customers)) {
		var now map[string]*qidongv1.Enrollment
		err := r.insist(ctx, func(ctx context.Context) (err error) {
			now, err = r.enrollments(ctx)
			return err
		})
		if err != nil {
			return err
		}
		err = r.forEach(ctx, r.customers, func(ctx context.Context, c *customer) error {
			if e := now[c.id]; e != nil {
				return c.look(ctx, e)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// forEach does it for eight customers at a time, and insists.
func (r *run) forEach(ctx context.Context, customers []*customer, do func(context.Context, *customer) error) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8)
	for _, c := range customers {
		all.Go(func() error {
			return r.insist(ctx, func(ctx context.Context) error { return do(ctx, c) })
		})
	}
	return all.Wait()
}

func (r *run) report(ctx context.Context) {
	if r.Progress == nil {
		return
	}
	began := time.Now()
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			line := fmt.Sprintf("%3.0f s: %d of %d ended", time.Since(began).Seconds(), r.ended.Load(), r.Customers)
			if r.away.Load() {
				line += ", waiting for the server"
			}
			r.Progress(line)
		}
	}
}
