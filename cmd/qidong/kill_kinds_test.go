package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// everyKind are customers of the journey every-kind, driven through the public
// API as partners, staff and the customers themselves would.
type everyKind struct {
	*installation
	api       *client.Client
	customers atomic.Int32 // who have begun, or are to
	complete  atomic.Bool  // nobody else will begin
}

// endings are how the passages end, in turn.
var endings = []string{"completed", "returned", "failed", "cancelled"}

func (k *everyKind) id(n int) string { return fmt.Sprintf("kind-%03d", n) }

// TestEveryKind_SurvivesKillMinus9 kills the whole installation at random
// moments while customers are in a journey that has every kind of step: nobody
// is lost, nothing happens twice, and everything owed is undone. More customers
// begin before each kill, so that none finds an idle server, and all the time
// the world answers, asks again when it got no answer, and goes on.
//
// QIDONG_KILLS and QIDONG_SEED make it longer and repeatable (make test-kill).
func TestEveryKind_SurvivesKillMinus9(t *testing.T) {
	t.Parallel()
	const wave = 4 // one of each ending
	kills := number("QIDONG_KILLS", 2)
	seed := uint64(number("QIDONG_SEED", int(time.Now().UnixNano()%1_000_000)))
	t.Logf("%d kills, seed %d", kills, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(4+kills)*time.Minute)
	defer cancel()
	k := &everyKind{installation: newInstallation(t)}
	k.start()
	k.publish(ctx)
	driven := make(chan error, 1)
	go func() { driven <- k.drive(ctx) }()
	for n := range kills {
		k.customers.Add(wave)
		select {
		case <-time.After(time.Duration(1000+random.IntN(7000)) * time.Millisecond):
		case err := <-driven:
			require.FailNow(t, "the world stopped", "after %d kills: %v", n, err)
		}
		k.kill()
		k.start()
	}
	k.customers.Add(wave)
	k.complete.Store(true)
	require.NoError(t, <-driven)
	k.check(ctx)
	require.NoError(t, k.interrupt())
	pending, dead := k.backlog(ctx)
	require.Zero(t, pending, "events were accepted and never dispatched")
	require.Zero(t, dead, "events were given up")
	k.checkPoints(ctx)
}

// publish connects, and publishes the journeys.
func (k *everyKind) publish(ctx context.Context) {
	k.t.Helper()
	token, err := os.ReadFile(filepath.Join(k.dir, "admin.token"))
	require.NoError(k.t, err)
	k.api = client.New("http://"+k.listen, strings.TrimSpace(string(token)))
	for _, name := range []string{"every-kind-child", "every-kind-listener", "every-kind"} {
		source, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		require.NoError(k.t, err)
		_, err = k.api.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: source})
		require.NoError(k.t, err, name)
	}
}

// begin lets a customer enter.
func (k *everyKind) begin(ctx context.Context, n int) error {
	customer := &qidongv1.Customer{Id: k.id(n), Name: "Lin", Locale: "en"}
	if _, err := k.api.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: customer}); err != nil {
		return err
	}
	return k.event(ctx, "begin", n, "kind.begin", map[string]any{"run": k.id(n), "ending": endings[n%len(endings)]})
}

// event sends an event of a customer; sent again, it is the same one.
func (k *everyKind) event(ctx context.Context, id string, n int, kind string, data map[string]any) error {
	value, err := structpb.NewValue(data)
	if err != nil {
		return err
	}
	_, err = k.api.Events.SendEvents(ctx, &qidongv1.SendEventsRequest{Events: []*qidongv1.Event{{
		Id: id + "-" + k.id(n), Source: "urn:test:kinds", Type: kind, Subject: k.id(n), Data: value,
	}}})
	return err
}

// drive does what the world has to do until everybody has ended. A failure is
// tried again, since the server is away from time to time; the last one is told
// when the time is over.
func (k *everyKind) drive(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		last := k.complete.Load()
		one, cancel := context.WithTimeout(ctx, 20*time.Second)
		open, err := k.turn(one)
		cancel()
		if err == nil && open == "" && last {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("out of time: %s; the last error: %w", open, err)
		}
	}
}

const ended = qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED

