package main

import (
	"errors"
	"testing"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

func TestChargeIsTriedLaterWhenTheBankFails(t *testing.T) {
	h := plugintest.New(t, New())
	h.Expect("POST", "/v1/charges", 503, "")
	_, err := plugintest.Run[Payment](h, "charge", Charge{Amount: 1, Currency: "CNY", CustomerRef: "c_1", Description: "x"})
	var e *plugin.Error
	if !errors.As(err, &e) || e.Retry != abi.RetryLater {
		t.Errorf("got %#v, want an error to be retried later", err)
	}
}

func TestRefundNamesTheChargesKey(t *testing.T) {
	h := plugintest.New(t, New())
	h.Expect("POST", "/v1/refunds", 200, `{"status":"none","amount":0}`)
	out, err := plugintest.Run[Refunded](h, "refund", Refund{ChargeKey: "e_1/charge/1"})
	if err != nil || out.Status != "none" {
		t.Fatalf("got %v, error %v", out, err)
	}
	if got, want := h.Requests[0].Text, `{"charge_key":"e_1/charge/1"}`; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}
