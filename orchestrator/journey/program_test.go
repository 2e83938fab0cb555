package journey_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

const movieNight = "../../examples/journeys/movie-night.yaml"

func program(t testing.TB, source []byte) *journey.Program {
	t.Helper()
	def, problems := journey.Compile(source, journeytest.Catalog())
	require.Empty(t, problems)
	p, err := journey.NewProgram(def)
	require.NoError(t, err)
	return p
}

func movie(t testing.TB) *journey.Program {
	t.Helper()
	src, err := os.ReadFile(movieNight)
	require.NoError(t, err)
	return program(t, src)
}

func TestProgram_Next(t *testing.T) {
	t.Parallel()
	p := movie(t)
	tests := []struct{ name, step, arm, want string }{
		{"a step without arms goes on", "shows", "", "promo"},
		{"an arm without steps rejoins after its block", "choice", "chosen", "hold"},
		{"an arm with steps begins with its first", "choice", "declined", "end_declined"},
		{"the last step of an arm climbs out of the block", "reading", "", "checkin"},
		{"the last step ends the journey", "end_completed", "", ""},
		{"the last step of an exit ends", "tell_cancelled", "", ""},
		{"an unknown step goes nowhere", "nope", "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, p.Next(tc.step, tc.arm))
		})
	}
	require.Equal(t, []string{"ride_choice/wanted"}, p.Path("ride"))
	require.Equal(t, "shows", p.First())
	require.Equal(t, "tell_cancelled", p.ExitFirst(0))
	require.True(t, p.Listens("bank.payment.failed"))
	require.True(t, p.Listens(journey.EventReply))
	require.False(t, p.Listens("other"))
}

// evening is what movie night has bound by its end.
func evening(locale string) journey.Scope {
	return journey.Scope{
		Now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Customer: map[string]any{
			"id": "c_1", "name": "Lin", "locale": locale, "timezone": "Asia/Shanghai",
			"traits": map[string]any{"home": map[string]any{"address": "1 Long Lane", "latitude": 31.2, "longitude": 121.4}},
		},
		Vars: map[string]any{"film_id": "deep-current", "seats": 2.0},
		Steps: map[string]any{
			"shows": map[string]any{"shows": []any{show("s1"), show("s2"), show("s3")}},
			"hold": map[string]any{
				"hold_id": "h1", "show_id": "s1", "film": "Deep Current", "cinema": "Grand Harbor", "hall": "Hall 3", "address": "9 Bund Road",
				"latitude": 31.23, "longitude": 121.5, "starts_at": "2026-11-28T19:30:00+08:00", "ends_at": "2026-11-28T21:40:00+08:00",
				"seat_labels": "F7, F8", "total": 128.0, "synopsis": "A diver returns.", "reading_url": "https://cinema.example/reading",
			},
			"charge": map[string]any{"payment_id": "p1", "pay_url": "https://bank.example/pay/p1"},
			"ticket": map[string]any{"ticket_id": "t1", "checkin_url": "https://cinema.example/checkin/t1"},
			"ride":   map[string]any{"driver": "Chen", "plate": "沪A 12345"},
			"nps":    map[string]any{"answered": true, "score": 9.0},
			"points": map[string]any{"granted": 120.0, "balance": 320.0},
		},
	}
}

func show(id string) map[string]any {
	return map[string]any{
		"show_id": id, "film": "Deep Current", "cinema": "Grand Harbor", "hall": "Hall 3", "price": 64.0,
		"starts_at": "2026-11-28T19:30:00+08:00", "poster_url": "https://cinema.example/poster.png",
	}
}

// TestProgram_Message renders every message of the movie night in both
// languages and checks each GSMA part against GSMA's own schema.
func TestProgram_Message(t *testing.T) {
	t.Parallel()
	schema := gsmaSchema(t)
	p := movie(t)
	for _, locale := range []string{"en", "zh-CN"} {
		for _, step := range []string{"promo", "pay_card", "tell_failed", "tell_unpaid", "ticket_card", "ride_offer", "reading", "nps", "thanks", "tell_cancelled"} {
			m, err := p.Message(step, "m_test", evening(locale))
			require.NoError(t, err, step)
			valid(t, schema, m)
		}
	}
	m, err := p.Message("ticket_card", "m_test", evening("zh-CN"))
	require.NoError(t, err)
	require.Equal(t, []string{"https://cinema.example/checkin/t1"}, m.QR)
	require.Contains(t, string(m.Parts[0].Body), "11月28日 周六 19:30")
	m, err = p.Message("promo", "m_test", evening("en"))
	require.NoError(t, err)
	require.Contains(t, string(m.Parts[0].Body), "Sat 28 Nov, 19:30 · Hall 3 · ¥64 a seat")
	require.Equal(t, journey.ReplyMeaning{Reply: "choose", Value: map[string]any{"show_id": "s2"}, Text: "Book this show"}, m.Replies["m_test.1"])
}

func gsmaSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile("testdata/gsma_chatbot_message_schema.json")
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.AssertFormat()
	require.NoError(t, c.AddResource("gsma.json", doc))
	s, err := c.Compile("gsma.json")
	require.NoError(t, err)
	return s
}

// TestGSMASchema_TellsGoodFromBad shows that the oracle above can refuse.
func TestGSMASchema_TellsGoodFromBad(t *testing.T) {
	t.Parallel()
	schema := gsmaSchema(t)
	b, err := os.ReadFile("testdata/gsma_cases.json")
	require.NoError(t, err)
	var cases struct{ Good, Bad map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal(b, &cases))
	require.NotEmpty(t, cases.Bad)
	for name, body := range cases.Good {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v), name)
	}
	for name, body := range cases.Bad {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		require.NoError(t, err)
		require.Error(t, schema.Validate(v), name)
	}
}

func TestProgram_P36_RefusesAPartnersScript(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "//evil.example", "https://u:p@evil.example", "file:///etc/passwd", ""} {
		s := evening("en")
		s.Steps["charge"] = map[string]any{"pay_url": address}
		_, err := movie(t).Message("pay_card", "m", s)
		require.ErrorContains(t, err, "open_url", address)
	}
}

func TestProgram_Evaluates(t *testing.T) {
	t.Parallel()
	p, s := movie(t), evening("en")
	in, err := p.Input("charge", s)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"amount": int64(128), "currency": "CNY", "customer_ref": "c_1", "description": "Deep Current × 2"}, in)
	s.CallKey = "e/hold/1"
	undo, err := p.UndoInput("hold", s)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"hold_key": "e/hold/1"}, undo)

	arm, at, err := p.Timeout("before_show", s)
	require.NoError(t, err)
	require.Equal(t, "due", arm)
	require.True(t, at.Equal(time.Date(2026, 11, 28, 18, 0, 0, 0, time.FixedZone("", 8*3600))))

	s.Event = map[string]any{"type": journey.EventReply, "data": map[string]any{"step": "promo", "reply": "choose"}}
	for arm, want := range []bool{true, false, false} {
		got, err := p.ArmMatches("choice", arm, s)
		require.NoError(t, err)
		require.Equal(t, want, got, arm)
	}
	s.Event = map[string]any{"type": "cinema.show.cancelled", "data": map[string]any{"show_id": "s1"}}
	got, err := p.ExitMatches(0, s)
	require.NoError(t, err)
	require.True(t, got)
	s.Steps = map[string]any{}
	got, err = p.ExitMatches(0, s)
	require.NoError(t, err)
	require.False(t, got, "no seats are held yet")
	_, err = p.Input("charge", s)
	require.ErrorContains(t, err, "steps.hold.total")
}

func TestProgram_Variables(t *testing.T) {
	t.Parallel()
	p := movie(t)
	got, err := p.Variables(map[string]any{"seats": 3})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"film_id": "deep-current", "seats": 3.0}, got)
	for _, bad := range []map[string]any{{"seats": 7}, {"seats": "two"}, {"rows": 1}} {
		_, err := p.Variables(bad)
		require.Error(t, err, bad)
	}
}

func TestDigest_SurvivesTheStore(t *testing.T) {
	t.Parallel()
	def := movie(t).Definition()
	comesBack(t, def)
	before := journey.Digest(def)
	require.Len(t, before, 64)
	def.Steps[0].ID = "other"
	require.NotEqual(t, before, journey.Digest(def))
}

