package orchestrator_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// phone is a customer's in memory: what guardrails know of it.
type phone struct {
	consents []orchestrator.Consent
	sent     []orchestrator.Message
	wishes   []orchestrator.Wish
}

func (p *phone) Consent(_ context.Context, _, _, channel, category string) (orchestrator.Consent, bool, error) {
	for _, c := range slices.Backward(p.consents) {
		if c.Category == category && (c.Channel == channel || c.Channel == "") {
			return c, true, nil
		}
	}
	return orchestrator.Consent{}, false, nil
}

func (p *phone) NthNewest(_ context.Context, f orchestrator.CapFilter, n int) (time.Time, error) {
	var at []time.Time
	for _, m := range p.sent {
		if m.Category != orchestrator.CategoryTransactional && m.At.After(f.After) &&
			(f.Category == "" || f.Category == m.Category) && (f.Journey == "" || f.Journey == m.Journey) {
			at = append(at, m.At)
		}
	}
	if len(at) < n {
		return time.Time{}, nil
	}
	slices.SortFunc(at, time.Time.Compare)
	return at[len(at)-n], nil
}

func (p *phone) Wishes(context.Context, string, string) ([]orchestrator.Wish, error) {
	return p.wishes, nil
}

// noon is a moment at which nobody in China sleeps.
var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.FixedZone("", 8*3600))

const day = 24 * time.Hour

func clock(hour, minute int) time.Time {
	return time.Date(2026, 11, 28, hour, minute, 0, 0, noon.Location())
}

func quiet(from, to, then string) *journey.Quiet {
	return &journey.Quiet{From: from, To: to, Then: then}
}

func perDay(category string, messages int) orchestrator.GuardCap {
	return orchestrator.GuardCap{Category: category, Messages: messages, Per: journey.Duration(day)}
}

// marketing is a message of a journey with the default priority.
func marketing(id string) orchestrator.SendRequest {
	return orchestrator.SendRequest{
		Message: orchestrator.Message{
			ID: id, Workspace: acme, Customer: "c_1", Enrollment: "e_" + id, Journey: "welcome", Step: "hello", Visit: 1,
			Category: orchestrator.CategoryMarketing,
		},
		Guardrails: journey.Guardrails{Priority: 50},
	}
}

