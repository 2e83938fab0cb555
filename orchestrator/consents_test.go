package orchestrator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func (h *harness) decides(t *testing.T, state orchestrator.ConsentState, how, channel string) error {
	t.Helper()
	_, err := h.SetConsent(t.Context(), admin, orchestrator.Consent{
		Customer: "c_1", Channel: channel, Category: orchestrator.CategoryMarketing, State: state, How: how,
	})
	return err
}

func (h *harness) audited(t *testing.T, action string) (n int) {
	t.Helper()
	log, err := h.store.AuditLog(t.Context(), acme)
	require.NoError(t, err)
	for _, r := range log {
		if r.Action == action {
			n++
		}
	}
	return n
}

func TestSetConsent_IsRecordedOnceAndAudited(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	require.NoError(t, h.decides(t, orchestrator.ConsentDenied, orchestrator.ConsentByForm, "handset"))
	require.NoError(t, h.decides(t, orchestrator.ConsentDenied, orchestrator.ConsentByImport, "handset"))
	require.Equal(t, 1, h.audited(t, "consent.set"))
	require.Equal(t, orchestrator.ReasonConsent, h.try(t, "m_1", "marketing").Reason)
	require.NoError(t, h.decides(t, orchestrator.ConsentGranted, "", ""))
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "marketing").Delivery)

	history, _, err := h.ConsentHistory(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, []string{orchestrator.ConsentByAPI, "ada"}, []string{history[0].How, history[0].By})
}

func TestW16_OnlyTheCustomerTakesAStopBack(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	h.writes(t, "1", "stop")
	for _, how := range []string{orchestrator.ConsentByImport, orchestrator.ConsentByAPI, orchestrator.ConsentByForm} {
		for _, channel := range []string{"", "handset"} {
			require.ErrorIs(t, h.decides(t, orchestrator.ConsentGranted, how, channel), orchestrator.ErrPrecondition)
		}
	}
	require.NoError(t, h.decides(t, orchestrator.ConsentDenied, orchestrator.ConsentByAPI, "handset"), "says less than the STOP")
	require.NoError(t, h.decides(t, orchestrator.ConsentDenied, orchestrator.ConsentByAPI, ""))
	require.ErrorIs(t, h.decides(t, orchestrator.ConsentGranted, orchestrator.ConsentByImport, "handset"), orchestrator.ErrPrecondition, "a denial in between changes nothing")
	require.ErrorIs(t, h.decides(t, orchestrator.ConsentGranted, orchestrator.ConsentByImport, ""), orchestrator.ErrPrecondition)
	require.Equal(t, orchestrator.DeliveryWithheld, h.try(t, "m_1", "marketing").Delivery)

	require.NoError(t, h.decides(t, orchestrator.ConsentGranted, orchestrator.ConsentByPage, ""))
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "marketing").Delivery)
	require.NoError(t, h.decides(t, orchestrator.ConsentDenied, orchestrator.ConsentByAPI, ""))
	require.NoError(t, h.decides(t, orchestrator.ConsentGranted, orchestrator.ConsentByImport, "handset"), "that STOP was taken back")
}

func TestConsents_SayWhatHolds(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	h.rails(t, orchestrator.Guardrails{})
	h.writes(t, "1", "stop all")
	standings, err := h.Consents(t.Context(), admin, "c_1")
	require.NoError(t, err)
	states := map[string]orchestrator.ConsentState{}
	for _, s := range standings {
		states[s.Channel+" "+s.Category] = s.State
		require.Equal(t, s.Category == orchestrator.CategoryTransactional, s.Decision == nil)
	}
	require.Equal(t, map[string]orchestrator.ConsentState{
		"handset marketing": orchestrator.ConsentStopped, "handset service": orchestrator.ConsentStopped, "handset transactional": orchestrator.ConsentGranted,
	}, states)
}

func TestSetConsent_NamesEveryProblem(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	_, err := h.SetConsent(t.Context(), admin, orchestrator.Consent{
		Customer: "c_1", Channel: "fax", Category: "spam", State: "maybe", How: "guess", Note: strings.Repeat("x", 501),
	})
	var v *orchestrator.ValidationError
	require.ErrorAs(t, err, &v)
	require.Len(t, v.Problems, 5)
	_, err = h.SetConsent(t.Context(), admin, orchestrator.Consent{Customer: "c_9", Category: "marketing", State: orchestrator.ConsentDenied})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.SetConsent(t.Context(), orchestrator.Actor{Workspace: acme, Scopes: []string{orchestrator.ScopeEvents}}, orchestrator.Consent{})
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
}

