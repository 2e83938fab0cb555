package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
	seed := uint64(number("QIDONG_SEED", int(time.Now().UnixNano()%1_000_000))) //nolint:gosec // a seed
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
			"--customers", strconv.Itoa(customers), "--answer", "20s", "--timeout", (time.Duration(4+kills) * time.Minute).String())
		done <- result{out, progress, err}
	}()
	events := startSender(ctx, i)
	for n := range kills {
		pause := time.Duration(1500+random.IntN(3500)) * time.Millisecond
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
		status, isNew := send(ctx, i, id)
		require.Equal(t, http.StatusAccepted, status)
		require.False(t, isNew, "event %s was accepted and then lost: sent again it is taken for a new one", id)
	}
}

func number(env string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(env)); err == nil {
		return n
	}
	return otherwise
}

// sender sends events one after the other until stopped, and remembers those
// that were accepted.
type sender struct {
	cancel context.CancelFunc
	done   chan []string
}

func startSender(ctx context.Context, i *installation) *sender {
	ctx, cancel := context.WithCancel(ctx)
	s := &sender{cancel: cancel, done: make(chan []string, 1)}
	go func() {
		var accepted []string
		tick := time.NewTicker(25 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			id := fmt.Sprintf("kill-%d", n)
			if status, _ := send(ctx, i, id); status == http.StatusAccepted {
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

// send sends one event; status is 0 when nobody answers.
func send(ctx context.Context, i *installation, id string) (status int, isNew bool) {
	token, err := os.ReadFile(filepath.Join(i.dir, "admin.token"))
	if err != nil {
		return 0, false
	}
	body := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"urn:test:kill","type":"test.happened","data":{}}`, id)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+i.listen+"/events", strings.NewReader(body))
	if err != nil {
		return 0, false
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Results []struct {
			Accepted bool `json:"accepted"`
		} `json:"results"`
	}
	if json.NewDecoder(res.Body).Decode(&answer) != nil || len(answer.Results) != 1 {
		return 0, false
	}
	return res.StatusCode, answer.Results[0].Accepted
}
