package main

import (
	"strings"
	"testing"

	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

func TestGrantBooksOnce(t *testing.T) {
	h := plugintest.New(t, New())
	h.Balance = 100
	out, err := plugintest.Run[Granted](h, "grant", Grant{Amount: 100, Reason: "movie-night: Deep Current"})
	if err != nil || out != (Granted{Granted: 100, Balance: 100}) {
		t.Fatalf("got %+v, error %v", out, err)
	}
	if len(h.Postings) != 1 || h.Postings[0].Amount != 100 || h.Postings[0].Reason != "movie-night: Deep Current" {
		t.Errorf("posted %+v, want one posting of 100", h.Postings)
	}
}

func TestALongReasonIsCutBetweenCharacters(t *testing.T) {
	h := plugintest.New(t, New())
	if _, err := plugintest.Run[Granted](h, "grant", Grant{Amount: 1, Reason: strings.Repeat("深", 200)}); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Postings[0].Reason, strings.Repeat("深", 66); got != want {
		t.Errorf("posted %q, want %q", got, want)
	}
}
