// Command points is the first-party plugin for points: journeys give them to
// their customer with it. It has no privilege that a partner could not be
// granted.
package main

import (
	"time"
	"unicode/utf8"

	"github.com/qidong/qidong/sdk/plugin"
)

// The ledger takes reasons of this many bytes.
const maxReason = 200

// Grant gives points.
type Grant struct {
	Amount int64  `json:"amount" schema:"minimum=1,maximum=100000" title:"Points" title-zh-CN:"积分数"`
	Reason string `json:"reason" schema:"minLength=1,maxLength=200" title:"Reason" title-zh-CN:"原因"`
}

// Granted says how many points were given, and the balance after that.
type Granted struct {
	Granted int64 `json:"granted" title:"Points given" title-zh-CN:"发放积分"`
	Balance int64 `json:"balance" title:"Balance" title-zh-CN:"积分余额"`
}

// New describes the plugin.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "points", Version: "1.0.0", Partner: "Qidong",
		Title:       plugin.T("Points", "积分"),
		Description: plugin.T("Gives points to the customer of a journey.", "为旅程中的客户发放积分。"),
		Needs: []plugin.Need{plugin.NeedLedger(
			plugin.T("To book the points that journeys give.", "用于记录旅程发放的积分。"))},
	})
	plugin.Action(p, "grant", GrantPoints, plugin.Write, plugin.Timeout(5*time.Second),
		plugin.Title("Grant points", "发放积分"),
		plugin.Description("Books points for the customer of the journey, once per step.", "为旅程中的客户记入积分，每个步骤只记一次。"),
		plugin.ExampleBalance(Grant{Amount: 120, Reason: "movie-night: Deep Current"}, Granted{Granted: 120, Balance: 320}, 320))
	return p
}

// GrantPoints books the points for the customer of the call: whose they are is
// the host's to say, not an input.
func GrantPoints(c *plugin.Call, in Grant) (Granted, error) {
	balance, err := c.Ledger().Post(in.Amount, shorten(in.Reason))
	if err != nil {
		return Granted{}, err
	}
	return Granted{Granted: in.Amount, Balance: balance}, nil
}

// shorten cuts between characters: in Chinese each takes three bytes.
func shorten(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	end := maxReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
