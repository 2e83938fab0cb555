package bench

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Discount is the suite of the example plugin "discount", which exists in four
// languages. load gives the module of a name; where it cannot, the guest is
// reported as skipped, but not so the first-party plugin "points".
func Discount(load func(name string) ([]byte, error)) (Suite, error) {
	points, err := load("points")
	if err != nil {
		return Suite{}, fmt.Errorf("measuring the plugin host: %w", err)
	}
	s := Suite{Action: "quote", Input: DiscountInput(), Points: points}
	for _, language := range []string{"go", "rust", "c", "assemblyscript"} {
		g := Guest{Language: language}
		name := "discount-" + strings.Replace(language, "assemblyscript", "as", 1)
		if g.Module, err = load(name); err != nil {
			g.Missing = fmt.Sprintf("The guest %s is not in this program: make guests says which tools it takes.", name)
		}
		s.Guests = append(s.Guests, g)
	}
	return s, nil
}

// DiscountInput is a cart of some 1 KB.
func DiscountInput() json.RawMessage { return json.RawMessage(cart) }

const cart = `{"currency":"CNY","customer":{"id":"c_0197f3a2","tier":"gold"},"lines":[
{"id":"l1","sku":"SKU-1001","title":"深流 × 2, two seats in row 7","qty":2,"price":6400,"tags":["movie","sale"]},
{"id":"l2","sku":"SKU-1002","title":"Popcorn large, caramel","qty":1,"price":3200,"tags":["food"]},
{"id":"l3","sku":"SKU-1003","title":"可乐 大杯","qty":2,"price":1500,"tags":["drink","sale"]},
{"id":"l4","sku":"SKU-1004","title":"Ride home, comfort, up to 12 km","qty":1,"price":5200,"tags":["ride"]},
{"id":"l5","sku":"SKU-1005","title":"Poster, signed by the director","qty":1,"price":9900,"tags":["merch","sale"]},
{"id":"l6","sku":"SKU-1006","title":"Parking, three hours","qty":1,"price":3000,"tags":["parking"]},
{"id":"l7","sku":"SKU-1007","title":"Coffee and cake after the film","qty":2,"price":2800,"tags":["drink","food"]},
{"id":"l8","sku":"SKU-1008","title":"Gift card, valid for a year","qty":1,"price":10000,"tags":["gift","sale"]},
{"id":"l9","sku":"SKU-1009","title":"Soundtrack, vinyl","qty":1,"price":18800,"tags":["merch"]}]}`
