package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const hello = `qidong: v1
journey: hello
title: {en: Hello, zh-CN: 你好}
entry:
  event:
    type: shop.opened
deadline: 30d
steps:
  - id: greet
    send:
      category: service
      text: {en: Hello, zh-CN: 你好}
  - id: end
    exit: {outcome: done}
`

func failure(t *testing.T, err error) *qidongv1.ValidationFailure {
	t.Helper()
	var refused *connect.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, connect.CodeInvalidArgument, refused.Code(), "%v", err)
	require.NotEmpty(t, refused.Details(), "%v", err)
	detail, err := refused.Details()[0].Value()
	require.NoError(t, err)
	require.IsType(t, &qidongv1.ValidationFailure{}, detail)
	return detail.(*qidongv1.ValidationFailure)
}

func TestJourneysAndEnrollments(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)

	checked, err := c.Journeys.ValidateJourney(ctx, &qidongv1.ValidateJourneyRequest{Source: []byte(hello)})
	require.NoError(t, err)
	require.Empty(t, checked.GetProblems())
	require.Equal(t, "hello", checked.GetJourney())

	bad := []byte(strings.Replace(hello, "exit:", "leap:", 1))
	checked, err = c.Journeys.ValidateJourney(ctx, &qidongv1.ValidateJourneyRequest{Source: bad})
	require.NoError(t, err, "problems are the answer, not an error")
	require.NotEmpty(t, checked.GetProblems())
	require.Positive(t, checked.GetProblems()[0].GetLine())
	_, err = c.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: bad})
	require.Empty(t, cmp.Diff(checked.GetProblems(), failure(t, err).GetProblems(), protocmp.Transform()), "publish says the same")

	published, err := c.Journeys.PublishJourney(ctx, &qidongv1.PublishJourneyRequest{Source: []byte(hello)})
	require.NoError(t, err)
	require.EqualValues(t, 1, published.GetVersion().GetNumber())
	got, err := c.Journeys.GetJourney(ctx, &qidongv1.GetJourneyRequest{Name: "hello"})
	require.NoError(t, err)
	require.Equal(t, hello, got.GetVersion().GetSource())
	require.Equal(t, qidongv1.JourneyStatus_JOURNEY_STATUS_LIVE, got.GetJourney().GetStatus())

	_, err = c.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Id: "c_1", Name: "Lin Xia"}})
	require.NoError(t, err)
	start := &qidongv1.StartEnrollmentRequest{
		Journey: "hello", CustomerId: "c_1", Key: "k", Test: true,
		Pace: &qidongv1.Pace{Day: durationpb.New(2 * time.Second), Answer: durationpb.New(10 * time.Second)},
	}
	first, err := c.Enrollments.StartEnrollment(ctx, start)
	require.NoError(t, err)
	again, err := c.Enrollments.StartEnrollment(ctx, start)
	require.NoError(t, err)
	require.Equal(t, first.GetEnrollment().GetId(), again.GetEnrollment().GetId(), "the same again is the same enrollment")
	view, err := c.Enrollments.GetEnrollment(ctx, &qidongv1.GetEnrollmentRequest{Id: first.GetEnrollment().GetId()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(start.GetPace(), view.GetEnrollment().GetPace(), protocmp.Transform()))
	require.Equal(t, "Lin Xia", view.GetCustomer().GetName())

	list, err := c.Enrollments.ListEnrollments(ctx, &qidongv1.ListEnrollmentsRequest{Status: qidongv1.EnrollmentStatus_ENROLLMENT_STATUS_ENDED})
	require.NoError(t, err)
	require.Empty(t, list.GetEnrollments())

	_, err = c.Journeys.SetJourneyStatus(ctx, &qidongv1.SetJourneyStatusRequest{Name: "hello", Status: qidongv1.JourneyStatus_JOURNEY_STATUS_PAUSED})
	require.NoError(t, err)
	start.Key = "another"
	_, err = c.Enrollments.StartEnrollment(ctx, start)
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err), "a paused journey takes nobody: %v", err)
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	refused := func(_ any, err error) {
		t.Helper()
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "%v", err)
	}
	refused(c.Journeys.SetJourneyStatus(ctx, &qidongv1.SetJourneyStatusRequest{Name: "hello"}))
	refused(c.Enrollments.ResolveIncident(ctx, &qidongv1.ResolveIncidentRequest{EnrollmentId: "e_1"}))
	refused(c.Enrollments.ListEnrollments(ctx, &qidongv1.ListEnrollmentsRequest{Status: 99}))
	refused(c.Enrollments.StartEnrollment(ctx, &qidongv1.StartEnrollmentRequest{Test: true, Pace: &qidongv1.Pace{Day: durationpb.New(25 * time.Hour)}}))
	refused(c.Enrollments.StartEnrollment(ctx, &qidongv1.StartEnrollmentRequest{Test: true, Pace: &qidongv1.Pace{Answer: durationpb.New(-1)}}))
	refused(c.Events.SendEvents(ctx, &qidongv1.SendEventsRequest{}))
	refused(c.Customers.ListCustomers(ctx, &qidongv1.ListCustomersRequest{PageToken: "forged"}))
	_, err := c.Plugins.UploadPlugin(ctx, &qidongv1.UploadPluginRequest{Module: []byte("no wasm")})
	require.Equal(t, "NOT_WASM", failure(t, err).GetProblems()[0].GetCode())
}

