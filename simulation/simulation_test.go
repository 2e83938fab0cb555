package simulation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/workflows"
)

// fakePlugins has one partner, a shop, whose action "order" asks the shop's
// server, and whose action "tax" needs nobody.
type fakePlugins struct{}

func (fakePlugins) Action(name string) (journey.ActionSpec, bool) {
	object := map[string]any{"type": "object"}
	spec := journey.ActionSpec{Input: object, Output: object, Action: journey.Action{
		Plugin: "shop", Version: "1.0.0", Digest: "d", Timeout: time.Minute, Effect: "write",
	}}
	switch name {
	case "shop.order":
		spec.Name, spec.Undo = "order", "cancel"
	case "shop.cancel":
		spec.Name = "cancel"
	case "shop.tax":
		spec.Name, spec.Effect = "tax", "none"
	default:
		return spec, false
	}
	return spec, true
}

func (fakePlugins) Actions() []string { return []string{"shop.cancel", "shop.order", "shop.tax"} }

func (fakePlugins) Examples(action string) []simulation.Example {
	if action != "shop.order" {
		return nil
	}
	return []simulation.Example{
		{
			Input: json.RawMessage(`{"item":"umbrella","count":2}`), Output: json.RawMessage(`{}`),
			HTTP: []simulation.Exchange{{
				Method: "POST", Path: "/v1/orders", Status: 200,
				Answer: json.RawMessage(`{"id":"order_1","item":"umbrella","count":2,"arrives":"2020-06-01T10:00:00Z"}`),
			}},
		},
		{
			Input: json.RawMessage(`{"item":"umbrella","count":9}`), Error: "none_left",
			HTTP: []simulation.Exchange{{Method: "POST", Path: "/v1/orders", Status: 409, Answer: json.RawMessage(`{"code":"none_left"}`)}},
		},
	}
}

func (fakePlugins) NewKV() simulation.KV { return nil }

// Call is the plugin: it reaches its world as a real one does.
func (fakePlugins) Call(ctx context.Context, in workflows.CallInput, w simulation.World) (map[string]any, error) {
	switch in.Action.Name {
	case "tax":
		amount, _ := in.Input["amount"].(float64)
		return map[string]any{"tax": amount / 10}, nil
	case "cancel":
		return map[string]any{}, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://shop.example/v1/orders", strings.NewReader(`{"x":1}`))
	if err != nil {
		return nil, err
	}
	resp, err := w.HTTP.RoundTrip(req)
	if err != nil {
		return nil, &workflows.CallError{Code: "UNREACHABLE", Message: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, &workflows.CallError{Code: fmt.Sprint(out["code"]), Message: "The shop says no.", Final: resp.StatusCode < 500}
	}
	return out, nil
}

const shop = `
qidong: v1
journey: shop
title: {en: Shop, zh-CN: 商店}
entry: {event: {type: shop.entered, match: event.data.shop == "corner"}, key: event.data.visit}
deadline: 20d
goals: [{id: bought, event: shop.paid}]
exit: [{id: closed, event: shop.closed, undo: true, outcome: closed}]
steps:
  - id: order
    call: {action: shop.order, with: {item: lantern, count: 3}, undo: {action: shop.cancel}}
  - id: offer
    send:
      category: marketing
      text: {en: "Your ${steps.order.item} comes on ${steps.order.arrives}.", zh-CN: "${steps.order.item}"}
      suggestions:
        - {reply: take, text: {en: Take it, zh-CN: 要}}
        - {reply: leave, text: {en: Leave it, zh-CN: 不要}}
  - id: answer
    wait:
      arms:
        - {id: taken, reply: offer, match: event.data.reply == "take"}
        - {id: left, reply: offer, match: event.data.reply == "leave", steps: [{id: end_left, exit: {outcome: left}}]}
        - {id: silent, after: 2d, steps: [{id: end_silent, exit: {outcome: silent}}]}
  - id: payment
    wait:
      arms:
        - {id: paid, event: shop.paid, match: event.data.order == steps.order.id}
        - {id: late, after: 1d, steps: [{id: end_late, exit: {outcome: late, undo: true}}]}
  - {id: end_bought, exit: {outcome: bought}}
`

func options(t *testing.T, behavior string) simulation.Options {
	t.Helper()
	o := simulation.Options{Sources: [][]byte{[]byte(shop)}, Customers: 300, Seed: 1, Plugins: fakePlugins{}}
	if behavior != "" {
		b, err := simulation.ReadBehavior([]byte("qidong: behavior/v1\n" + behavior))
		require.NoError(t, err)
		o.Behavior = b
	}
	return o
}

func run(t *testing.T, o simulation.Options) *simulation.Report {
	t.Helper()
	report, err := simulation.Run(t.Context(), o)
	require.NoError(t, err)
	return report
}

func outcomes(r *simulation.Report) map[string]int {
	out := map[string]int{}
	for _, c := range r.Journeys[0].Outcomes {
		out[c.Name] = c.Count
	}
	return out
}

func TestRun_WithoutABehaviorEveryWayIsTaken(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, ""))
	require.Equal(t, 300, r.Entered)
	got := outcomes(r)
	require.InDelta(t, 0.4*300, float64(got["left"]), 30, "of 80 in 100 who answer, half leave it")
	require.InDelta(t, 0.2*300, float64(got["silent"]), 30)
	require.InDelta(t, 0.4*0.8*300, float64(got["bought"]), 30)
	require.NotZero(t, got["late"])
	require.Len(t, r.Notes, 1, "nothing closes the shop: %v", r.Notes)
	require.Contains(t, r.Notes[0].Text, "shop.closed")
	require.Equal(t, got["bought"], r.Journeys[0].Goals[0].Count)
}

