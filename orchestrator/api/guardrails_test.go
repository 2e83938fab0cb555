package api_test

import (
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func TestGuardrailsComeBackAsTheyWereSet(t *testing.T) {
	t.Parallel()
	i := install(t)
	c := i.as(i.admin)
	want := &qidongv1.Guardrails{
		Marketing: "assumed", TimeZone: "Asia/Shanghai", Channels: []string{"handset"}, Patience: durationpb.New(time.Hour),
		Caps:  []*qidongv1.Cap{{Category: "marketing", Messages: 2, Per: durationpb.New(24 * time.Hour)}},
		Quiet: &qidongv1.QuietHours{From: "22:00", To: "08:00", Then: "withhold"},
	}
	set, err := c.Guardrails.SetGuardrails(t.Context(), &qidongv1.SetGuardrailsRequest{Guardrails: want})
	require.NoError(t, err)
	got, err := c.Guardrails.GetGuardrails(t.Context(), &qidongv1.GetGuardrailsRequest{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, set.GetGuardrails(), protocmp.Transform()))
	require.Empty(t, cmp.Diff(want, got.GetGuardrails(), protocmp.Transform()))

	want.Caps[0].Per = &durationpb.Duration{Seconds: 1, Nanos: -1}
	_, err = c.Guardrails.SetGuardrails(t.Context(), &qidongv1.SetGuardrailsRequest{Guardrails: want})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
	want.Caps[0].Per = durationpb.New(time.Second)
	_, err = c.Guardrails.SetGuardrails(t.Context(), &qidongv1.SetGuardrailsRequest{Guardrails: want})
	require.Equal(t, "caps.0.per", failure(t, err).GetProblems()[0].GetPath())
}

func TestConsentsAreRecordedWithTheirHistory(t *testing.T) {
	t.Parallel()
	i := install(t)
	c := i.as(i.admin)
	_, err := c.Customers.PutCustomer(t.Context(), &qidongv1.PutCustomerRequest{Customer: &qidongv1.Customer{Id: "c_1", Name: "Lin"}})
	require.NoError(t, err)
	for _, state := range []string{"granted", "denied", "stopped"} {
		kept, err := c.Guardrails.SetConsent(t.Context(), &qidongv1.SetConsentRequest{Consent: &qidongv1.Consent{
			CustomerId: "c_1", Category: "marketing", State: state, How: "form", Note: "card 7",
		}})
		require.NoError(t, err)
		require.NotNil(t, kept.GetConsent().GetTime())
		require.NotEmpty(t, kept.GetConsent().GetBy())
	}
	_, err = c.Guardrails.SetConsent(t.Context(), &qidongv1.SetConsentRequest{Consent: &qidongv1.Consent{CustomerId: "c_1", Category: "marketing", State: "granted", How: "import"}})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
	require.ErrorContains(t, err, "STOP")

	req := &qidongv1.ListConsentHistoryRequest{CustomerId: "c_1", PageSize: 2}
	first, err := c.Guardrails.ListConsentHistory(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, "stopped", first.GetConsents()[0].GetState())
	req.PageToken = first.GetNextPageToken()
	second, err := c.Guardrails.ListConsentHistory(t.Context(), req)
	require.NoError(t, err)
	require.Len(t, second.GetConsents(), 1)
	require.Empty(t, second.GetNextPageToken())

	standings, err := c.Guardrails.GetConsents(t.Context(), &qidongv1.GetConsentsRequest{CustomerId: "c_1"})
	require.NoError(t, err)
	require.Len(t, standings.GetStandings(), 3)
	require.Equal(t, "stopped", standings.GetStandings()[0].GetState())
	require.Nil(t, standings.GetStandings()[1].GetDecision())
	_, err = c.Guardrails.GetConsents(t.Context(), &qidongv1.GetConsentsRequest{CustomerId: "c_9"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
}
