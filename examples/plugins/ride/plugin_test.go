package main

import (
	"testing"
	"time"

	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestExamples(t *testing.T) { plugintest.Examples(t, New()) }

func TestOrderSendsWhereAndWhen(t *testing.T) {
	h := plugintest.New(t, New())
	h.Expect("POST", "/v1/rides", 200, `{"ride_id":"r"}`)
	_, err := plugintest.Run[Ride](h, "order", Order{
		Pickup: Place{Address: "home", Latitude: 1, Longitude: 2}, Destination: Place{Address: "cinema", Latitude: 3, Longitude: 4},
		ArriveBy: time.Date(2026, 11, 28, 19, 30, 0, 0, time.FixedZone("CST", 8*3600)), CustomerRef: "c_1",
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"pickup":{"address":"home","latitude":1,"longitude":2},` +
		`"destination":{"address":"cinema","latitude":3,"longitude":4},` +
		`"arrive_by":"2026-11-28T19:30:00+08:00","customer_ref":"c_1"}`
	if got := h.Requests[0].Text; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
}

func TestAnOrderThatWasUndoneIsRefused(t *testing.T) {
	h := plugintest.New(t, New())
	h.Expect("POST", "/v1/rides", 409, `{"error":{"code":"cancelled","message":"Cancelled before it arrived."}}`)
	_, err := plugintest.Run[Ride](h, "order", Order{Pickup: Place{Address: "a"}, Destination: Place{Address: "b"}, CustomerRef: "c_1"})
	if plugin.Code(err) != "cancelled" {
		t.Errorf("got %v, want the error cancelled", err)
	}
}