func TestRun_WeightsAreFollowed(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, `
replies:
  offer: [{weight: 3, reply: take, delay: 1h}, {weight: 1, silent: true}]
events:
  - after: payment
    choices: [{type: shop.paid, data: {order: "${steps.order.id}"}, delay: 30m}]
  - after: payment
    choices: [{weight: 1, type: shop.closed, delay: 10m}, {weight: 9}]
`))
	got := outcomes(r)
	require.Zero(t, got["left"])
	require.InDelta(t, 75, float64(got["silent"]), 20)
	require.InDelta(t, 225*0.1, float64(got["closed"]), 15)
	require.Equal(t, got["closed"], r.Journeys[0].Undone[0].Count)
	require.Equal(t, 300, got["silent"]+got["closed"]+got["bought"])
}

func TestRun_APartnersErrorsAreThoseOfItsExamples(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, `
partners:
  shop.order: {answers: [{weight: 9}, {weight: 1, error: none_left}]}
incidents: [{action: retry, delay: 1h}]
`))
	require.Empty(t, outcomes(r)["deadline"])
	require.Len(t, r.Journeys[0].Incidents, 1)
	i := r.Journeys[0].Incidents[0]
	require.Equal(t, "none_left", i.Code)
	require.Equal(t, "The shop says no.", i.Message)
	require.InDelta(t, 33, i.Count, 20)
	require.Zero(t, i.Open)
}

func TestRun_AnUnknownRequestIsNamed(t *testing.T) {
	t.Parallel()
	o := options(t, "")
	o.Customers = 1
	o.Plugins = noExamples{}
	path, err := simulation.One(t.Context(), o, 0)
	require.NoError(t, err)
	require.Contains(t, path.Enrollments[0].Incidents[0].Message, "POST /v1/orders")
	require.Contains(t, path.Notes[0], "Nobody answers POST /v1/orders, which shop.order requests")
}

type noExamples struct{ fakePlugins }

func (noExamples) Examples(string) []simulation.Example { return nil }

func TestOne_AnswersEchoTheCallAndMoveWithTheClock(t *testing.T) {
	t.Parallel()
	o := options(t, "start: 2026-03-02T09:00:00Z\n")
	path, err := simulation.One(t.Context(), o, 0)
	require.NoError(t, err)
	out := path.Calls[0].Output
	require.Equal(t, "order_1", out["id"], "what the example's answer does not repeat stays")
	require.Equal(t, "lantern", out["item"], "the item is the call's, not the example's")
	require.InDelta(t, 3, out["count"], 0)
	require.Equal(t, "2026-03-02T10:00:00Z", out["arrives"], "the first moment after the customer's start, at the same hour")
}

func TestRun_GuardrailsWithholdAndDelay(t *testing.T) {
	t.Parallel()
	r := run(t, options(t, `
start: 2026-03-02T23:00:00+08:00
customers:
  - {weight: 1, timezone: Asia/Shanghai}
  - {weight: 1, timezone: Asia/Shanghai, consents: {marketing: stopped}}
guardrails:
  quiet: {from: "22:00", to: "08:00"}
`))
	withheld := map[string]int{}
	for _, s := range r.Sends {
		for _, w := range s.Withheld {
			withheld[w.Name] += w.Count
		}
	}
	require.InDelta(t, 150, withheld["STOPPED"], 30)
	require.Equal(t, "QUIET_HOURS", r.Delays[0].Reason)
	require.InDelta(t, 150, r.Delays[0].Count, 30)
}

