// Command plugin is the ride-hailing service's plugin for Qidong: journeys
// order rides with it. It calls the service's own HTTP API.
package main

import (
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Config is what a workspace fills in once.
type Config struct {
	BaseURL string `json:"base_url" schema:"format=uri,pattern=^https?://" title:"Address of the dispatch system" title-zh-CN:"调度系统地址"`
}

// New describes the plugin. Examples are run at upload and by this plugin's
// test; simulations answer with them.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "ride", Version: "1.0.0", Partner: "Heron Rides",
		Title:       plugin.T("Heron Rides", "白鹭出行"),
		Description: plugin.T("Rides ordered ahead.", "预约用车。"),
		Config:      Config{BaseURL: "https://ride.example"},
		Needs: []plugin.Need{plugin.NeedHTTP("config.base_url",
			plugin.T("To order and cancel rides in the dispatch system.", "用于在调度系统中叫车和取消用车。"))},
	})
	arriveBy := time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC)
	order := Order{
		Pickup:      Place{Address: "12 Changle Road, Jing'an, Shanghai", Latitude: 31.2215, Longitude: 121.4544},
		Destination: Place{Address: "27 Baiyulan Lane, Xuhui, Shanghai", Latitude: 31.1956, Longitude: 121.4372},
		ArriveBy:    arriveBy, CustomerRef: "c_1",
	}
	ride := Ride{
		RideID: "ride_1", Driver: "Li Hua 李华", Plate: "沪B·D2085",
		PickupAt: arriveBy.Add(-33 * time.Minute), ETAMinutes: 13, Price: 17,
	}

	plugin.Action(p, "order", OrderRide, plugin.Write, plugin.UndoneBy("cancel"), plugin.Timeout(5*time.Second),
		plugin.Title("Order a ride", "叫车"),
		plugin.Description("Orders a ride that arrives in good time.", "预约一辆准时到达的车。"),
		plugin.Example(order, ride, plugin.Exchange("POST", "/v1/rides", 200, ride)),
		plugin.ExampleError(order, "too_far", plugin.Exchange("POST", "/v1/rides", 409,
			map[string]any{"error": map[string]string{"code": "too_far", "message": "The way is 420 km; rides go up to 300 km."}})))

	plugin.Action(p, "cancel", CancelRide, plugin.Write, plugin.Timeout(5*time.Second),
		plugin.Title("Cancel the ride", "取消用车"),
		plugin.Example(Cancel{OrderKey: "e_1/ride/1"}, Cancelled{Cancelled: true},
			plugin.Exchange("POST", "/v1/rides/cancel", 200, Cancelled{Cancelled: true})))
	return p
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
