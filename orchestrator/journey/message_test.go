package journey_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
)

// sending is a journey that sends one message; body is YAML in flow style.
func sending(t testing.TB, body string) *journey.Program {
	t.Helper()
	return program(t, []byte(`
qidong: v1
journey: test
title: Test
entry: {event: {type: a}}
variables: {type: object}
steps:
  - {id: say, send: {category: service, `+body+`}}
`))
}

// vars is a scope with these variables.
func vars(v map[string]any) journey.Scope {
	return journey.Scope{Customer: map[string]any{"locale": "en"}, Vars: v}
}

// valid checks every GSMA part of a message against GSMA's schema.
func valid(t testing.TB, schema *jsonschema.Schema, m journey.Message) {
	t.Helper()
	require.NotEmpty(t, m.Parts)
	for _, part := range m.Parts {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(part.Body))
		require.NoError(t, err)
		if part.ContentType == journey.ContentText {
			require.IsType(t, "", v)
			continue
		}
		require.NoError(t, schema.Validate(v), string(part.Body))
	}
}

// What data bring is never a reason to send something that a phone refuses.
func TestMessage_IsValidWhateverTheDataAre(t *testing.T) {
	t.Parallel()
	schema := gsmaSchema(t)
	long := strings.Repeat("电影🎬", 5000)
	shows := func(n int) []any {
		return make([]any, n)
	}
	tests := map[string]struct {
		body string
		vars map[string]any
		want string // in the first part
	}{
		"a long title and description":  {`card: {title: "${vars.x}", description: "${vars.x}"}`, map[string]any{"x": long}, "…"},
		"a title with an endless text":  {`card: {title: "${vars.x}${vars.x}${vars.x}"}`, map[string]any{"x": long + long}, "…"},
		"an empty title":                {`card: {title: "${vars.x}", description: Here}`, map[string]any{"x": ""}, "Here"},
		"nothing in a text":             {`text: "a${vars.x}b"`, map[string]any{"x": nil}, `"ab"`},
		"a long text":                   {`text: "${vars.x}"`, map[string]any{"x": long}, "…"},
		"an empty label":                {`card: {title: a, suggestions: [{reply: a, text: "${vars.x}"}]}`, map[string]any{"x": ""}, `"displayText":"…"`},
		"a long label":                  {`card: {title: a, suggestions: [{reply: a, text: "${vars.x}"}]}`, map[string]any{"x": long}, "…"},
		"a list of one":                 {`carousel: {each: vars.x, as: show, card: {title: a}}`, map[string]any{"x": shows(1)}, "generalPurposeCard\""},
		"a list of two":                 {`carousel: {each: vars.x, as: show, card: {title: a}}`, map[string]any{"x": shows(2)}, "generalPurposeCardCarousel"},
		"a list of thirty":              {`carousel: {each: vars.x, as: show, card: {title: a}}`, map[string]any{"x": shows(30)}, "generalPurposeCardCarousel"},
		"an address with spaces":        {`card: {media: {url: "${vars.x}", type: image/png}}`, map[string]any{"x": "https://a.example/a b.png"}, "https://a.example/a%20b.png"},
		"a place without a name":        {`card: {title: a, suggestions: [{text: Map, show_location: {latitude: vars.x, longitude: 121.5, label: "${vars.y}"}}]}`, map[string]any{"x": 31.0, "y": ""}, `"latitude":31`},
		"an appointment":                {`card: {title: a, suggestions: [{text: Save, calendar: {title: "${vars.x}", description: "${vars.x}", start: vars.at, end: timestamp(vars.at) + duration("2h")}}]}`, map[string]any{"x": long, "at": "2026-11-28T19:30:00+08:00"}, `"endTime":"2026-11-28T13:30:00Z"`},
		"an appointment without a name": {`card: {title: a, suggestions: [{text: Save, calendar: {title: "${vars.x}", start: vars.at, end: vars.at}}]}`, map[string]any{"x": "", "at": "2026-11-28T19:30:00+08:00"}, `"title":"…"`},
		"a whole amount":                {`text: "¥${vars.x} ${vars.y} ${vars.z}"`, map[string]any{"x": 128.0, "y": 1e6, "z": 64.5}, "¥128 1000000 64.5"},
		"a code":                        {`card: {media: {qr: "${vars.x}", alt: "${vars.y}"}}`, map[string]any{"x": "https://a.example", "y": long}, "qidong:qr:0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := sending(t, tc.body).Message("say", "m_1", vars(tc.vars))
			require.NoError(t, err)
			valid(t, schema, m)
			require.Contains(t, string(m.Parts[0].Body), tc.want)
		})
	}
}

