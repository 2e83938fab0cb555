//go:build wasip1

package main

import (
	"fmt"
	"slices"
)

var counter int64

// Cart is what a customer is about to buy.
type Cart struct {
	Currency string   `json:"currency"`
	Customer Customer `json:"customer"`
	Lines    []Line   `json:"lines"`
}

// Customer is who buys.
type Customer struct {
	ID   string `json:"id"`
	Tier string `json:"tier"`
}

// Line is one kind of thing in a cart.
type Line struct {
	ID    string   `json:"id"`
	SKU   string   `json:"sku"`
	Title string   `json:"title"`
	Qty   int64    `json:"qty"`
	Price int64    `json:"price"`
	Tags  []string `json:"tags"`
}

// Quote is what the customer saves.
type Quote struct {
	Discounts []Discount `json:"discounts"`
	Total     int64      `json:"total"`
	Counter   int64      `json:"counter"`
}

// Discount is what is taken off a line.
type Discount struct {
	Line   string `json:"line"`
	Amount int64  `json:"amount"`
	Reason string `json:"reason"`
}

// QuoteCart takes a share off the lines with the tag sale.
func QuoteCart(cart Cart) (Quote, error) {
	counter++
	if cart.Currency != "CNY" {
		return Quote{}, fmt.Errorf("there are no discounts in %s", cart.Currency)
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