func message(category string, ago time.Duration) orchestrator.Message {
	return orchestrator.Message{Category: category, Journey: "welcome", At: noon.Add(-ago)}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	assumed := orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed}
	with := func(change func(*orchestrator.Guardrails)) orchestrator.Guardrails {
		g := assumed
		change(&g)
		return g
	}
	sent := orchestrator.SendDecision{Delivery: orchestrator.DeliverySent, Channel: "handset"}
	withheld := func(r orchestrator.SendReason) orchestrator.SendDecision {
		return orchestrator.SendDecision{Delivery: orchestrator.DeliveryWithheld, Reason: r}
	}
	delayed := func(r orchestrator.SendReason, until time.Time) orchestrator.SendDecision {
		return orchestrator.SendDecision{Delivery: orchestrator.DeliveryDelayed, Reason: r, Until: until.UTC()}
	}
	service := func(r *orchestrator.SendRequest) { r.Message.Category = orchestrator.CategoryService }
	transactional := func(r *orchestrator.SendRequest) { r.Message.Category = orchestrator.CategoryTransactional }
	for name, test := range map[string]struct {
		rails orchestrator.Guardrails
		phone phone
		zone  string
		now   time.Time
		ask   func(*orchestrator.SendRequest)
		want  orchestrator.SendDecision
	}{
		"nothing is in the way":                  {rails: assumed, want: sent},
		"marketing needs consent by default":     {want: withheld(orchestrator.ReasonConsent)},
		"service does not":                       {ask: service, want: sent},
		"a holdout is not messaged":              {rails: assumed, ask: func(r *orchestrator.SendRequest) { r.Holdout = true }, want: withheld(orchestrator.ReasonHoldout)},
		"what was due in a pause is skipped":     {rails: assumed, ask: func(r *orchestrator.SendRequest) { r.Late = true }, want: withheld(orchestrator.ReasonLate)},
		"a channel that does not exist":          {rails: assumed, ask: func(r *orchestrator.SendRequest) { r.Channels = []string{"fax"} }, want: withheld(orchestrator.ReasonNoChannel)},
		"the next channel is taken":              {rails: assumed, ask: func(r *orchestrator.SendRequest) { r.Channels = []string{"fax", "handset"} }, want: sent},
		"a cap with room":                        {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("", 2)} }), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, want: sent},
		"a cap without room":                     {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("", 1)} }), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, want: delayed(orchestrator.ReasonCap, noon.Add(23*time.Hour))},
		"a message leaves the span at its end":   {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("", 1)} }), phone: phone{sent: []orchestrator.Message{message("service", day)}}, want: sent},
		"a cap of another category":              {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("service", 1)} }), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, want: sent},
		"transactional messages are not counted": {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("", 1)} }), phone: phone{sent: []orchestrator.Message{message("transactional", time.Hour)}}, want: sent},
		"nor held": {rails: with(func(g *orchestrator.Guardrails) {
			g.Caps = []orchestrator.GuardCap{perDay("", 1)}
			g.Quiet = quiet("00:00", "23:59", "withhold")
		}), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, ask: transactional, want: sent},
		"J08: a message of a clock that was wrong counts": {rails: with(func(g *orchestrator.Guardrails) { g.Caps = []orchestrator.GuardCap{perDay("", 1)} }), phone: phone{sent: []orchestrator.Message{message("service", -day)}}, want: delayed(orchestrator.ReasonCap, noon.Add(2*day))},
		"the journey's cap": {rails: assumed, phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, ask: func(r *orchestrator.SendRequest) {
			r.Guardrails.Cap = &journey.Cap{Messages: 1, Per: journey.Duration(2 * time.Hour)}
		}, want: delayed(orchestrator.ReasonCap, noon.Add(time.Hour))},
		"the cap of another journey": {rails: assumed, phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, ask: func(r *orchestrator.SendRequest) {
			r.Message.Journey = "other"
			r.Guardrails.Cap = &journey.Cap{Messages: 1, Per: journey.Duration(day)}
		}, want: sent},
		"the tightest of two caps": {rails: with(func(g *orchestrator.Guardrails) {
			g.Caps = []orchestrator.GuardCap{perDay("", 1), {Messages: 1, Per: journey.Duration(2 * day)}}
		}), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, want: delayed(orchestrator.ReasonCap, noon.Add(47*time.Hour))},
		"too long for the patience": {rails: with(func(g *orchestrator.Guardrails) {
			g.Caps = []orchestrator.GuardCap{{Messages: 1, Per: journey.Duration(7 * day)}}
		}), phone: phone{sent: []orchestrator.Message{message("service", time.Hour)}}, want: withheld(orchestrator.ReasonCap)},
		"quiet hours":                     {rails: with(func(g *orchestrator.Guardrails) { g.Quiet = quiet("22:00", "08:00", "delay") }), zone: "Asia/Shanghai", now: clock(23, 0), want: delayed(orchestrator.ReasonQuiet, clock(32, 0))},
		"quiet hours that withhold":       {rails: with(func(g *orchestrator.Guardrails) { g.Quiet = quiet("22:00", "08:00", "withhold") }), zone: "Asia/Shanghai", now: clock(23, 0), want: withheld(orchestrator.ReasonQuiet)},
		"it is day where the customer is": {rails: with(func(g *orchestrator.Guardrails) { g.Quiet = quiet("22:00", "08:00", "delay") }), zone: "Europe/Berlin", now: clock(23, 0), want: sent},
		"the zone of who has none": {rails: with(func(g *orchestrator.Guardrails) {
			g.Quiet = quiet("22:00", "08:00", "delay")
			g.TimeZone = "Asia/Shanghai"
		}), now: clock(23, 0), want: delayed(orchestrator.ReasonQuiet, clock(32, 0))},
		"the journey's quiet hours add to those": {rails: with(func(g *orchestrator.Guardrails) { g.Quiet = quiet("22:00", "08:00", "delay") }), zone: "Asia/Shanghai", now: clock(21, 0), ask: func(r *orchestrator.SendRequest) { r.Guardrails.Quiet = quiet("20:00", "23:00", "delay") }, want: delayed(orchestrator.ReasonQuiet, clock(32, 0))},
		"a cap whose room comes at night": {rails: with(func(g *orchestrator.Guardrails) {
			g.Caps = []orchestrator.GuardCap{perDay("", 1)}
			g.Quiet = quiet("22:00", "08:00", "delay")
		}), zone: "Asia/Shanghai", phone: phone{sent: []orchestrator.Message{message("service", 13*time.Hour)}}, want: delayed(orchestrator.ReasonQuiet, clock(32, 0))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, now := marketing("m_1"), test.now
			if test.ask != nil {
				test.ask(&r)
			}
			if now.IsZero() {
				now = noon
			}
			got, wish, err := orchestrator.Judge(t.Context(), &test.phone, test.rails, orchestrator.Customer{ID: "c_1", TimeZone: test.zone}, r, now)
			require.NoError(t, err)
			if end := test.want.Until; got.Reason == orchestrator.ReasonQuiet && got.Delivery == orchestrator.DeliveryDelayed {
				require.WithinRange(t, got.Until, end, end.Add(orchestrator.QuietSpread))
				got.Until, wish.Until = end, end
			}
			require.Empty(t, cmp.Diff(test.want, got, cmpopts.IgnoreFields(orchestrator.SendDecision{}, "Figures")))
			if got.Delivery == orchestrator.DeliveryDelayed {
				require.True(t, got.Until.After(now))
				require.NotEmpty(t, got.Figures)
				require.Equal(t, got.Until, wish.Until)
			}
		})
	}
}

