package simulation_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/simulation"
)

// check runs the cases of a suite against the shop.
func check(t *testing.T, cases string) []simulation.Result {
	t.Helper()
	s, err := simulation.ReadSuite([]byte("qidong: test/v1\n" + cases))
	require.NoError(t, err)
	results, err := s.Run(t.Context(), simulation.TestOptions{
		Plugins: fakePlugins{}, File: "shop.test.yaml", Match: regexp.MustCompile(""), Open: open,
	})
	require.NoError(t, err)
	return results
}

func open(name string) ([]byte, error) {
	if name != "shop.yaml" {
		return nil, errors.New("there is no file " + name)
	}
	return []byte(shop), nil
}

func TestSuite_PassesWhenEverythingIsAsExpected(t *testing.T) {
	t.Parallel()
	results := check(t, `
customer: {locale: en, timezone: Asia/Shanghai}
cases:
  - name: Who takes and pays has bought
    when:
      - {after: offer, reply: take, delay: 1h}
      - {after: payment, event: shop.paid, data: {order: "${steps.order.id}"}, delay: 5m}
    expect:
      status: ended
      outcome: bought
      path: [order, offer, answer, payment, end_bought]
      steps: [order, payment]
      messages: [{step: offer, text: Your lantern comes, replies: [Take it]}]
      calls: [{action: shop.order, with: {item: lantern}}]
      goals: [bought]
      undone: []
      incidents: []
      bindings: {answer.arm: taken, order.id: order_1}
      took: 1h..2h
      not: {steps: [end_left], messages: [{text: Sold out}], calls: [shop.cancel]}
  - name: Who is too late gives it back
    when: [{after: offer, reply: take}]
    expect: {outcome: late, undone: [shop.cancel], goals: [], not: {goals: [bought]}}
  - name: A failed order is held until an operator supplies its result
    partners: {shop.order: {answers: [{error: none_left}]}}
    when: [{after: order, operator: supply, result: {id: o2, item: lamp, arrives: soon}, delay: 1h}]
    expect: {outcome: silent, incidents: [{step: order, code: none_left}], messages: [{text: Your lamp comes on soon}]}
  - name: A stopped customer gets no marketing
    when: [{text: STOP}, {after: order, event: shop.other, delay: 1m}]
    partners: {shop.order: {latency: 10s}}
    expect: {messages: [{step: offer, withheld: STOPPED}], outcome: silent}
`)
	require.Len(t, results, 4)
	for _, r := range results {
		require.Empty(t, r.Mismatches, r.Name)
	}
}

// Every expectation can fail, at its own place.
func TestSuite_ShowsWhatIsNotAsExpected(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ expect, what, got string }{
		"status":          {"status: held", "status", "ended"},
		"outcome":         {"outcome: bought", "outcome", "left"},
		"path":            {"path: [order, answer]", "path", "order, →offer"},
		"steps":           {"steps: [offer, order]", "steps[1]", "order, offer"},
		"message":         {"messages: [{step: offer, text: Free}]", "messages[0]", "Your lantern comes"},
		"suggestion":      {"messages: [{step: offer, replies: [Maybe]}]", "messages[0]", "Take it"},
		"withheld":        {"messages: [{step: offer, withheld: CAP}]", "messages[0]", "Your lantern"},
		"call":            {"calls: [{action: shop.order, with: {item: lamp}}]", "calls[0]", "lantern"},
		"goal":            {"goals: [bought]", "goals[0]", "nothing"},
		"undone":          {"undone: [shop.cancel]", "undone", "nothing"},
		"incidents":       {"incidents: [{step: order}]", "incidents", "nothing"},
		"bindings":        {"bindings: {order.item: lamp}", "bindings.order.item", "lantern"},
		"traits":          {"traits: {tier: gold}", "traits.tier", "null"},
		"tags":            {"tags: [vip]", "tags", "nothing"},
		"took":            {"took: 2d..3d", "took", "1h0m0s"},
		"not a step":      {"not: {steps: [offer]}", "not.steps[0]", "order, offer"},
		"not a message":   {"not: {messages: [{text: lantern}]}", "not.messages[0]", "Your lantern"},
		"not a call":      {"not: {calls: [shop.order]}", "not.calls[0]", "shop.order"},
		"another journey": {"journeys: {other: {outcome: x}}", "journeys.other", "did not enter"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := check(t, "cases:\n  - name: x\n    when: [{after: offer, reply: leave, delay: 1h}]\n    expect:\n      "+tc.expect+"\n")
			require.Len(t, results[0].Mismatches, 1)
			m := results[0].Mismatches[0]
			require.Contains(t, m.What, tc.what)
			require.Contains(t, m.Got, tc.got)
			require.Equal(t, 6, m.Line)
		})
	}
}

func TestSuite_SaysWhatNeverHappened(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ when, why string }{
		"at a step that was not reached":   {"{after: payment, event: shop.paid}", "visit 1 of step payment did not come"},
		"with a suggestion that is not":    {"{after: offer, reply: maybe}", "no such suggestion; it has [take (Take it) leave (Leave it)]"},
		"to a message that was not sent":   {"{after: order, to: answer, reply: take}", "no message of step answer"},
		"by an operator, without incident": {"{after: order, operator: retry}", "visit 1 of step order"},
		"with data that cannot be made":    {`{event: x, data: {y: "${steps.nothing.z}"}}`, "data could not be made"},
		"after the end":                    {"{delay: 100d, event: x}", "everything had ended before"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := check(t, "cases:\n  - name: x\n    watch: 30d\n    when: ["+tc.when+"]\n")
			require.Len(t, results[0].Mismatches, 1)
			require.Contains(t, results[0].Mismatches[0].Got, tc.why)
		})
	}
}

func TestReadSuite_NamesEveryProblemAndItsPlace(t *testing.T) {
	t.Parallel()
	_, err := simulation.ReadSuite([]byte(`qidong: test/v1
journey: ../../secret.yaml
cases:
  - name: a
    when:
      - {after: x, reply: y, event: z}
      - {reply: y}
  - name: a
`))
	var invalid *orchestrator.ValidationError
	require.ErrorAs(t, err, &invalid)
	var got []string
	for _, p := range invalid.Problems {
		got = append(got, p.Code)
	}
	require.Equal(t, []string{"BAD_FILE", "AMBIGUOUS", "REQUIRED", "BAD_NAME"}, got)
}

func TestSuite_AWrongJourneyIsNoFailedCase(t *testing.T) {
	t.Parallel()
	s, err := simulation.ReadSuite([]byte("qidong: test/v1\ncases: [{name: a}]"))
	require.NoError(t, err)
	_, err = s.Run(t.Context(), simulation.TestOptions{Plugins: fakePlugins{}, File: "shop.test.yaml", Open: func(string) ([]byte, error) {
		return []byte(strings.Replace(shop, "shop.order", "shop.oder", 1)), nil
	}})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	_, err = s.Run(t.Context(), simulation.TestOptions{Plugins: fakePlugins{}, File: "other.test.yaml", Open: open})
	require.ErrorContains(t, err, "other.yaml")
}
