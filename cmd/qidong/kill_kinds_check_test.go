package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/examples/backends"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// check compares everybody's passage with what it must be: the enrollments and
// their logs, messages, tasks, the customer, and the partners' books.
func (k *everyKind) check(ctx context.Context) {
	k.t.Helper()
	all, err := k.passages(ctx)
	require.NoError(k.t, err)
	var bank backends.BankBooks
	var ride backends.RideBooks
	k.books("bank", &bank)
	k.books("ride", &ride)
	got, want := map[string]string{}, map[string]string{} // by idempotency key
	for _, p := range bank.Payments {
		if strings.HasPrefix(p.CustomerRef, "kind-") {
			require.NotContains(k.t, got, p.Key, "two charges with one key")
			got[p.Key] = "charge " + p.State
		}
	}
	for _, r := range ride.Rides {
		if strings.HasPrefix(r.CustomerRef, "kind-") {
			require.NotContains(k.t, got, r.Key, "two rides with one key")
			got[r.Key] = "ride " + r.State
		}
	}
	arms := map[string]int{}
	for n := range int(k.customers.Load()) {
		ending := endings[n%len(endings)]
		list := all[k.id(n)]["every-kind"]
		require.Len(k.t, list, 1, "%s has entered once", k.id(n))
		id := list[0].GetId()
		require.Equal(k.t, ending, list[0].GetOutcome(), "%s, enrollment %s", k.id(n), id)
		arm := k.checkLog(ctx, id, ending)
		arms[arm]++
		k.checkPeople(ctx, n, all[k.id(n)], arm)
		k.checkMessages(ctx, n, arm)
		maps.Copy(want, booked(id, ending))
	}
	require.Equal(k.t, want, got, "the partners' books")
	k.t.Logf("%d customers, arms %v", k.customers.Load(), arms)
}

// booked is what the partners' books have of a passage.
func booked(id, ending string) map[string]string {
	state := func(of, kept, undone string) string {
		if ending == "returned" || ending == "cancelled" {
			return of + " " + undone
		}
		return of + " " + kept
	}
	books := map[string]string{id + "/charge/1": state("charge", "pending", "cancelled")}
	if ending != "cancelled" {
		books[id+"/ride/1"] = state("ride", "ordered", "cancelled")
		books[id+"/second/1"] = "charge cancelled" // its arm has lost
	}
	return books
}

// books reads a partner's.
func (k *everyKind) books(partner string, into any) {
	k.t.Helper()
	dev, err := readDevFile(k.dir)
	require.NoError(k.t, err)
	res, err := http.Get(dev.Backends[partner] + "/books")
	require.NoError(k.t, err)
	defer func() { _ = res.Body.Close() }()
	require.NoError(k.t, json.NewDecoder(res.Body).Decode(into))
}

// checkLog finds each step done once for each visit, everything owed undone once
// and newest first, and the goal reached once. It returns the split's arm.
func (k *everyKind) checkLog(ctx context.Context, id, ending string) (arm string) {
	k.t.Helper()
	view, err := k.api.Enrollments.GetEnrollment(ctx, &qidongv1.GetEnrollmentRequest{Id: id})
	require.NoError(k.t, err)
	done, undone, goals := map[string]int{}, []string{}, 0
	for i, l := range view.GetLog() {
		require.EqualValues(k.t, i+1, l.GetSeq(), "the log of %s has a gap", id)
		at := fmt.Sprintf("%s/%d", l.GetStep(), l.GetVisit())
		switch orchestrator.LogKind(l.GetKind()) {
		case orchestrator.LogDone:
			done[at]++
			require.Equal(k.t, 1, done[at], "%s of %s is done twice", at, id)
			if l.GetStep() == "experiment" {
				arm = l.GetDetail().GetFields()["arm"].GetStringValue()
			}
		case orchestrator.LogUndone:
			undone = append(undone, at)
		case orchestrator.LogGoal:
			goals++
		case orchestrator.LogIncident, orchestrator.LogEventDropped:
			require.Fail(k.t, "nobody is held, no event dropped", "%s: %v", id, l)
		}
	}
	require.Equal(k.t, map[string][]string{
		"completed": {"second/1"}, "failed": {"second/1"}, "returned": {"second/1", "ride/1", "charge/1"}, "cancelled": {"charge/1"},
	}[ending], undone, "what %s has undone", id)
	require.Equal(k.t, 1, goals, "%s reaches its goal once", id)
	require.Equal(k.t, 1, done["gift/1"])
	for round := range 3 {
		at := fmt.Sprintf("coin/%d", round+1)
		require.Equal(k.t, ending != "cancelled", done[at] == 1, "%s of %s", at, id)
	}
	require.NotContains(k.t, done, "coin/4")
	require.Equal(k.t, ending == "completed", arm != "", "%s takes part in the experiment", id)
	return arm
}

