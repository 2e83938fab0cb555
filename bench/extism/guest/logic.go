//go:build wasip1

package main

type Line struct {
	ID    string   `json:"id"`
	SKU   string   `json:"sku"`
	Title string   `json:"title"`
	Qty   int64    `json:"qty"`
	Price int64    `json:"price"`
	Tags  []string `json:"tags"`
}
type Cart struct {
	Currency string `json:"currency"`
	Lines    []Line `json:"lines"`
}
type Customer struct {
	ID   string `json:"id"`
	Tier string `json:"tier"`
}
type Request struct {
	V        int      `json:"v"`
	ID       string   `json:"id"`
	Cart     Cart     `json:"cart"`
	Customer Customer `json:"customer"`
}
type Discount struct {
	Line   string `json:"line"`
	Amount int64  `json:"amount"`
	Reason string `json:"reason"`
}
type Response struct {
	Discounts []Discount `json:"discounts"`
	Total     int64      `json:"total"`
}

func Quote(r Request) (Response, error) {
	pct := int64(5)
	if r.Customer.Tier == "gold" {
		pct = 10
	}
	out := Response{Discounts: []Discount{}}
	for i := range r.Cart.Lines {
		l := &r.Cart.Lines[i]
		for _, t := range l.Tags {
			if t == "sale" {
				a := l.Price * l.Qty * pct / 100
				out.Discounts = append(out.Discounts, Discount{l.ID, a, "tier " + r.Customer.Tier})
				out.Total += a
				break
			}
		}
	}
	return out, nil
}