func TestMessage_SaysWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	chip := `card: {title: a, suggestions: [{reply: a, text: a, value: {x: "${vars.x}"}}]}`
	tests := map[string]struct {
		body, want string
		vars       map[string]any
	}{
		"an empty text":          {`text: "${vars.x}"`, "steps.say: text: it is empty", map[string]any{"x": ""}},
		"an empty card":          {`card: {title: "${vars.x}"}`, "card: title and description are empty", map[string]any{"x": ""}},
		"an empty list":          {`carousel: {each: vars.x, as: show, card: {title: a}}`, "carousel: each: ", map[string]any{"x": []any{}}},
		"a list that is none":    {`carousel: {each: vars.x, as: show, card: {title: a}}`, "needs at least one", map[string]any{"x": "a"}},
		"a missing field":        {`carousel: {each: vars.x, as: show, card: {title: "${show.film}"}}`, `card 1: title: evaluating "show.film": no such key: film`, map[string]any{"x": []any{map[string]any{}}}},
		"an object in a text":    {`text: "${vars.x}"`, "an object cannot be put into a text", map[string]any{"x": map[string]any{}}},
		"a code that is empty":   {`card: {media: {qr: "${vars.x}"}}`, "qr: the text has 0 bytes", map[string]any{"x": ""}},
		"a code that is long":    {`card: {media: {qr: "${vars.x}"}}`, "a code takes 1 to 1024", map[string]any{"x": strings.Repeat("x", 2000)}},
		"a place off the map":    {`card: {title: a, suggestions: [{text: Map, show_location: {latitude: vars.x, longitude: 1}}]}`, "show_location.latitude", map[string]any{"x": "north"}},
		"a moment that is none":  {`card: {title: a, suggestions: [{text: Save, calendar: {title: a, start: vars.x, end: vars.x}}]}`, "calendar.start", map[string]any{"x": "soon"}},
		"a script for a picture": {`card: {media: {url: "${vars.x}", type: image/png}}`, "card: media: url: ", map[string]any{"x": "javascript:alert(1)"}},
		"an address in disguise": {`card: {media: {url: "${vars.x}", type: image/png}}`, "is no web address", map[string]any{"x": "https://a\u202Egpj.example"}},
		"a value too large":      {chip, "more than 65536 bytes", map[string]any{"x": strings.Repeat("x", 70_000)}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := sending(t, tc.body).Message("say", "m_1", vars(tc.vars))
			require.ErrorContains(t, err, tc.want)
			require.ErrorContains(t, err, "steps.say")
		})
	}
}

func TestMessage_Survey(t *testing.T) {
	t.Parallel()
	m, err := movie(t).Message("nps", "m_1", evening("zh-CN"))
	require.NoError(t, err)
	require.Len(t, m.Parts, 2)
	require.Equal(t, journey.ContentText, m.Parts[0].ContentType)
	require.Equal(t, journey.ContentSuggestions, m.Parts[1].ContentType)
	require.Len(t, m.Replies, 11)
	require.Equal(t, journey.ReplyMeaning{Reply: "score", Value: map[string]any{"score": 10}, Text: "10"}, m.Replies["m_1.10"])
}

func TestMessage_RepliesAreNumberedOverCardsAndChips(t *testing.T) {
	t.Parallel()
	m, err := movie(t).Message("promo", "m_1", evening("en"))
	require.NoError(t, err)
	require.Len(t, m.Replies, 4)
	require.Equal(t, "choose", m.Replies["m_1.0"].Reply)
	require.Equal(t, "decline", m.Replies["m_1.3"].Reply)
	var chips struct {
		Suggestions []struct {
			Reply struct {
				DisplayText string
				Postback    struct{ Data string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(m.Parts[1].Body, &chips))
	require.Equal(t, "m_1.3", chips.Suggestions[0].Reply.Postback.Data)
}

func TestText_In(t *testing.T) {
	t.Parallel()
	text := journey.Text{"en": "film", "zh-CN": "电影", "fr": "film", "pt-BR": "filme"}
	tests := map[string]string{"en": "film", "en-GB": "film", "zh-CN": "电影", "zh-TW": "电影", "zh": "电影", "pt": "filme", "de": "film", "": "film"}
	for locale, want := range tests {
		require.Equal(t, want, text.In(locale), locale)
	}
	require.Equal(t, "Film", journey.Text{"xx": "Film"}.In("en"))
	require.Empty(t, journey.Text{}.In("en"))
}
