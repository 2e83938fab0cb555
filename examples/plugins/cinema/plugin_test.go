package main

import (
	"errors"
	"testing"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

func TestHoldSeatsTakesTheCustomersLanguage(t *testing.T) {
	h := plugintest.New(t, New())
	h.Locale = "zh-CN"
	h.Expect("POST", "/v1/holds", 200, `{"hold_id":"h"}`)
	if _, err := plugintest.Run[Held](h, "hold_seats", Hold{ShowID: "s", Seats: 2, CustomerRef: "c_1"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"show_id":"s","seats":2,"customer_ref":"c_1","locale":"zh-CN"}`
	if got := h.Requests[0].Text; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestRefusalsSayWhetherToTryAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		code   string
		retry  abi.Retry
	}{
		"a sold-out show is final":        {409, `{"error":{"code":"sold_out","message":"The show has 1 seat left."}}`, "sold_out", abi.RetryNever},
		"a hold that was undone is final": {409, `{"error":{"code":"cancelled","message":"Cancelled before it arrived."}}`, "cancelled", abi.RetryNever},
		"a failing server is tried later": {500, ``, "http_500", abi.RetryLater},
		"a busy server is tried later":    {429, ``, "http_429", abi.RetryLater},
	} {
		t.Run(name, func(t *testing.T) {
			h := plugintest.New(t, New())
			h.Expect("POST", "/v1/holds", tt.status, tt.body)
			_, err := plugintest.Run[Held](h, "hold_seats", exampleHold)
			var e *plugin.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Retry != tt.retry {
				t.Errorf("got %#v, want code %s and retry %s", err, tt.code, tt.retry)
			}
		})
	}
}