// turn acts once for everybody who waits for something. Acting twice is like
// acting once. It tells of somebody who is still under way.
func (k *everyKind) turn(ctx context.Context) (open string, err error) {
	all, err := k.passages(ctx)
	if err != nil {
		return "", err
	}
	for n := range int(k.customers.Load()) {
		var failed error
		parent, child, listener := first(all[k.id(n)]["every-kind"]), first(all[k.id(n)]["every-kind-child"]), first(all[k.id(n)]["every-kind-listener"])
		switch {
		case parent == nil:
			open, failed = k.id(n)+" has not begun", k.begin(ctx, n)
		case parent.GetStatus() != ended:
			open = fmt.Sprintf("%s is %s at %q", k.id(n), parent.GetStatus(), parent.GetStep())
			failed = k.act(ctx, n, parent.GetStep())
		case endings[n%len(endings)] != "cancelled" && listener.GetStatus() != ended:
			open = k.id(n) + "'s listener has not ended"
		}
		if failed == nil && child.GetStatus() != ended && child.GetStep() == "grow" {
			failed = k.event(ctx, "grown", n, "kind.grown", map[string]any{})
		}
		if failed != nil {
			return open, fmt.Errorf("acting for %s: %w", open, failed)
		}
	}
	return open, nil
}

// passages are the enrollments by customer and journey.
func (k *everyKind) passages(ctx context.Context) (map[string]map[string][]*qidongv1.Enrollment, error) {
	out := map[string]map[string][]*qidongv1.Enrollment{}
	for _, journey := range []string{"every-kind", "every-kind-child", "every-kind-listener"} {
		req := &qidongv1.ListEnrollmentsRequest{Journey: journey, PageSize: 500}
		for more := true; more; more = req.PageToken != "" {
			page, err := k.api.Enrollments.ListEnrollments(ctx, req)
			if err != nil {
				return nil, err
			}
			for _, e := range page.GetEnrollments() {
				if out[e.GetCustomerId()] == nil {
					out[e.GetCustomerId()] = map[string][]*qidongv1.Enrollment{}
				}
				out[e.GetCustomerId()][journey] = append(out[e.GetCustomerId()][journey], e)
			}
			req.PageToken = page.GetNextPageToken()
		}
	}
	return out, nil
}

// first is nil without any; that there is no other one is checked in the end.
func first(list []*qidongv1.Enrollment) *qidongv1.Enrollment {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// act does what a customer at a step waits for.
func (k *everyKind) act(ctx context.Context, n int, step string) error {
	switch step {
	case "answer":
		return k.reply(ctx, n, "hello")
	case "nps":
		return k.reply(ctx, n, "nps")
	case "check":
		return k.work(ctx, n)
	case "signal":
		if err := k.event(ctx, "goal", n, "kind.goal", map[string]any{}); err != nil {
			return err
		}
		switch endings[n%len(endings)] {
		case "cancelled":
			return k.event(ctx, "cancel", n, "kind.cancel", map[string]any{})
		case "returned": // the wait ends by what the customer becomes
			_, err := k.api.Customers.TagCustomer(ctx, &qidongv1.TagCustomerRequest{Id: k.id(n), Add: []string{"go"}})
			return err
		}
		return k.event(ctx, "go", n, "kind.go", map[string]any{"run": k.id(n)})
	}
	return nil
}

var postback = regexp.MustCompile(`"data":\s*"([^"]+)"`)

// reply presses the last button of a message.
func (k *everyKind) reply(ctx context.Context, n int, step string) error {
	list, err := k.api.Customers.ListMessages(ctx, &qidongv1.ListMessagesRequest{CustomerId: k.id(n), PageSize: 100})
	if err != nil {
		return err
	}
	for _, m := range list.GetMessages() {
		text, err := protojson.Marshal(m)
		if err != nil {
			return err
		}
		buttons := postback.FindAllStringSubmatch(string(text), -1)
		if m.GetStep() != step || m.GetAnswer() != "" || len(buttons) == 0 {
			continue
		}
		if _, err := k.api.Customers.ReplyToMessage(ctx, &qidongv1.ReplyToMessageRequest{
			CustomerId: k.id(n), MessageId: m.GetId(), PostbackData: buttons[len(buttons)-1][1],
		}); err != nil {
			return err
		}
	}
	return nil
}

// work does the open task of a customer.
func (k *everyKind) work(ctx context.Context, n int) error {
	list, err := k.api.Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{CustomerId: k.id(n), State: qidongv1.TaskState_TASK_STATE_OPEN})
	if err != nil {
		return err
	}
	for _, task := range list.GetTasks() {
		fine := &structpb.Struct{Fields: map[string]*structpb.Value{"fine": structpb.NewBoolValue(true)}}
		if _, err := k.api.Tasks.CompleteTask(ctx, &qidongv1.CompleteTaskRequest{Id: task.GetId(), Result: fine}); err != nil {
			return err
		}
	}
	return nil
}
