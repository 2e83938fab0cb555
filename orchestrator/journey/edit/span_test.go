package edit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// TestSpans: an arm may have the id of a step, a step may be one line or hold
// others, and a text may have lines of its own.
func TestSpans(t *testing.T) {
	t.Parallel()
	doc, problem := edit.Parse([]byte(`qidong: v1
journey: spans
entry:
  event:
    type: shop.order
exit:
  - {id: left, event: shop.left}
  - id: gone
    steps:
      - {id: bye, exit: {outcome: gone}}
steps:
  # said first
  - id: came
    send:
      text:
        en: |
          Two
          lines
  - id: answer
    wait:
      arms:
        - id: came
          steps: [{id: thanks, exit: {outcome: done}}]
`))
	require.Nil(t, problem)
	var got []string
	for _, s := range doc.Spans() {
		got = append(got, fmt.Sprintf("%s %d-%d", s.ID, s.From, s.To))
	}
	require.Equal(t, "0-entry 3-5, 0-exit-left 7-7, 0-exit-gone 8-10, came 13-18, answer 19-23, thanks 23-23, bye 10-10", strings.Join(got, ", "))
}
