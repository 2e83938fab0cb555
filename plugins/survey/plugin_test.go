package main

import (
	"testing"

	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

func TestNPS(t *testing.T) {
	for name, c := range map[string]struct {
		scores []int
		want   int
		code   string
	}{
		"everybody":        {scores: []int{9, 10}, want: 100},
		"nobody":           {scores: []int{0, 6}, want: -100},
		"passives count":   {scores: []int{10, 7, 8}, want: 33},
		"off the scale":    {scores: []int{10, 11}, code: "bad_score"},
		"below the scale":  {scores: []int{-1}, code: "bad_score"},
		"half is rounded":  {scores: []int{9, 7, 7, 7, 7, 7, 7, 7}, want: 13},
		"one of each kind": {scores: []int{9, 8, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := plugintest.Run[NPS](plugintest.New(t, New()), "nps", Scores{c.scores})
			if plugin.Code(err) != c.code || got.Score != c.want {
				t.Fatalf("got %+v, error %v; want %d", got, err, c.want)
			}
		})
	}
}

func TestCSAT(t *testing.T) {
	h := plugintest.New(t, New())
	got, err := plugintest.Run[CSAT](h, "csat", Ratings{Ratings: []int{5, 4, 3}, From: 3})
	if err != nil || got != (CSAT{Percent: 100, Satisfied: 3, Answers: 3}) {
		t.Errorf("got %+v, error %v", got, err)
	}
	if _, err := plugintest.Run[CSAT](h, "csat", Ratings{Ratings: []int{6}}); plugin.Code(err) != "bad_rating" {
		t.Errorf("a rating of 6: %v", err)
	}
}

// A driver is asked for several times: its gap is the mean of the answers.
func TestGap(t *testing.T) {
	got, err := plugintest.Run[Gap](plugintest.New(t, New()), "gap", Pairs{[]Pair{{"price", 5, 7}, {"price", 5, 6}, {"service", 8, 8}}})
	if err != nil || !got.Approves || got.Gap != 1 || got.Worst != "service" {
		t.Fatalf("got %+v, error %v", got, err)
	}
	if d := got.Drivers[1]; d != (DriverGap{"price", 1.5, 2}) {
		t.Errorf("price: %+v", d)
	}
}