// checkPeople counts tasks and children, and looks at the customer.
func (k *everyKind) checkPeople(ctx context.Context, n int, all map[string][]*qidongv1.Enrollment, arm string) {
	k.t.Helper()
	passed := endings[n%len(endings)] != "cancelled"
	times, outcomes := 0, []string{}
	var tags []string
	if passed {
		times, outcomes, tags = 1, []string{"grown", "completed"}, []string{"remembered"}
	}
	if arm == "play" || arm == "benefit" {
		tags = append(tags, arm)
	}
	slices.Sort(tags)
	tasks, err := k.api.Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{CustomerId: k.id(n)})
	require.NoError(k.t, err)
	require.Len(k.t, tasks.GetTasks(), times, "tasks of %s", k.id(n))
	for _, task := range tasks.GetTasks() {
		require.Equal(k.t, qidongv1.TaskState_TASK_STATE_DONE, task.GetState())
	}
	got := []string{}
	for _, e := range append(all["every-kind-child"], all["every-kind-listener"]...) {
		got = append(got, e.GetOutcome())
	}
	require.Equal(k.t, outcomes, got, "child and listener of %s", k.id(n))
	res, err := k.api.Customers.GetCustomer(ctx, &qidongv1.GetCustomerRequest{Id: k.id(n)})
	require.NoError(k.t, err)
	require.Equal(k.t, tags, res.GetCustomer().GetTags(), "tags of %s", k.id(n))
	traits := res.GetCustomer().GetTraits().AsMap()
	if passed {
		require.Equal(k.t, map[string]any{"answered": true, "child": "grown", "fine": true}, traits)
	} else {
		require.Empty(k.t, traits)
	}
}

// checkMessages compares what a customer got.
func (k *everyKind) checkMessages(ctx context.Context, n int, arm string) {
	k.t.Helper()
	list, err := k.api.Customers.ListMessages(ctx, &qidongv1.ListMessagesRequest{CustomerId: k.id(n), PageSize: 100})
	require.NoError(k.t, err)
	got := []string{}
	for _, m := range list.GetMessages() {
		got = append(got, fmt.Sprintf("%s/%d", m.GetStep(), m.GetVisit()))
	}
	want := []string{"hello/1", "note/1", "note/2", "note/3", "nps/1"}
	switch endings[n%len(endings)] {
	case "cancelled":
		want = []string{"hello/1", "bye/1"}
	case "failed":
		want = append(want, "sorry/1")
	case "completed":
		if arm != "holdout" {
			want = append(want, "final/1")
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(k.t, want, got, "messages of %s", k.id(n))
}

// checkPoints looks into the ledger of a stopped server.
func (k *everyKind) checkPoints(ctx context.Context) {
	k.t.Helper()
	store, err := sqlite.Open(ctx, filepath.Join(k.dir, "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(k.t, err)
	defer func() { require.NoError(k.t, store.Close()) }()
	given := int64(0)
	for n := range int(k.customers.Load()) {
		want := int64(10 + 5 + 3*1 + 7 + 2)
		if endings[n%len(endings)] == "cancelled" {
			want = 10
		}
		got, err := store.Balance(ctx, orchestrator.DemoWorkspace, "customer:"+k.id(n))
		require.NoError(k.t, err)
		require.Equal(k.t, want, got, "points of %s", k.id(n))
		given += got
	}
	require.Positive(k.t, given)
}
