package main

import (
	"cmp"
	"net/url"
	"strconv"
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Query asks for shows.
type Query struct {
	FilmID string `json:"film_id" schema:"minLength=1,maxLength=64" title:"Film" title-zh-CN:"影片"`
	Count  int    `json:"count" schema:"minimum=1,maximum=10" title:"How many" title-zh-CN:"数量"`
	Locale string `json:"locale,omitempty" title:"Language" title-zh-CN:"语言"`
}

// Shows is a list of shows, in order of their beginning.
type Shows struct {
	Shows []Show `json:"shows" title:"Shows" title-zh-CN:"场次"`
}

// Place is where and when a show is.
type Place struct {
	ShowID    string    `json:"show_id" title:"Show" title-zh-CN:"场次编号"`
	Film      string    `json:"film" title:"Film" title-zh-CN:"影片"`
	Cinema    string    `json:"cinema" title:"Cinema" title-zh-CN:"影院"`
	Hall      string    `json:"hall" title:"Hall" title-zh-CN:"影厅"`
	Address   string    `json:"address" title:"Address" title-zh-CN:"地址"`
	Latitude  float64   `json:"latitude" title:"Latitude" title-zh-CN:"纬度"`
	Longitude float64   `json:"longitude" title:"Longitude" title-zh-CN:"经度"`
	StartsAt  time.Time `json:"starts_at" title:"Begins" title-zh-CN:"开场时间"`
	EndsAt    time.Time `json:"ends_at" title:"Ends" title-zh-CN:"散场时间"`
}

// Show is one show on offer.
type Show struct {
	Place
	Price     int    `json:"price" title:"Price of a seat, yuan" title-zh-CN:"每座价格（元）"`
	PosterURL string `json:"poster_url" schema:"format=uri,pattern=^https?://" title:"Poster" title-zh-CN:"海报"`
	SeatsLeft int    `json:"seats_left" title:"Seats left" title-zh-CN:"余座"`
}

// Hold asks for seats.
type Hold struct {
	ShowID      string `json:"show_id" schema:"minLength=1,maxLength=128" title:"Show" title-zh-CN:"场次编号"`
	Seats       int    `json:"seats" schema:"minimum=1,maximum=6" title:"Seats" title-zh-CN:"座位数"`
	CustomerRef string `json:"customer_ref" schema:"minLength=1,maxLength=128" title:"Customer" title-zh-CN:"客户"`
	Locale      string `json:"locale,omitempty" title:"Language" title-zh-CN:"语言"`
}

// Held is seats that are kept until ExpiresAt.
type Held struct {
	HoldID string `json:"hold_id" title:"Hold" title-zh-CN:"锁座编号"`
	Place
	SeatLabels string    `json:"seat_labels" title:"Seats" title-zh-CN:"座位号"`
	Total      int       `json:"total" title:"Total, yuan" title-zh-CN:"总价（元）"`
	Synopsis   string    `json:"synopsis" title:"Synopsis" title-zh-CN:"剧情简介"`
	ReadingURL string    `json:"reading_url" schema:"format=uri,pattern=^https?://" title:"Something to read" title-zh-CN:"延伸阅读"`
	ExpiresAt  time.Time `json:"expires_at" title:"Held until" title-zh-CN:"保留至"`
}

// Release names the hold by the key of the call that made it.
type Release struct {
	HoldKey string `json:"hold_key" schema:"minLength=1,maxLength=255" title:"Key of the hold" title-zh-CN:"锁座调用的键"`
}

// Released says whether there was such a hold. Its seats are free now.
type Released struct {
	Released bool `json:"released" title:"Released" title-zh-CN:"已释放"`
}

// Issue asks for a ticket.
type Issue struct {
	HoldID      string `json:"hold_id" schema:"minLength=1,maxLength=128" title:"Hold" title-zh-CN:"锁座编号"`
	PaymentID   string `json:"payment_id" schema:"minLength=1,maxLength=128" title:"Payment" title-zh-CN:"付款编号"`
	CustomerRef string `json:"customer_ref" schema:"minLength=1,maxLength=128" title:"Customer" title-zh-CN:"客户"`
}

// Ticket opens the door of the cinema.
type Ticket struct {
	TicketID   string `json:"ticket_id" title:"Ticket" title-zh-CN:"票号"`
	Code       string `json:"code" title:"Code" title-zh-CN:"入场码"`
	CheckinURL string `json:"checkin_url" schema:"format=uri,pattern=^https?://" title:"Check-in page" title-zh-CN:"入场页面"`
}

// Void names the ticket by the key of the call that issued it.
type Void struct {
	TicketKey string `json:"ticket_key" schema:"minLength=1,maxLength=255" title:"Key of the ticket" title-zh-CN:"出票调用的键"`
}

// Voided says whether there was such a ticket. It opens no door any more.
type Voided struct {
	Voided bool `json:"voided" title:"Voided" title-zh-CN:"已作废"`
}

// ListShows finds shows.
func ListShows(c *plugin.Call, in Query) (Shows, error) {
	var out Shows
	api, err := booking(c)
	if err != nil {
		return out, err
	}
	err = api.Get("/v1/shows", url.Values{
		"film_id": {in.FilmID}, "count": {strconv.Itoa(in.Count)}, "locale": {cmp.Or(in.Locale, c.Locale())},
	}, &out)
	return out, err
}

// HoldSeats keeps seats; sold_out and show_cancelled are final.
func HoldSeats(c *plugin.Call, in Hold) (Held, error) {
	in.Locale = cmp.Or(in.Locale, c.Locale())
	return post[Held](c, "/v1/holds", in)
}

// ReleaseSeats undoes HoldSeats, also when the hold never arrived.
func ReleaseSeats(c *plugin.Call, in Release) (Released, error) {
	return post[Released](c, "/v1/holds/release", in)
}

// IssueTicket makes a ticket of a hold; hold_expired is final.
func IssueTicket(c *plugin.Call, in Issue) (Ticket, error) {
	return post[Ticket](c, "/v1/tickets", in)
}

// VoidTicket undoes IssueTicket, also when the request never arrived.
func VoidTicket(c *plugin.Call, in Void) (Voided, error) {
	return post[Voided](c, "/v1/tickets/void", in)
}

// post needs no care for retries: the host sends the call's idempotency key,
// and the client turns a status into an error that says whether to try again.
func post[Out any](c *plugin.Call, path string, in any) (Out, error) {
	var out Out
	api, err := booking(c)
	if err != nil {
		return out, err
	}
	err = api.Post(path, in, &out)
	return out, err
}

func booking(c *plugin.Call) (*plugin.Client, error) {
	var config Config
	if err := c.Config(&config); err != nil {
		return nil, err
	}
	return c.HTTP(config.BaseURL), nil
}
