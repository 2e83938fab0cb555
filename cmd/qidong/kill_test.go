package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// TestF01_KillMinus9 kills the whole installation at random moments while
// customers are on their way. The demo, which rides it out, checks against the
// partners' own books that each paid customer was charged once, that no seat
// stays held and that no message came twice; the test itself checks that no
// accepted event is lost.
//
// QIDONG_KILLS and QIDONG_SEED make it longer and repeatable (make test-kill).
func TestF01_KillMinus9(t *testing.T) {
	t.Parallel()
	kills, customers := number("QIDONG_KILLS", 4), 50
	seed := uint64(number("QIDONG_SEED", int(time.Now().UnixNano()%1_000_000)))
	t.Logf("%d kills, seed %d", kills, seed)
	random := rand.New(rand.NewPCG(seed, 0))
	i := newInstallation(t)
	i.start()

	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5+kills)*time.Minute)
	defer cancel()
	type result struct {
		out, progress string
		err           error
	}
	done := make(chan result, 1)
	go func() {
		out, progress, err := i.run(ctx, "demo", "movie-night", "--json", "--tolerant",
			"--customers", strconv.Itoa(customers), "--answer", "30s", "--timeout", (time.Duration(4+kills) * time.Minute).String())
		done <- result{out, progress, err}
	}()
	events := startSender(ctx, i)
	for n := range kills {
		pause := time.Duration(2000+random.IntN(9000)) * time.Millisecond
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			require.FailNow(t, "out of time", "after %d kills", n)
		}
		i.kill()
		i.start()
	}
	r := <-done
	accepted := events.stop()
	require.NoError(t, r.err, "progress:\n%s\nsummary:\n%s", r.progress, r.out)
	var s summary
	require.NoError(t, json.Unmarshal([]byte(r.out), &s))
	require.Equal(t, customers, s.Completed)
	require.Zero(t, s.SeatsHeld)
	require.Empty(t, s.Disagreements)

	require.NotEmpty(t, accepted, "the sender got nothing accepted: it proves nothing")
	for _, id := range accepted {
		require.Equal(t, http.StatusOK, events.send(ctx, id), "event %s was accepted and then lost: sent again it is taken for a new one", id)
	}
	require.NoError(t, i.interrupt())
	pending, dead := i.backlog(ctx)
	require.Zero(t, pending, "events were accepted and never dispatched")
	require.Zero(t, dead, "events were given up")
}

func number(env string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	return otherwise
}

// sender sends events about a customer, one after the other until stopped, and
// remembers those that were accepted.
type sender struct {
	address, token, customer string
	api                      *client.Client
	cancel                   context.CancelFunc
	done                     chan []string
}

func startSender(ctx context.Context, i *installation) *sender {
	i.t.Helper()
	token, err := os.ReadFile(filepath.Join(i.dir, "admin.token"))
	require.NoError(i.t, err)
	s := &sender{address: "http://" + i.listen, token: strings.TrimSpace(string(token)), done: make(chan []string, 1)}
	s.api = client.New(s.address, s.token)
	res, err := s.api.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Name: "Sender"}})
	require.NoError(i.t, err)
	s.customer = res.GetCustomer().GetId()
	ctx, s.cancel = context.WithCancel(ctx)
	go func() {
		var accepted []string
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			id := fmt.Sprintf("kill-%d", n)
			if s.send(ctx, id) == http.StatusAccepted {
				accepted = append(accepted, id)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		s.done <- accepted
	}()
	return s
}

func (s *sender) stop() []string {
	s.cancel()
	return <-s.done
}

// send sends one event: 202 accepted, 200 known before, 0 when nobody answers.
func (s *sender) send(ctx context.Context, id string) int {
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"urn:test:kill","type":"test.happened","subject":%q,"data":{}}`, id, s.customer)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/events", strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}
