package main

import (
	"testing"

	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

func TestADiscountIsRoundedDown(t *testing.T) {
	q, err := plugintest.Run[Quote](plugintest.New(t, New()), "quote", Cart{
		Currency: "CNY", Lines: []Line{{ID: "l1", Qty: 1, Price: 39, Tags: []string{"sale"}}},
	})
	if err != nil || q.Total != 1 {
		t.Fatalf("5 %% of 39 gave %d, error %v; want 1", q.Total, err)
	}
}

func TestFetchNeedsAnAddress(t *testing.T) {
	h := plugintest.New(t, New())
	h.Config = Config{}
	_, err := plugintest.Run[Answer](h, "fetch", Page{Path: "/"})
	if plugin.Code(err) != "not_configured" {
		t.Fatalf("got %v, want not_configured", err)
	}
}
