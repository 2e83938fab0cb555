package main

import (
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Place is a point that a car can go to.
type Place struct {
	Address   string  `json:"address" schema:"minLength=1,maxLength=300" title:"Address" title-zh-CN:"地址"`
	Latitude  float64 `json:"latitude" schema:"minimum=-90,maximum=90" title:"Latitude" title-zh-CN:"纬度"`
	Longitude float64 `json:"longitude" schema:"minimum=-180,maximum=180" title:"Longitude" title-zh-CN:"经度"`
}

// Order asks for a ride.
type Order struct {
	Pickup      Place     `json:"pickup" title:"From" title-zh-CN:"上车地点"`
	Destination Place     `json:"destination" title:"To" title-zh-CN:"目的地"`
	ArriveBy    time.Time `json:"arrive_by" title:"Arrive by" title-zh-CN:"最晚到达"`
	CustomerRef string    `json:"customer_ref" schema:"minLength=1,maxLength=128" title:"Customer" title-zh-CN:"客户"`
}

// Ride is a ride that was ordered.
type Ride struct {
	RideID     string    `json:"ride_id" title:"Ride" title-zh-CN:"行程编号"`
	Driver     string    `json:"driver" title:"Driver" title-zh-CN:"司机"`
	Plate      string    `json:"plate" title:"Plate" title-zh-CN:"车牌"`
	PickupAt   time.Time `json:"pickup_at" title:"Pick-up" title-zh-CN:"上车时间"`
	ETAMinutes int       `json:"eta_minutes" title:"Minutes on the way" title-zh-CN:"行程分钟数"`
	Price      int       `json:"price" title:"Price, yuan" title-zh-CN:"价格（元）"`
}

// Cancel names the ride by the key of the call that ordered it.
type Cancel struct {
	OrderKey string `json:"order_key" schema:"minLength=1,maxLength=255" title:"Key of the order" title-zh-CN:"叫车调用的键"`
}

// Cancelled says whether there was such a ride. It does not drive now.
type Cancelled struct {
	Cancelled bool `json:"cancelled" title:"Cancelled" title-zh-CN:"已取消"`
}

// OrderRide orders a ride. A repeated call gets the same ride, because the host
// sends the same idempotency key.
func OrderRide(c *plugin.Call, in Order) (Ride, error) {
	var out Ride
	dispatch, err := connect(c)
	if err != nil {
		return out, err
	}
	err = dispatch.Post("/v1/rides", in, &out)
	return out, err
}

// CancelRide undoes OrderRide, also when the order never arrived.
func CancelRide(c *plugin.Call, in Cancel) (Cancelled, error) {
	var out Cancelled
	dispatch, err := connect(c)
	if err != nil {
		return out, err
	}
	err = dispatch.Post("/v1/rides/cancel", in, &out)
	return out, err
}

func connect(c *plugin.Call) (*plugin.Client, error) {
	var config Config
	err := c.Config(&config)
	return c.HTTP(config.BaseURL), err
}