func TestCustomersArePaged(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	home, err := structpb.NewStruct(map[string]any{"home": map[string]any{"latitude": 31.2, "address": "安福路12号"}})
	require.NoError(t, err)
	want := map[string]bool{}
	for n := range 5 {
		put, err := c.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{
			Name: fmt.Sprintf("customer %d", n), Locale: "zh-CN", TimeZone: "Asia/Shanghai", Traits: home,
			Identities: []*qidongv1.Identity{{Kind: "phone", Value: fmt.Sprintf("+861390000000%d", n)}},
		}})
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(home, put.GetCustomer().GetTraits(), protocmp.Transform()))
		require.True(t, strings.HasPrefix(put.GetCustomer().GetCompanionPath(), "/c/"))
		want[put.GetCustomer().GetId()] = true
	}
	req := &qidongv1.ListCustomersRequest{PageSize: 2}
	for pages := 1; ; pages++ {
		page, err := c.Customers.ListCustomers(ctx, req)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.GetCustomers()), 2)
		for _, customer := range page.GetCustomers() {
			require.True(t, want[customer.GetId()], "once each")
			delete(want, customer.GetId())
		}
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			require.Equal(t, 3, pages)
			break
		}
		_, err = i.as(i.other).Customers.ListCustomers(ctx, req)
		require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "a page token of another workspace")
	}
	require.Empty(t, want)

	_, err = c.Customers.PutCustomer(ctx, &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{
		Identities: []*qidongv1.Identity{{Kind: "phone", Value: "+8613900000000"}},
	}})
	require.Equal(t, connect.CodeAlreadyExists, connect.CodeOf(err), "another customer's phone: %v", err)
}

func TestIntake(t *testing.T) {
	t.Parallel()
	i := install(t)
	const one = `{"specversion":"1.0","id":"7","source":"/shop","type":"shop.opened","subject":"c_1","data":{"n":9007199254740993}}`
	send := func(t *testing.T, body string, headers ...string) (int, string) {
		t.Helper()
		return i.call(t, "/events", body, append([]string{"Content-Type", "application/cloudevents+json", "Authorization", "Bearer " + i.events}, headers...)...)
	}

	t.Run("an event is accepted once, however often it comes", func(t *testing.T) {
		t.Parallel()
		status, answer := send(t, one)
		require.Equal(t, http.StatusAccepted, status, answer)
		require.JSONEq(t, `{"results":[{"id":"7","status":"accepted"}]}`, answer)
		for range 20 {
			status, answer = send(t, one)
			require.Equal(t, http.StatusOK, status, answer)
			require.JSONEq(t, `{"results":[{"id":"7","status":"duplicate"}]}`, answer)
		}
		batch := "[" + strings.Repeat(one+",", 499) + one + "]"
		status, answer = send(t, batch, "Content-Type", "application/cloudevents-batch+json")
		require.Equal(t, http.StatusOK, status, answer)
		require.Equal(t, 500, strings.Count(answer, "duplicate"))
		list, err := i.as(i.admin).Events.ListEvents(t.Context(), &qidongv1.ListEventsRequest{})
		require.NoError(t, err)
		stored := slices.DeleteFunc(list.GetEvents(), func(e *qidongv1.Event) bool { return e.GetSource() != "/shop" })
		require.Len(t, stored, 1)
	})

	for _, c := range []struct {
		name, body string
		headers    []string
		status     int
		says       string
	}{
		{"without a token", one, []string{"Authorization", ""}, http.StatusUnauthorized, "Bearer"},
		{"that is not JSON", "hello", nil, http.StatusBadRequest, "CloudEvent"},
		{"that is no CloudEvent", `{"id":"1"}`, nil, http.StatusBadRequest, "specversion"},
		{"of a kind that is none", one, []string{"Content-Type", "text/csv"}, http.StatusUnsupportedMediaType, "application/cloudevents+json"},
		{"of more than 1 MiB", strings.Repeat(" ", api.MaxIntake) + one, nil, http.StatusRequestEntityTooLarge, "1 MiB"},
		{"with data of more than 32 KiB", strings.Replace(one, "9007199254740993", `"`+strings.Repeat("x", 33<<10)+`"`, 1), nil, http.StatusBadRequest, "data"},
		{"that only Qidong may make", strings.Replace(one, "shop.opened", "qidong.message.replied", 1), nil, http.StatusBadRequest, "type"},
	} {
		t.Run("a body "+c.name+" is refused in a sentence", func(t *testing.T) {
			t.Parallel()
			status, answer := send(t, c.body, c.headers...)
			require.Equal(t, c.status, status, answer)
			var refused struct{ Code, Message string }
			require.NoError(t, json.Unmarshal([]byte(answer), &refused), answer)
			require.NotEmpty(t, refused.Code)
			require.NotEmpty(t, refused.Message)
			require.Contains(t, answer, c.says)
		})
	}

	t.Run("the client speaks it", func(t *testing.T) {
		t.Parallel()
		results, err := i.as(i.events).SendEvents(t.Context(), client.Event{ID: "1", Source: "/client", Type: "t"}, client.Event{ID: "2", Source: "/client", Type: "t"})
		require.NoError(t, err)
		require.Equal(t, []client.EventResult{{ID: "1", Status: "accepted"}, {ID: "2", Status: "accepted"}}, results)
		_, err = i.as(i.events).SendEvents(t.Context(), client.Event{ID: "3", Source: "/client", Type: "t"}, client.Event{ID: "4", Source: "/client"})
		var refused *client.EventError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "events.1.type", refused.Path)
		list, err := i.as(i.admin).Events.ListEvents(t.Context(), &qidongv1.ListEventsRequest{})
		require.NoError(t, err)
		for _, e := range list.GetEvents() {
			require.NotEqual(t, "3", e.GetId(), "all or none")
		}
	})
}