func TestJudge_TakesTheFirstChannelThatReachesAndMay(t *testing.T) {
	t.Parallel()
	known := []orchestrator.Channel{{Name: "handset"}, {Name: "sms", IdentityKind: "phone"}, {Name: "mail", IdentityKind: "email"}}
	lin := orchestrator.Customer{ID: "c_1", Identities: []orchestrator.Identity{{Kind: "phone", Value: "+8613800000000"}}}
	stopped := []orchestrator.Consent{{Channel: "sms", Category: orchestrator.CategoryMarketing, State: orchestrator.ConsentStopped}}
	denied := append(slices.Clone(stopped), orchestrator.Consent{Category: orchestrator.CategoryMarketing, State: orchestrator.ConsentDenied})
	for name, test := range map[string]struct {
		step, workspace []string
		consents        []orchestrator.Consent
		channel         string
		reason          orchestrator.SendReason
	}{
		"the step's order":              {step: []string{"mail", "sms", "handset"}, channel: "sms"},
		"the workspace's order":         {workspace: []string{"sms", "handset"}, channel: "sms"},
		"the installation's order":      {channel: "handset"},
		"not what the workspace lacks":  {step: []string{"sms", "handset"}, workspace: []string{"handset"}, channel: "handset"},
		"not what the customer stopped": {step: []string{"sms", "handset"}, consents: stopped, channel: "handset"},
		"none without an address":       {step: []string{"mail"}, reason: orchestrator.ReasonNoChannel},
		"stopped on the only one":       {step: []string{"mail", "sms"}, consents: stopped, reason: orchestrator.ReasonStopped},
		"a no to every channel":         {step: []string{"sms", "handset"}, consents: denied, reason: orchestrator.ReasonConsent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := marketing("m_1")
			r.Channels = test.step
			rails := orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Channels: test.workspace}
			got, _, err := orchestrator.JudgeOn(t.Context(), known, &phone{consents: test.consents}, rails, lin, r, noon)
			require.NoError(t, err)
			require.Equal(t, test.channel, got.Channel)
			require.Equal(t, test.reason, got.Reason)
		})
	}
}

// TestJ05_TheEndOfQuietHoursIsSpread: a night's messages to many customers do
// not all leave in the second in which the quiet hours end; each customer has a
// moment of their own, every night the same.
func TestJ05_TheEndOfQuietHoursIsSpread(t *testing.T) {
	t.Parallel()
	rails := orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Quiet: quiet("22:00", "08:00", "delay")}
	until := func(customer string, now time.Time, rails orchestrator.Guardrails) time.Time {
		r := marketing("m_1")
		r.Message.Customer = customer
		d, _, err := orchestrator.Judge(t.Context(), &phone{}, rails, orchestrator.Customer{ID: customer, TimeZone: "Asia/Shanghai"}, r, now)
		require.NoError(t, err)
		require.Equal(t, orchestrator.DeliveryDelayed, d.Delivery)
		return d.Until
	}
	end := clock(32, 0)
	bySecond := map[time.Time]int{}
	const customers = 60_000
	for i := range customers {
		at := until(fmt.Sprint("c_", i), clock(23, 0), rails)
		require.WithinRange(t, at, end, end.Add(orchestrator.QuietSpread))
		bySecond[at]++
	}
	most := 0
	for _, n := range bySecond {
		most = max(most, n)
	}
	require.Less(t, most, 2*customers/600, "no second has twice its share")
	require.Equal(t, until("c_1", clock(23, 0), rails).Add(24*time.Hour), until("c_1", clock(47, 0), rails), "the same every night")

	rails.Quiet = quiet("22:00", "21:59", "delay")
	require.Equal(t, clock(45, 59).UTC(), until("c_2", clock(23, 0), rails), "one minute is left until the next quiet hours")
}