// Any definition that can be written down comes back from the store as it was.
func TestDigest_SurvivesTheStoreForAnyDefinition(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z][a-z0-9_]{0,9}`)
	text := rapid.Custom(func(t *rapid.T) map[string]string {
		return map[string]string{"en": rapid.String().Draw(t, "en"), "zh-CN": rapid.String().Draw(t, "zh")}
	})
	scalar := rapid.OneOf(rapid.Just[any](nil), rapid.String().AsAny(), rapid.Bool().AsAny(), rapid.Float64Range(-1e15, 1e15).AsAny())
	duration := rapid.Custom(func(t *rapid.T) string {
		return journey.Duration(rapid.Int64Range(1, int64(36500*24*time.Hour)).Draw(t, "duration")).String()
	})
	rapid.Check(t, func(t *rapid.T) {
		src, err := json.Marshal(map[string]any{
			"qidong": "v1", "journey": "test", "title": text.Draw(t, "title"), "deadline": duration.Draw(t, "deadline"),
			"entry": map[string]any{"event": map[string]any{"type": "a"}},
			"steps": []any{
				map[string]any{"id": "first", "title": text.Draw(t, "step"), "call": map[string]any{
					"action": "test.echo", "with": rapid.MapOf(word, scalar).Draw(t, "with"),
				}, "retry": map[string]any{"attempts": rapid.IntRange(1, 100).Draw(t, "attempts")}},
				map[string]any{"id": "second", "wait": map[string]any{"arms": []any{map[string]any{"id": "due", "after": duration.Draw(t, "after")}}}},
			},
		})
		require.NoError(t, err)
		if bytes.Contains(src, []byte("${")) {
			t.Skip("an expression")
		}
		def, problems := journey.Compile(src, journeytest.Catalog())
		require.Empty(t, problems)
		comesBack(t, def)
	})
}

func TestProgram_RefusesToTakeAStepForWhatItIsNot(t *testing.T) {
	t.Parallel()
	p, s := movie(t), evening("en")
	for _, step := range []string{"nope", "end_completed"} {
		_, err := p.Input(step, s)
		require.ErrorContains(t, err, "no such call")
		_, err = p.UndoInput(step, s)
		require.ErrorContains(t, err, "no such call with an undo")
		_, err = p.ArmMatches(step, 0, s)
		require.ErrorContains(t, err, "no such wait")
		_, _, err = p.Timeout(step, s)
		require.ErrorContains(t, err, "no such wait or survey")
		_, err = p.ChooseArm(step, s)
		require.ErrorContains(t, err, "no such choose")
		_, err = p.Message(step, "m", s)
		require.ErrorContains(t, err, "no such send or survey")
	}
	_, err := p.ArmMatches("choice", 3, s)
	require.Error(t, err)
	_, err = p.ExitMatches(1, s)
	require.Error(t, err)
	_, err = p.UndoInput("points", s)
	require.Error(t, err, "points says undo: none")
}

func TestProgram_Entry(t *testing.T) {
	t.Parallel()
	p := movie(t)
	s := journey.Scope{Event: map[string]any{"type": "qidong.promotion.requested", "data": map[string]any{"journey": "movie-night", "key": "november"}}}
	ok, err := p.EntryMatches(s)
	require.NoError(t, err)
	require.True(t, ok)
	key, err := p.EntryKey(s)
	require.NoError(t, err)
	require.Equal(t, "november", key)
	s.Event["data"] = map[string]any{"journey": "other", "key": strings.Repeat("x", 300)}
	ok, err = p.EntryMatches(s)
	require.NoError(t, err)
	require.False(t, ok)
	_, err = p.EntryKey(s)
	require.ErrorContains(t, err, "entry.key: ")
	require.ErrorContains(t, err, "the limit is 256")
	s.Event["data"] = nil
	_, err = p.EntryMatches(s)
	require.ErrorContains(t, err, "entry.event.match: ")
}

func TestProgram_ChooseArm(t *testing.T) {
	t.Parallel()
	p := program(t, []byte(`
qidong: v1
journey: test
title: Test
entry: {event: {type: a}}
variables: {type: object, properties: {score: {type: integer}}}
steps:
  - id: which
    choose:
      arms:
        - {id: high, when: vars.score > 8, steps: [{id: end_high, exit: {outcome: high}}]}
        - {id: middle, when: vars.score > 5}
      otherwise: {steps: [{id: end_low, exit: {outcome: low}}]}
  - {id: done, exit: {outcome: done}}
`))
	for score, want := range map[int][2]string{9: {"high", "end_high"}, 7: {"middle", "done"}, 1: {"otherwise", "end_low"}} {
		arm, err := p.ChooseArm("which", vars(map[string]any{"score": score}))
		require.NoError(t, err)
		require.Equal(t, want[0], arm)
		require.Equal(t, want[1], p.Next("which", arm))
	}
	_, err := p.ChooseArm("which", vars(nil))
	require.ErrorContains(t, err, `steps.which.choose.arms.high.when: evaluating "vars.score > 8": no such key: score`)
}

func TestProgram_IsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := movie(t)
	for range 8 {
		t.Run("one of several", func(t *testing.T) {
			t.Parallel()
			for _, locale := range []string{"en", "zh-CN"} {
				_, err := p.Message("promo", "m", evening(locale))
				require.NoError(t, err)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	src, err := os.ReadFile(movieNight)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := journey.Compile(src, journeytest.Catalog()); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

func BenchmarkNewProgram(b *testing.B) {
	def := movie(b).Definition()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := journey.NewProgram(def); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	p, s := movie(b), evening("en")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Message("promo", "m", s); err != nil {
			b.Fatal(err)
		}
	}
}
