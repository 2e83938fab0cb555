package main

import (
	"fmt"
	"slices"

	"github.com/qidong/qidong/sdk/plugin"
)

// Cart is what a customer is about to buy. Money is in the smallest unit of
// the currency.
type Cart struct {
	Currency string   `json:"currency" schema:"pattern=^[A-Z]{3}$" title:"Currency" title-zh-CN:"币种"`
	Customer Customer `json:"customer" title:"Customer" title-zh-CN:"客户"`
	Lines    []Line   `json:"lines" schema:"maxItems=200" title:"Lines" title-zh-CN:"明细"`
}

// Customer is who buys.
type Customer struct {
	ID   string `json:"id" schema:"maxLength=128" title:"Customer" title-zh-CN:"客户编号"`
	Tier string `json:"tier" schema:"maxLength=32" title:"Tier" title-zh-CN:"等级"`
}

// Line is one kind of thing in a cart.
type Line struct {
	ID    string   `json:"id" schema:"minLength=1,maxLength=64" title:"Line" title-zh-CN:"明细编号"`
	SKU   string   `json:"sku" schema:"maxLength=64" title:"SKU" title-zh-CN:"商品编号"`
	Title string   `json:"title" schema:"maxLength=200" title:"Name" title-zh-CN:"名称"`
	Qty   int64    `json:"qty" schema:"minimum=1,maximum=1000" title:"Quantity" title-zh-CN:"数量"`
	Price int64    `json:"price" schema:"minimum=0,maximum=100000000" title:"Price" title-zh-CN:"单价"`
	Tags  []string `json:"tags" schema:"maxItems=16" title:"Tags" title-zh-CN:"标签"`
}

// Quote is what the customer saves.
type Quote struct {
	Discounts []Discount `json:"discounts" title:"Discounts" title-zh-CN:"优惠"`
	Total     int64      `json:"total" title:"Total" title-zh-CN:"合计"`
	Counter   int64      `json:"counter" title:"Call number" title-zh-CN:"调用序号"`
}

// Discount is what is taken off a line.
type Discount struct {
	Line   string `json:"line" title:"Line" title-zh-CN:"明细编号"`
	Amount int64  `json:"amount" title:"Amount" title-zh-CN:"金额"`
	Reason string `json:"reason" title:"Reason" title-zh-CN:"原因"`
}

// QuoteCart takes a share off the lines with the tag sale.
func QuoteCart(_ *plugin.Call, cart Cart) (Quote, error) {
	counter++
	if cart.Currency != "CNY" {
		return Quote{}, plugin.Errorf("currency_not_supported", "There are no discounts in %s.", cart.Currency)
	}
	percent := int64(5)
	if cart.Customer.Tier == "gold" {
		percent = 10
	}
	q := Quote{Discounts: []Discount{}, Counter: counter}
	for i := range cart.Lines {
		line := &cart.Lines[i]
		if !slices.Contains(line.Tags, "sale") {
			continue
		}
		d := Discount{
			Line: line.ID, Amount: line.Price * line.Qty * percent / 100,
			Reason: fmt.Sprintf("%d%% off %s (%s)", percent, line.Title, cart.Customer.Tier),
		}
		q.Discounts = append(q.Discounts, d)
		q.Total += d.Amount
	}
	return q, nil
}

// movieCart and movieQuote are the examples.
func movieCart(tier string) Cart {
	return Cart{Currency: "CNY", Customer: Customer{ID: "c_1", Tier: tier}, Lines: []Line{
		{ID: "l1", SKU: "SKU-1", Title: "深流 × 2", Qty: 2, Price: 6400, Tags: []string{"movie", "sale"}},
		{ID: "l2", SKU: "SKU-2", Title: "Popcorn", Qty: 1, Price: 3200, Tags: []string{"food"}},
	}}
}

func movieQuote(reason string, amount int64) Quote {
	return Quote{Discounts: []Discount{{Line: "l1", Amount: amount, Reason: reason}}, Total: amount, Counter: 1}
}
