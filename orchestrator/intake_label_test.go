package orchestrator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// TestReceiveMessage_ALabelTypedIsTheReply: who types what a button says has
// pressed it.
func TestReceiveMessage_ALabelTypedIsTheReply(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		change func(m *orchestrator.Message)
		want   string // the answer of the message
	}{
		"the label":                              {"Order the ride", nil, "m.0"},
		"the label as people type it":            {" ORDER　the  ride ", nil, "m.0"},
		"other words":                            {"Order the ride please", nil, ""},
		"a label of two replies":                 {"No", nil, ""},
		"a word of consent":                      {"stop", nil, ""},
		"a message that has been answered":       {"Order the ride", func(m *orchestrator.Message) { m.Answer = "m.1" }, "m.1"},
		"a question that belongs to no journey":  {"Order the ride", func(m *orchestrator.Message) { m.Enrollment = "" }, ""},
		"a message of an enrollment that is not": {"Order the ride", func(m *orchestrator.Message) { m.Enrollment = "e_none" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			h.customer(t, "c_1")
			h.publish(t, "welcome")
			e, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
			require.NoError(t, err)
			m := orchestrator.Message{
				ID: "m", Workspace: acme, Customer: "c_1", Enrollment: e.ID, Step: "ask", Channel: "handset", Category: orchestrator.CategoryService,
				Replies: map[string]journey.ReplyMeaning{
					"m.0": {Reply: "accept", Text: "Order the ride"}, "m.1": {Reply: "no", Text: "No"}, "m.2": {Reply: "never", Text: "no"}, "m.3": {Reply: "stop", Text: "Stop"},
				},
			}
			if c.change != nil {
				c.change(&m)
			}
			require.NoError(t, h.store.AddMessage(t.Context(), m, orchestrator.Progress{}))
			for range 2 { // a channel may send it twice
				require.NoError(t, h.ReceiveMessage(t.Context(), admin, "c_1", "handset", c.text, "own-id"))
			}
			got, err := h.store.Message(t.Context(), acme, "m")
			require.NoError(t, err)
			require.Equal(t, c.want, got.Answer)
			said := map[string]int{}
			events, _, err := h.Events(t.Context(), admin, "c_1", orchestrator.Page{})
			require.NoError(t, err)
			for _, e := range events {
				said[e.Type]++
			}
			require.Equal(t, 1, said[orchestrator.EventMessageReceived], "the words stay a fact of their own, and one")
			replied := 0
			if c.want == "m.0" {
				replied = 1
			}
			require.Equal(t, replied, said[orchestrator.EventReply])
			conflicts, err := h.store.EventConflicts(t.Context(), acme)
			require.NoError(t, err)
			require.Empty(t, conflicts)
		})
	}
}