func TestSetGuardrails(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	g, err := h.Guardrails(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, orchestrator.Guardrails{Marketing: orchestrator.ConsentNeeded, Patience: journey.Duration(72 * time.Hour)}, g, "what holds where nothing is set")

	_, err = h.SetGuardrails(t.Context(), admin, orchestrator.Guardrails{
		Marketing: "perhaps", Caps: []orchestrator.GuardCap{{Category: "transactional", Messages: 1001, Per: 1}}, Quiet: quiet("22:00", "22:00", "shout"),
		TimeZone: "Local", Channels: []string{"handset", "handset", "fax"}, Patience: 1,
	})
	var v *orchestrator.ValidationError
	require.ErrorAs(t, err, &v)
	require.Len(t, v.Problems, 10)
	require.Zero(t, h.audited(t, "guardrail.set"))

	want := orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Caps: []orchestrator.GuardCap{perDay("marketing", 2)}, Quiet: quiet("22:00", "08:00", "")}
	got, err := h.SetGuardrails(t.Context(), admin, want)
	require.NoError(t, err)
	require.Equal(t, journey.QuietDelay, got.Quiet.Then)
	require.Equal(t, 1, h.audited(t, "guardrail.set"))
	again, err := h.Guardrails(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, got, again)

	require.NoError(t, h.EnsureGuardrails(t.Context(), admin, orchestrator.Guardrails{}))
	again, err = h.Guardrails(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, got, again, "what an operator has set stays")
}

// TestW16_ADecisionIsTold: whoever waits to send hears of it, through the inbox,
// with what holds now.
func TestW16_ADecisionIsTold(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	up := h.enrolled(t)
	h.dispatch(t)
	standing := func() any {
		var data struct {
			Customer struct{ Consents map[string]map[string]string }
		}
		require.Eventually(t, func() bool { return h.settled(t) == 0 }, 20*time.Second, time.Millisecond)
		events, _, err := h.store.Events(t.Context(), acme, "c_1", orchestrator.Page{})
		require.NoError(t, err)
		for _, e := range events {
			if e.Type == orchestrator.EventCustomerChanged {
				require.NoError(t, json.Unmarshal(e.Data, &data))
				require.Contains(t, h.engine.did(), "signal "+up.ID+" "+e.ID)
				break
			}
		}
		return data.Customer.Consents["marketing"]["handset"]
	}
	_, err := h.SetConsent(t.Context(), admin, orchestrator.Consent{Customer: "c_1", Category: "marketing", State: orchestrator.ConsentGranted})
	require.NoError(t, err)
	require.Equal(t, "granted", standing())
	_, err = h.AcceptEvents(t.Context(), admin, []orchestrator.Event{{
		Source: "urn:gateway", ID: "1", Type: orchestrator.EventMessageReceived, Subject: "c_1", Data: json.RawMessage(`{"channel":"handset","text":"ＳＴＯＰ"}`),
	}})
	require.NoError(t, err)
	require.Equal(t, "stopped", standing())
}

func TestDecided(t *testing.T) {
	t.Parallel()
	say := func(d orchestrator.Decided, channel string, state orchestrator.ConsentState) orchestrator.Decided {
		return d.With(orchestrator.Consent{Category: "marketing", Channel: channel, State: state})
	}
	var none orchestrator.Decided
	require.Equal(t, orchestrator.ConsentUnset, none.Of("marketing", "sms"))
	one := say(none, "sms", orchestrator.ConsentStopped)
	two := say(one, "", orchestrator.ConsentGranted)
	require.Equal(t, orchestrator.ConsentStopped, one.Of("marketing", "sms"), "it stays as it was")
	require.Equal(t, orchestrator.ConsentUnset, one.Of("marketing", "handset"))
	require.Equal(t, orchestrator.ConsentGranted, two.Of("marketing", "sms"), "a decision about every channel overtakes those about one")
	require.Equal(t, orchestrator.ConsentDenied, say(two, "sms", orchestrator.ConsentDenied).Of("marketing", "sms"))
	require.Equal(t, orchestrator.ConsentUnset, two.Of("service", "sms"))
	consents := orchestrator.Customer{Consents: two}.Scope()["consents"].(map[string]any)
	require.Equal(t, map[string]any{"handset": "granted"}, consents["marketing"])
	require.Equal(t, map[string]any{"handset": "unset"}, consents["service"])
}
