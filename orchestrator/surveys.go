package orchestrator

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/qidong/qidong/orchestrator/journey"
)

// surveyKinds are those that are kept.
var surveyKinds = []string{
	journey.SurveyNPS, journey.SurveyCSAT, journey.SurveyCES, journey.SurveyExpectation, journey.SurveyPerception, journey.SurveyText,
}

// Bounds of surveys.
const (
	maxAnswerText = 3072 // characters; more is cut
	maxGaps       = 500  // fields of the matrix
)

// SurveyResults are the figures of the surveys that a filter lets through.
type SurveyResults struct {
	NPS  NPS
	CSAT Rating // satisfied is 4 or 5
	CES  Rating // easy is 5 to 7
	// Texts is how many answered in words.
	Texts int64
	// Gaps is the matrix: perception less expectation by driver and scene.
	Gaps []Gap
}

// NPS is the net promoter score.
type NPS struct {
	Asked, Answers                  int64
	Promoters, Passives, Detractors int64 // 9–10, 7–8, 0–6
	// Score is the share of promoters less that of detractors in percent, -100
	// to 100; 0 without answers.
	Score float64
}

// Rating is a score's distribution.
type Rating struct {
	Asked, Answers int64
	Favorable      int64   // answers that are satisfied, or found it easy
	Share          float64 // of the favorable, in percent; 0 without answers
	Mean           float64 // 0 without answers
}

// SurveyResults computes the figures of the actor's workspace.
func (s *Service) SurveyResults(ctx context.Context, a Actor, f AnswerFilter) (SurveyResults, error) {
	if err := a.may(); err != nil {
		return SurveyResults{}, err
	}
	if err := checkAnswers(&f, a); err != nil {
		return SurveyResults{}, err
	}
	counts, err := s.store.ScoreCounts(ctx, f)
	if err != nil {
		return SurveyResults{}, err
	}
	r := figures(counts)
	r.Gaps, err = s.store.Gaps(ctx, f, maxGaps+1)
	if len(r.Gaps) > maxGaps {
		err = Refuse(ErrLimit, say("there are more than %d pairs of driver and scene; ask for one driver, scene or journey at a time", maxGaps))
	}
	return r, err
}

// Answers lists what customers said, newest first.
func (s *Service) Answers(ctx context.Context, a Actor, f AnswerFilter, p Page) ([]Answer, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if err := checkAnswers(&f, a); err != nil {
		return nil, "", err
	}
	return s.store.Answers(ctx, f, p)
}

func checkAnswers(f *AnswerFilter, a Actor) error {
	f.Workspace = a.Workspace
	if f.Kind != "" && !slices.Contains(surveyKinds, f.Kind) {
		return Refuse(ErrInvalid, say("%.40q is no kind of survey; use nps, csat, ces, expectation, perception or text", f.Kind))
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return Refuse(ErrInvalid, say("the span ends before it begins"))
	}
	return nil
}

// figures sums up.
func figures(counts []ScoreCount) SurveyResults {
	var r SurveyResults
	for _, c := range counts {
		switch c.Kind {
		case journey.SurveyNPS:
			r.NPS.add(c)
		case journey.SurveyCSAT:
			r.CSAT.add(c, 4)
		case journey.SurveyCES:
			r.CES.add(c, 5)
		case journey.SurveyText:
			if c.Answered {
				r.Texts += c.Count
			}
		}
	}
	if n := float64(r.NPS.Answers); n > 0 {
		r.NPS.Score = 100 * float64(r.NPS.Promoters-r.NPS.Detractors) / n
	}
	for _, rating := range []*Rating{&r.CSAT, &r.CES} {
		if n := float64(rating.Answers); n > 0 {
			rating.Share, rating.Mean = 100*float64(rating.Favorable)/n, rating.Mean/n
		}
	}
	return r
}

func (n *NPS) add(c ScoreCount) {
	n.Asked += c.Count
	if !c.Answered {
		return
	}
	n.Answers += c.Count
	switch {
	case c.Score >= 9:
		n.Promoters += c.Count
	case c.Score >= 7:
		n.Passives += c.Count
	default:
		n.Detractors += c.Count
	}
}

// add counts; Mean is the sum until all are in.
func (r *Rating) add(c ScoreCount, favorable int) {
	r.Asked += c.Count
	if !c.Answered {
		return
	}
	r.Answers += c.Count
	r.Mean += float64(c.Score) * float64(c.Count)
	if c.Score >= favorable {
		r.Favorable += c.Count
	}
}

// RecordAnswer keeps what a customer said to a survey step, once.
func (s *Service) RecordAnswer(ctx context.Context, answer Answer, p Progress) error {
	if err := checkAnswer(&answer); err != nil {
		return err
	}
	return s.with(ctx, p, func(ctx context.Context) error { return s.store.AddAnswer(ctx, answer) })
}

// checkAnswer refuses a score that the kind of survey does not have, and cuts
// words that are too long.
func checkAnswer(a *Answer) error {
	if !slices.Contains(surveyKinds, a.Kind) {
		return Refuse(ErrInvalid, say("%.40q is no kind of survey", a.Kind))
	}
	if !a.Answered {
		a.Score = -1
	}
	least, greatest := journey.SurveyScale(a.Kind)
	if a.Answered && (a.Score < least || a.Score > greatest) {
		return Refuse(ErrInvalid, say("the score %d is not one of a survey of kind %s, which has %d to %d", a.Score, a.Kind, least, greatest))
	}
	if utf8.RuneCountInString(a.Text) > maxAnswerText {
		a.Text = string([]rune(a.Text)[:maxAnswerText])
	}
	return nil
}
