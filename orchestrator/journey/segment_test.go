package journey_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// history is what happened to a customer, by type of event.
type history map[string][]journey.Fact

func (h history) at(now time.Time, customer map[string]any) journey.Moment {
	return journey.Moment{Now: now, Customer: customer, Tally: func(s journey.Series) (journey.Tally, error) {
		return s.Tally(h[s.Type], now), nil
	}}
}

func rule(t require.TestingT, source string) *journey.Rule {
	r, problems := journey.CompileRule(source)
	require.Empty(t, problems, source)
	return r
}

func judge(t require.TestingT, r *journey.Rule, m journey.Moment) journey.Judgement {
	j, err := r.Judge(m)
	require.NoError(t, err)
	return j
}

func aCustomer() map[string]any {
	return map[string]any{
		"id": "c_1", "name": "Lin", "locale": "zh-CN", "timezone": "Asia/Shanghai", "tags": []any{"vip"},
		"traits": map[string]any{"tier": "gold", "age": 31.0, "birthday": "1990-06-02T00:00:00Z", "until": "2026-06-03T12:00:00Z"},
	}
}

func hoursAgo(hours ...int) (out []journey.Fact) {
	for _, h := range hours {
		out = append(out, journey.Fact{At: noon.Add(-time.Duration(h) * time.Hour), Value: 10_500_000})
	}
	return out
}

func TestRulesTellWhoIsAMemberAndUntilWhen(t *testing.T) {
	t.Parallel()
	past := history{"order.placed": hoursAgo(1, 30, 100), "app.opened": hoursAgo(50)}
	for source, want := range map[string]struct {
		member bool
		next   string // hours from noon on; "" is never
	}{
		`true`:                                                                      {true, ""},
		`customer.traits.tier == "gold"`:                                            {true, ""},
		`"vip" in customer.tags`:                                                    {true, ""},
		`customer.locale.startsWith("zh")`:                                          {true, ""},
		`customer.traits.age >= 18`:                                                 {true, ""},
		`has(customer.traits.nothing)`:                                              {false, ""},
		`count("order.placed") == 3`:                                                {true, ""},
		`count("never") == 0`:                                                       {true, ""},
		`count("order.placed", "2d") >= 2`:                                          {true, "18h"},
		`count("order.placed", duration("30h")) >= 2`:                               {false, "29h"}, // a window is without its end
		`count("order.placed", "1h30m") == 0`:                                       {false, "30m"},
		`sum("order.placed", "total") > 31.4`:                                       {true, ""},
		`sum("order.placed", "total", "31h") == 21.0`:                               {true, "1h"},
		`last("order.placed") < now - duration("72h")`:                              {false, "71h0m0.000001s"},
		`last("order.placed") <= now - duration("72h")`:                             {false, "71h"},
		`now - last("app.opened") > duration("49h")`:                                {true, ""},
		`now - first("order.placed") >= duration("168h")`:                           {false, "68h"},
		`last("never") == null`:                                                     {true, ""},
		`last("never") == null || now - last("never") > duration("1h")`:             {true, ""},
		`timestamp(customer.traits.until) > now`:                                    {true, "48h"},
		`customer.traits.tier == "gold" || now > timestamp("2026-06-02T00:00:00Z")`: {true, ""},
		`customer.traits.tier == "tin" || now > timestamp("2026-06-02T00:00:00Z")`:  {false, "12h"},
		`timestamp(customer.traits.birthday).getMonth() == now.getMonth()`:          {true, "12h"},
		`timestamp(customer.traits.birthday).getDayOfMonth() == now.getDayOfMonth(customer.timezone)`: {false, "4h"},
		`now.getHours("Asia/Shanghai") == 20`:                                                {true, "1h"},
		`(now - timestamp("2026-06-01T10:30:00Z")).getHours() >= 2`:                          {false, "30m"},
		`customer.tags.exists(tag, tag == "vip" && now > timestamp("2026-06-02T00:00:00Z"))`: {false, "12h"},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			r := rule(t, source)
			j := judge(t, r, past.at(noon, aCustomer()))
			require.NoError(t, j.Trouble)
			require.Equal(t, want.member, j.Member)
			if want.next == "" {
				require.Zero(t, j.Next)
				return
			}
			require.True(t, r.Timed())
			wait, err := time.ParseDuration(want.next)
			require.NoError(t, err)
			if wait%time.Hour == time.Microsecond { // first equal, then past it
				require.Equal(t, noon.Add(wait-time.Microsecond), j.Next)
				j = judge(t, r, past.at(j.Next, aCustomer()))
			}
			require.Equal(t, noon.Add(wait), j.Next)
		})
	}
}

func TestRulesKnowWhatTheyCount(t *testing.T) {
	t.Parallel()
	r := rule(t, `count("a") > 1 || count("a", "2d") > 1 || count("a", duration("48h")) > 2 || sum("a", "x.y", "2d") > 1 || last("b") != null || first("b") != null`)
	require.ElementsMatch(t, []journey.Series{
		{Type: "a"}, {Type: "a", Window: 48 * time.Hour}, {Type: "a", Field: "x.y", Window: 48 * time.Hour}, {Type: "b"},
	}, r.Series())
	require.True(t, r.Timed())
	require.False(t, rule(t, `last("b") != null`).Timed())
}

