package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// answer stores what a customer said; n makes it one of its own.
func answer(t *testing.T, s orchestrator.Store, n int, a orchestrator.Answer) orchestrator.Answer {
	t.Helper()
	a.Workspace, a.Journey, a.Visit, a.Answered = acme, "stay", 1, a.Score >= 0
	if a.Enrollment == "" {
		a.Enrollment = "e_1"
	}
	a.Step, a.At = fmt.Sprint("s", n), at.Add(time.Duration(n)*time.Minute)
	require.NoError(t, s.AddAnswer(t.Context(), a))
	return a
}

func testAnswers(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	first := answer(t, s, 1, orchestrator.Answer{Customer: "c_1", Kind: "nps", Score: 9, Text: "好"})
	answer(t, s, 2, orchestrator.Answer{Customer: "c_1", Kind: "nps", Score: -1})
	last := answer(t, s, 3, orchestrator.Answer{Customer: "c_1", Kind: "csat", Score: 4, Driver: "product", Scene: "use"})
	again := first
	again.Score, again.Workspace = 0, other
	require.NoError(t, s.AddAnswer(ctx, again))

	got := all(t, 1, func(p orchestrator.Page) ([]orchestrator.Answer, string, error) {
		return s.Answers(ctx, orchestrator.AnswerFilter{Workspace: acme}, p)
	})
	equal(t, []orchestrator.Answer{last, first}, got)
	counts, err := s.ScoreCounts(ctx, orchestrator.AnswerFilter{Workspace: acme})
	require.NoError(t, err)
	equal(t, []orchestrator.ScoreCount{
		{Kind: "csat", Answered: true, Score: 4, Count: 1}, {Kind: "nps", Score: -1, Count: 1}, {Kind: "nps", Answered: true, Score: 9, Count: 1},
	}, counts)
	for name, f := range map[string]orchestrator.AnswerFilter{
		"by kind": {Kind: "csat"}, "by driver and scene": {Driver: "product", Scene: "use"}, "by step": {Step: "s3"},
		"by time": {Since: last.At, Until: last.At.Add(time.Microsecond)}, "by journey": {Journey: "stay", Kind: "csat"},
	} {
		f.Workspace = acme
		list, _, err := s.Answers(ctx, f, orchestrator.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1, name)
		require.Equal(t, "s3", list[0].Step, name)
	}
	none, err := s.ScoreCounts(ctx, orchestrator.AnswerFilter{Workspace: other})
	require.NoError(t, err)
	require.Empty(t, none)
}

func testGaps(t *testing.T, s orchestrator.Store) {
	said := func(n int, kind, customer, enrollment, pair string, score int) {
		answer(t, s, n, orchestrator.Answer{
			Customer: customer, Enrollment: enrollment, Kind: kind, Pair: pair, Score: score, Driver: "product", Scene: "use",
		})
	}
	said(1, "perception", "c_1", "e_1", "wait", 5) // nothing was expected before it
	said(2, "expectation", "c_1", "e_1", "wait", 4)
	said(3, "expectation", "c_1", "e_2", "wait", 1) // of another passage of the same customer
	said(4, "perception", "c_1", "e_1", "wait", 3)  // 3 − 4: its own passage's, though it is older
	said(5, "expectation", "c_2", "e_3", "wait", 2)
	said(6, "perception", "c_2", "e_4", "wait", 5) // 5 − 2: asked in another journey
	said(7, "perception", "c_3", "e_5", "wait", 5) // the others' expectations are not theirs
	said(8, "perception", "c_2", "e_3", "food", 1) // another pair
	answer(t, s, 9, orchestrator.Answer{Customer: "c_4", Kind: "expectation", Pair: "wait", Score: 3, Driver: "service", Scene: "use"})
	answer(t, s, 10, orchestrator.Answer{Customer: "c_4", Kind: "perception", Pair: "wait", Score: -1, Driver: "service", Scene: "use"})
	answer(t, s, 11, orchestrator.Answer{Customer: "c_4", Kind: "nps", Score: 10, Driver: "product", Scene: "use"})
	gaps, err := s.Gaps(t.Context(), orchestrator.AnswerFilter{Workspace: acme}, 10)
	require.NoError(t, err)
	equal(t, []orchestrator.Gap{
		{Driver: "product", Scene: "use", Pairs: 2, Expectation: 3, Perception: 4, Expectations: 3, Perceptions: 5},
		{Driver: "service", Scene: "use", Expectations: 1},
	}, gaps)
	require.InDelta(t, 1, gaps[0].Value(), 1e-9)
	one, err := s.Gaps(t.Context(), orchestrator.AnswerFilter{Workspace: acme}, 1)
	require.NoError(t, err)
	require.Len(t, one, 1)
	foreign, err := s.Gaps(t.Context(), orchestrator.AnswerFilter{Workspace: other}, 10)
	require.NoError(t, err)
	require.Empty(t, foreign)
}
