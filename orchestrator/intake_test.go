package orchestrator_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestAcceptEvents_Refuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	long := strings.Repeat("长", 257)
	for name, c := range map[string]struct {
		change func(*orchestrator.Event)
		path   string
		code   string
	}{
		"no type":                      {func(e *orchestrator.Event) { e.Type = "" }, "type", "REQUIRED"},
		"no source":                    {func(e *orchestrator.Event) { e.Source = "" }, "source", "REQUIRED"},
		"no id":                        {func(e *orchestrator.Event) { e.ID = "" }, "id", "REQUIRED"},
		"a long type":                  {func(e *orchestrator.Event) { e.Type = long }, "type", "TOO_LONG"},
		"a long subject":               {func(e *orchestrator.Event) { e.Subject = long }, "subject", "TOO_LONG"},
		"a line break in the id":       {func(e *orchestrator.Event) { e.ID = "a\nb" }, "id", "BAD_TEXT"},
		"bytes that are not UTF-8":     {func(e *orchestrator.Event) { e.ID = "\xff" }, "id", "BAD_TEXT"},
		"data that is no JSON":         {func(e *orchestrator.Event) { e.Data = json.RawMessage(`{"a":}`) }, "data", "BAD_JSON"},
		"data that is two values":      {func(e *orchestrator.Event) { e.Data = json.RawMessage(`1 2`) }, "data", "BAD_JSON"},
		"a number that nothing holds":  {func(e *orchestrator.Event) { e.Data = json.RawMessage(`1e999`) }, "data", "BAD_JSON"},
		"data of more than 32 KiB":     {func(e *orchestrator.Event) { e.Data = json.RawMessage(`"` + strings.Repeat("a", 32<<10) + `"`) }, "data", "TOO_LARGE"},
		"data nested 65 deep":          {func(e *orchestrator.Event) { e.Data = nested(65) }, "data", "TOO_DEEP"},
		"a year of five digits":        {func(e *orchestrator.Event) { e.Time = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, "time", "BAD_TIME"},
		"a reply that nobody gave":     {func(e *orchestrator.Event) { e.Type = orchestrator.EventReply }, "type", "RESERVED"},
		"an enrollment by the back":    {func(e *orchestrator.Event) { e.Type = orchestrator.EventEnroll }, "type", "RESERVED"},
		"a source that is the handset": {func(e *orchestrator.Event) { e.Source = orchestrator.SourceHandset }, "source", "RESERVED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := orchestrator.Event{Source: "s", ID: "good " + name, Type: "t"}
			bad := orchestrator.Event{Source: "s", ID: "bad " + name, Type: "t"}
			c.change(&bad)
			_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{good, bad})
			var invalid *orchestrator.ValidationError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Problems, 1)
			require.Equal(t, "events.1."+c.path, invalid.Problems[0].Path)
			require.Equal(t, c.code, invalid.Problems[0].Code)
			require.NotEmpty(t, invalid.Problems[0].Mend)
			fresh, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{good})
			require.NoError(t, err)
			require.Equal(t, []bool{true}, fresh, "all or none")
		})
	}
	for _, n := range []int{0, 1001} {
		_, err := h.AcceptEvents(t.Context(), admin, make([]orchestrator.Event, n))
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
		require.ErrorContains(t, err, "1 to 1000")
	}
}

// nested is JSON of lists in lists.
func nested(n int) json.RawMessage {
	return json.RawMessage(strings.Repeat("[", n) + strings.Repeat("]", n))
}

func TestAcceptEvents_Stores(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	at := time.Date(2026, 11, 28, 19, 30, 0, 0, time.FixedZone("CST", 8*3600))
	_, err := h.AcceptEvents(t.Context(), admin, []orchestrator.Event{
		{Workspace: "other", Source: "s", ID: "1", Type: "t", Subject: "林", Time: at, Data: nested(64), Seq: 99, Status: orchestrator.EventDead},
		{Source: "s", ID: "2", Type: "t"},
	})
	require.NoError(t, err)
	list, _, err := h.Events(t.Context(), admin, "", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, list, 2, "the actor chooses the workspace, not the event")
	require.WithinDuration(t, time.Now(), list[0].Time, time.Minute, "a time of zero is now")
	require.Equal(t, at.UTC(), list[1].Time)
	require.Equal(t, orchestrator.EventPending, list[1].Status)
	require.JSONEq(t, string(nested(64)), string(list[1].Data))
}

// FuzzDepth compares with the decoder of the standard library.
func FuzzDepth(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":"]}\"["}]}`, `[]`, `"\\"`, `null`, `[[["` + "\\\\" + `"]]]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := orchestrator.Depth(raw)
		if !json.Valid(raw) {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(raw)))
		want, now := 0, 0
		for {
			token, err := d.Token()
			if err != nil {
				var syntax *json.SyntaxError
				require.NotErrorAs(t, err, &syntax)
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				now++
				want = max(want, now)
			case json.Delim('}'), json.Delim(']'):
				now--
			}
		}
		require.Equal(t, want, got)
	})
}

func TestPutCustomer(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	c := h.customer(t, "c_1")
	require.Equal(t, "en", c.Locale)
	require.NotEmpty(t, c.CompanionToken)
	require.Equal(t, 1, h.actions(t, "customer.put"))
	for name, bad := range map[string]orchestrator.Customer{
		"an id that looks like an identity": {ID: "phone:+86"},
		"an id that is a path":              {ID: "../c_1"},
		"a long name":                       {Name: strings.Repeat("x", 201)},
		"an unknown locale":                 {Locale: "klingon of the north"},
		"an unknown time zone":              {TimeZone: "Mars/Olympus"},
		"the time zone of the machine":      {TimeZone: "Local"},
		"a time zone that is a path":        {TimeZone: "../../etc/passwd"},
		"traits of more than 32 KiB":        {Traits: map[string]any{"x": strings.Repeat("x", 32<<10)}},
		"a phone number without a country":  {Identities: []orchestrator.Identity{{Kind: "phone", Value: "13800000000"}}},
		"an unknown kind of identity":       {Identities: []orchestrator.Identity{{Kind: "fax", Value: "+8613800000000"}}},
		"an empty identity":                 {Identities: []orchestrator.Identity{{Kind: "email"}}},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := h.PutCustomer(t.Context(), admin, bad)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
	_, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_2", Identities: c.Identities})
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	given, err := h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_3", CompanionToken: "guess-me"})
	require.NoError(t, err)
	require.NotEqual(t, "guess-me", given.CompanionToken)
}