func TestRulesThatCannotBeJudgedHaveNoMembers(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`customer.traits.missing == 1`, `!(customer.traits.missing == 1)`, `customer.traits.tier > 1`, `customer.traits.tier`,
		`last("never") < now`, `timestamp(customer.traits.tier) < now`,
		`[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, customer.name != "x")))))`,
	} {
		r, problems := journey.CompileRule(source)
		if len(problems) > 0 {
			require.Equal(t, "TOO_COSTLY", problems[0].Code, source)
			continue
		}
		j := judge(t, r, history{}.at(noon, aCustomer()))
		require.False(t, j.Member, source)
		require.Error(t, j.Trouble, source)
	}
	_, err := rule(t, `count("a") > 1`).Judge(journey.Moment{Now: noon, Customer: aCustomer(), Tally: func(journey.Series) (journey.Tally, error) {
		return journey.Tally{}, errors.New("the store is away")
	}})
	require.EqualError(t, err, "the store is away", "which says nothing about the customer")
}

func TestHostileRulesAreRefusedInASentence(t *testing.T) {
	t.Parallel()
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("count(%q) > 0", fmt.Sprint("t", i))
	}
	for source, says := range map[string]string{
		``:                                   "The rule is empty.",
		`1`:                                  "The rule gives a number where true or false is needed.",
		`now`:                                "a moment where true or false",
		`customer.tier == "gold"`:            "A customer has no field",
		`event.type == "a"`:                  "undeclared reference",
		`count("a") > "x"`:                   "no matching overload",
		`count(customer.name) > 1`:           "as a text in quotes",
		`count("") > 1`:                      "of 1 to 256 characters",
		`count("a", "10s") > 1`:              "from 1m0s to 400d",
		`count("a", "500d") > 1`:             "from 1m0s to 400d",
		`count("a", now) > 1`:                "from 1m0s to 400d",
		`sum("a") > 1.0`:                     "undeclared reference",
		`sum("a", 1) > 1.0`:                  "the field of the event's data",
		`count("qidong.segment.joined") > 1`: "joining and leaving",
		`string(now) > "2026"`:               "when the passing of time changes",
		`[now].exists(n, n > timestamp("2026-06-02T00:00:00Z"))`:                "when the passing of time changes",
		`now.getMilliseconds() == 1`:                                            "when the passing of time changes",
		`(customer.name == "" ? now : timestamp("2026-06-02T00:00:00Z")) > now`: "when the passing of time changes",
		strings.Join(many, " || "):                                              "in 21 ways; the limit is 20",
		strings.Repeat("(", 200):                                                "",
		`"` + strings.Repeat("x", 3000) + `" == ""`:                             "the limit is 2048",
		`@moment == 1`: "",
	} {
		t.Run(fmt.Sprintf("%.40q", source), func(t *testing.T) {
			t.Parallel()
			r, problems := journey.CompileRule(source)
			require.Nil(t, r)
			require.NotEmpty(t, problems)
			require.Contains(t, problems[0].Message, says)
			require.Equal(t, "rule", problems[0].Path)
		})
	}
}

// TestNothingChangesBeforeNext judges rules at many moments: until the one that
// Judge names, the answer stays.
func TestNothingChangesBeforeNext(t *testing.T) {
	t.Parallel()
	parts := []string{
		`count("a", "3h") >= 2`, `count("a", "1d") < 3`, `sum("a", "x", "5h") > 2.0`, `count("a") > 3`,
		`now - last("a") > duration("4h")`, `last("b") >= now - duration("90m")`, `first("a") + duration("7h") == now`,
		`now.getHours(customer.timezone) > 12`, `now.getDayOfWeek("America/New_York") == 1`, `timestamp("2026-06-01T20:00:00Z") < now`,
		`(now - first("b")).getHours() % 2 == 0`, `last("a") == null`, `has(customer.traits.tier)`,
	}
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom(parts)
		source := part.Draw(t, "first")
		for range rapid.IntRange(0, 3).Draw(t, "more") {
			source = "(" + source + rapid.SampledFrom([]string{" && ", " || ", " && !", " == "}).Draw(t, "operator") + "(" + part.Draw(t, "part") + "))"
		}
		r := rule(t, source)
		past := history{}
		for range rapid.IntRange(0, 6).Draw(t, "events") {
			kind := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "type")
			past[kind] = append(past[kind], journey.Fact{
				At: noon.Add(-time.Duration(rapid.IntRange(-60, 1500).Draw(t, "minutes")) * time.Minute), Value: 1_000_000,
			})
		}
		customer := aCustomer()
		now := noon
		for range 20 {
			j := judge(t, r, past.at(now, customer))
			end := j.Next
			if end.IsZero() {
				end = now.AddDate(0, 0, 3)
			}
			for range 5 {
				between := now.Add(time.Duration(rand.Int64N(int64(end.Sub(now))))).Truncate(time.Microsecond)
				again := judge(t, r, past.at(between, customer))
				if again.Member != j.Member {
					t.Fatalf("%s: %v at %v, %v at %v, before %v", source, j.Member, now, again.Member, between, end)
				}
			}
			if j.Next.IsZero() {
				return
			}
			now = j.Next
		}
	})
}

func FuzzCompileRule(f *testing.F) {
	for _, s := range []string{`count("a", "3h") >= 2 && now - last("a") > duration("4h")`, `customer.tags.exists(t, t == "x")`, `now.getHours() == 1`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		r, problems := journey.CompileRule(source)
		require.Equal(t, r == nil, len(problems) > 0)
		if r == nil {
			return
		}
		j := judge(t, r, history{"a": hoursAgo(1, 2)}.at(noon, aCustomer()))
		require.False(t, j.Member && j.Trouble != nil)
		require.True(t, j.Next.IsZero() || j.Next.After(noon))
	})
}
