package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// visiting is a journey of one wait; step is the wait's id.
func visiting(step, after, outcome string) []byte {
	return fmt.Appendf(nil, `qidong: v1
journey: visiting
title: {en: Visiting, zh-CN: 到访}
entry: {api: true}
deadline: 365d
steps:
  - id: %s
    wait:
      arms:
        - {id: came, event: shop.visited}
        - {id: late, after: %s, steps: [{id: lapsed, exit: {outcome: late}}]}
  - {id: end, exit: {outcome: %s}}
`, step, after, outcome)
}

// movers is an installation with customers in the wait of a journey.
type movers struct {
	*installation
	ids []string
}

func (m *movers) api() *client.Client {
	raw, err := os.ReadFile(filepath.Join(m.dir, "admin.token"))
	require.NoError(m.t, err)
	return client.New("http://"+m.listen, strings.TrimSpace(string(raw)))
}

// command runs a command with --json and reads its answer.
func (m *movers) command(ctx context.Context, out any, args ...string) {
	m.t.Helper()
	text, errs, err := m.run(ctx, append(args, "--json")...)
	require.NoError(m.t, err, "%v: %s %s", args, text, errs)
	require.NoError(m.t, json.Unmarshal([]byte(text), out), text)
}

// all waits until a condition holds for every enrollment.
func (m *movers) all(ctx context.Context, what string, holds func(*qidongv1.Enrollment) bool) {
	m.t.Helper()
	api := m.api()
	var seen string
	held := func() bool {
		resp, err := api.Enrollments.ListEnrollments(ctx, &qidongv1.ListEnrollmentsRequest{Journey: "visiting", PageSize: 500})
		if err != nil || len(resp.GetEnrollments()) != len(m.ids) {
			seen = fmt.Sprintf("%d are listed, and the error is %v", len(resp.GetEnrollments()), err)
			return false
		}
		for _, e := range resp.GetEnrollments() {
			if !holds(e) {
				seen = e.String()
				return false
			}
		}
		return true
	}
	for !held() {
		select {
		case <-ctx.Done():
			require.FailNow(m.t, "not in time: "+what, "%s", seen)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (m *movers) visit(ctx context.Context, n int) {
	m.t.Helper()
	_, err := m.api().Events.SendEvents(ctx, &qidongv1.SendEventsRequest{Events: []*qidongv1.Event{{
		Id: fmt.Sprintf("visit-%d", n), Source: "urn:test", Type: "shop.visited", Subject: fmt.Sprintf("c_%d", n),
	}}})
	require.NoError(m.t, err)
}

// TestMove_SurvivesKillMinus9 publishes a version while sixty customers wait,
// has them moved to it under kill -9, pauses them, and lets them go on: nobody
// is lost, nobody is moved twice, nobody goes on while paused.
func TestMove_SurvivesKillMinus9(t *testing.T) {
	t.Parallel()
	const customers = 60
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	m := &movers{installation: newInstallation(t)}
	m.start()
	api := m.api()
	_, err := api.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: visiting("ask", "30d", "old")})
	require.NoError(t, err)
	for n := range customers {
		id := fmt.Sprintf("c_%d", n)
		_, err := api.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Id: id, Name: "Lin"}})
		require.NoError(t, err)
		e, err := api.Enrollments.StartEnrollment(ctx, &qidongv1.StartEnrollmentRequest{Journey: "visiting", CustomerId: id})
		require.NoError(t, err)
		m.ids = append(m.ids, e.GetEnrollment().GetId())
	}
	m.all(ctx, "everybody waits", func(e *qidongv1.Enrollment) bool { return e.GetStep() == "ask" && e.GetWaitUntilTime() != nil })

	file := filepath.Join(t.TempDir(), "visiting.yaml")
	require.NoError(t, os.WriteFile(file, visiting("asks", "20d", "new"), 0o600))
	var plan struct {
		Unmapped []struct{ Step, Here string }
	}
	m.command(ctx, &plan, "journey", "plan", file)
	require.Equal(t, "ask", plan.Unmapped[0].Step)
	require.Equal(t, "60", plan.Unmapped[0].Here)
	_, refusal, err := m.run(ctx, "journey", "publish", file, "--plan", "move")
	require.Error(t, err)
	require.Contains(t, refusal, "60 of version 1 are at it")
	var published struct {
		Move struct{ ID, Total string }
	}
	m.command(ctx, &published, "journey", "publish", file, "--plan", "move", "--map", "ask=asks", "--rate", "10")
	require.Equal(t, "60", published.Move.Total)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for range 3 {
		// The moments are random on purpose: what matters is that none is special.
		pause := time.NewTimer(time.Duration(200+random.IntN(1500)) * time.Millisecond)
		<-pause.C
		m.kill()
		m.start()
	}
	m.all(ctx, "everybody is moved and waits, counted from when the wait began", func(e *qidongv1.Enrollment) bool {
		length := e.GetWaitUntilTime().AsTime().Sub(e.GetStartTime().AsTime())
		return e.GetNumber() == 2 && e.GetStep() == "asks" && (length-20*24*time.Hour).Abs() < 10*time.Minute
	})
	var job struct {
		Job struct{ State, Done, Failed, Gone, Total string }
	}
	require.Eventually(t, func() bool {
		m.command(ctx, &job, "journey", "migrations", published.Move.ID)
		return job.Job.State == "done"
	}, time.Minute, 200*time.Millisecond, "%+v", job)
	require.Equal(t, "60", job.Job.Done, "%+v", job)

	m.command(ctx, &struct{}{}, "journey", "pause", "visiting")
	m.all(ctx, "everybody is paused", func(e *qidongv1.Enrollment) bool { return e.GetPaused() })
	for n := range customers {
		m.visit(ctx, n)
	}
	m.kill()
	m.start()
	m.all(ctx, "nobody goes on", func(e *qidongv1.Enrollment) bool { return e.GetPaused() && e.GetStep() == "asks" })
	m.command(ctx, &struct{}{}, "journey", "resume", "visiting", "--overdue", "skip")
	m.all(ctx, "everybody ends in the new version, by the event that came during the pause", func(e *qidongv1.Enrollment) bool {
		return e.GetOutcome() == "new"
	})
	for _, id := range m.ids {
		view, err := m.api().Enrollments.GetEnrollment(ctx, &qidongv1.GetEnrollmentRequest{Id: id})
		require.NoError(t, err)
		moved := 0
		for _, l := range view.GetLog() {
			if l.GetKind() == "migrated" {
				moved++
			}
		}
		require.Equal(t, 1, moved, "%s is moved once", id)
	}
	require.NoError(t, m.interrupt())
}
