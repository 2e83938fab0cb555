package orchestrator_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestSurveyResults_AreTheUsualFigures(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	n := 0
	say := func(kind string, scores ...int) {
		for _, score := range scores {
			n++
			require.NoError(t, h.RecordAnswer(t.Context(), orchestrator.Answer{
				Workspace: acme, Customer: "c_1", Journey: "stay", Enrollment: "e_1", Step: fmt.Sprint("s", n), Visit: 1, Kind: kind,
				Answered: score >= 0, Score: score, Pair: "wait", Driver: "service", Scene: "use",
			}, orchestrator.Progress{}))
		}
	}
	say("nps", 10, 9, 8, 7, 6, 0, 10, -1)
	say("csat", 5, 4, 3, 1)
	say("ces", 7, 5, 4, -1)
	say("expectation", 4)
	say("perception", 3)
	r, err := h.SurveyResults(t.Context(), admin, orchestrator.AnswerFilter{})
	require.NoError(t, err)
	require.EqualValues(t, 7, r.NPS.Answers)
	require.EqualValues(t, 8, r.NPS.Asked)
	require.InDelta(t, 100*(3.0-2.0)/7, r.NPS.Score, 1e-9)
	require.InDelta(t, 50, r.CSAT.Share, 1e-9)
	require.InDelta(t, 3.25, r.CSAT.Mean, 1e-9)
	require.InDelta(t, 100*2.0/3, r.CES.Share, 1e-9)
	require.Len(t, r.Gaps, 1)
	require.InDelta(t, -1, r.Gaps[0].Value(), 1e-9)

	none, err := h.SurveyResults(t.Context(), admin, orchestrator.AnswerFilter{Journey: "other"})
	require.NoError(t, err)
	require.Zero(t, none.NPS.Score, "no answers are no number that is not one")

	_, err = h.SurveyResults(t.Context(), admin, orchestrator.AnswerFilter{Kind: "poll"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
	err = h.RecordAnswer(t.Context(), orchestrator.Answer{Workspace: acme, Kind: "csat", Answered: true, Score: 6}, orchestrator.Progress{})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
}
