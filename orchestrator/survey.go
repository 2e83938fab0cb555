package orchestrator

import (
	"context"
	"time"
)

// Answer is what a customer said to a survey step, or that they said nothing in
// its time. Enrollment/step/visit is its identity.
type Answer struct {
	Workspace  string    `json:"workspace"`
	Customer   string    `json:"customer"`
	Journey    string    `json:"journey"`
	Enrollment string    `json:"enrollment"`
	Step       string    `json:"step"`
	Visit      int       `json:"visit"`
	Kind       string    `json:"kind"`             // of the survey: nps, csat, ces, expectation, perception, text
	Pair       string    `json:"pair,omitempty"`   // binds an expectation to its perception
	Driver     string    `json:"driver,omitempty"` // of the matrix
	Scene      string    `json:"scene,omitempty"`  // of the matrix
	Answered   bool      `json:"answered"`
	Score      int       `json:"score"` // -1 without one
	Text       string    `json:"text,omitempty"`
	At         time.Time `json:"at"`
}

// AnswerFilter narrows; zero fields do not.
type AnswerFilter struct {
	Workspace, Journey, Step, Kind, Driver, Scene, Pair string
	Since, Until                                        time.Time // from Since up to Until, exclusive
}

// ScoreCount is how often one kind of survey was answered with one score; Score
// -1 counts those that were not answered, or in words only.
type ScoreCount struct {
	Kind     string
	Answered bool
	Score    int
	Count    int64
}

// Gap is one field of the matrix of drivers and scenes: what customers
// perceived, less what they expected.
type Gap struct {
	Driver, Scene string
	// Pairs is how many perceptions have their expectation; the means are over
	// these.
	Pairs       int64
	Expectation float64 // mean, 1–5
	Perception  float64 // mean, 1–5
	// Expectations and Perceptions are how many of each were given, in pairs or not.
	Expectations, Perceptions int64
}

// Value is perception less expectation: above 0 customers approve.
func (g Gap) Value() float64 { return g.Perception - g.Expectation }

// AnswerStore keeps what customers said to surveys.
type AnswerStore interface {
	// AddAnswer stores a once; the same enrollment, step and visit again changes
	// nothing.
	AddAnswer(ctx context.Context, a Answer) error
	// Answers lists, newest first, what was said: those who said nothing are left out.
	Answers(ctx context.Context, f AnswerFilter, p Page) ([]Answer, string, error)
	// ScoreCounts counts by kind, answered and score, in that order.
	ScoreCounts(ctx context.Context, f AnswerFilter) ([]ScoreCount, error)
	// Gaps are the fields of the matrix that have an expectation or a
	// perception, by driver and scene. A perception is paired with the newest
	// expectation before it of the same customer and pair, first of all of the
	// same enrollment. At most limit fields.
	Gaps(ctx context.Context, f AnswerFilter, limit int) ([]Gap, error)
}