func TestRun_TheReportIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	var first []byte
	for _, workers := range []int{1, 8} {
		o := options(t, "")
		o.Workers = workers
		raw, err := json.Marshal(run(t, o))
		require.NoError(t, err)
		if first == nil {
			first = raw
		}
		require.Equal(t, string(first), string(raw))
	}
}

func TestRun_TellsItsProgressAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := 0
	o := options(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(done, of int) {
		mu.Lock()
		defer mu.Unlock()
		if seen = max(seen, done); done > of/10 {
			cancel()
		}
	}
	_, err := simulation.Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, seen, o.Customers)
}

func TestRun_Refuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(o *simulation.Options)
		want   string
	}{
		"nobody":                  {func(o *simulation.Options) { o.Customers = 0 }, "0 customers"},
		"too many":                {func(o *simulation.Options) { o.Customers = 1e9 }, "give 1 to 100000"},
		"no journey":              {func(o *simulation.Options) { o.Sources = nil }, "no journey"},
		"a journey that is wrong": {func(o *simulation.Options) { o.Sources = [][]byte{[]byte("qidong: v1")} }, "journey is not valid"},
		"one journey twice":       {func(o *simulation.Options) { o.Sources = append(o.Sources, o.Sources[0]) }, "given twice"},
		"a step that nobody has": {func(o *simulation.Options) {
			o.Behavior = &simulation.Behavior{Replies: map[string][]simulation.Reply{"ofer": {{Silent: true}}}}
		}, `has a step "ofer"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t, "")
			tc.change(&o)
			_, err := simulation.Run(t.Context(), o)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestRun_TextIsForPeople(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, run(t, options(t, "")).Text(&b))
	for _, want := range []string{"300 customers, seed 1", "OUTCOME", "bought", "payment", "shop.order", "marketing"} {
		require.Contains(t, b.String(), want)
	}
}

func TestReadBehavior_NamesEveryProblemAndItsPlace(t *testing.T) {
	t.Parallel()
	_, err := simulation.ReadBehavior([]byte(`qidong: behavior/v2
silence: 2
delay: 5m..1m
customers:
  - {timezone: Mars/Olympus, traits: {a: 1}, consents: {marketing: maybe}}
replies:
  promo: [{reply: 5}]
events:
  - choices: [{data: {x: "${steps."}}]
partners:
  a.b: {answers: [{http: [{status: 99}]}]}
`))
	var invalid *orchestrator.ValidationError
	require.ErrorAs(t, err, &invalid)
	var got []string
	for _, p := range invalid.Problems {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Code))
	}
	// What cannot be read is told first; what was read is judged afterwards.
	require.Equal(t, []string{"3 BAD_VALUE", "7 WRONG_TYPE", "9 BAD_EXPRESSION"}, got)
	_, err = simulation.ReadBehavior([]byte(`qidong: behavior/v2
silence: 2
customers:
  - {timezone: Mars/Olympus, consents: {marketing: maybe}}
replies:
  promo: [{reply: take, silent: true}]
partners:
  a.b: {answers: [{http: [{status: 99}]}]}
`))
	require.ErrorAs(t, err, &invalid)
	got = nil
	for _, p := range invalid.Problems {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Code))
	}
	require.Equal(t, []string{"1 BAD_FORMAT", "2 OUT_OF_RANGE", "4 BAD_TIMEZONE", "4 BAD_VALUE", "6 AMBIGUOUS", "8 OUT_OF_RANGE"}, got)
}

// Hostile files are refused in bounded time, with a sentence.
func TestReadBehavior_RefusesHostileFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ source, want string }{
		"large":            {"a: " + strings.Repeat("x", simulation.MaxSource), "at most 1048576"},
		"deep":             {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested deeper"},
		"many values":      {"a: [" + strings.Repeat("1,", 60_000) + "]", "more than 50000 values"},
		"aliases":          {"a: &a [1]\nb: [*a, *a]", "aliases"},
		"two documents":    {"qidong: behavior/v1\n---\n{}", "more than one document"},
		"nothing":          {"", "empty"},
		"no YAML":          {"a: [", "not YAML"},
		"no UTF-8":         {"a: \xff", "UTF-8"},
		"a number too big": {"qidong: behavior/v1\nsilence: .inf", "number"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := simulation.ReadBehavior([]byte(tc.source))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func FuzzReadBehavior(f *testing.F) {
	f.Add([]byte("qidong: behavior/v1\nevents: [{after: x, choices: [{type: t, data: {a: \"${1+1}\"}}]}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		b, err := simulation.ReadBehavior(src)
		if (b == nil) == (err == nil) {
			t.Errorf("gave %v and %v", b, err)
		}
	})
}
