// Command plugin is the cinema's plugin for Qidong: journeys find shows, hold
// seats and issue tickets with it. It calls the cinema's own HTTP API.
package main

import (
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Config is what a workspace fills in once.
type Config struct {
	BaseURL string `json:"base_url" schema:"format=uri,pattern=^https?://" title:"Address of the booking system" title-zh-CN:"订票系统地址"`
}

// New describes the plugin. Examples are run at upload and by this plugin's
// test; simulations answer with them.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "cinema", Version: "1.0.0", Partner: "Star Curtain Cinemas",
		Title:       plugin.T("Star Curtain Cinemas", "星幕影院"),
		Description: plugin.T("Showtimes, seats and tickets.", "场次、选座与出票。"),
		Config:      Config{BaseURL: "https://cinema.example"},
		Needs: []plugin.Need{plugin.NeedHTTP("config.base_url",
			plugin.T("To look up shows, hold seats and issue tickets in the booking system.", "用于在订票系统中查询场次、锁定座位和出票。"))},
	})
	timeout := plugin.Timeout(5 * time.Second)

	plugin.Action(p, "list_shows", ListShows, plugin.Read, timeout,
		plugin.Title("List shows", "查询场次"),
		plugin.Description("Finds coming shows of a film that still have seats, of different cinemas first.", "查询影片即将上映且有余票的场次，优先不同影院。"),
		plugin.Example(exampleQuery, exampleShows,
			plugin.Exchange("GET", "/v1/shows?count=1&film_id=deep-current&locale=en", 200, exampleShows)))

	plugin.Action(p, "hold_seats", HoldSeats, plugin.Write, timeout, plugin.UndoneBy("release_seats"),
		plugin.Title("Hold seats", "锁定座位"),
		plugin.Description("Keeps seats side by side for 20 minutes.", "将相邻座位保留 20 分钟。"),
		plugin.Example(exampleHold, exampleHeld,
			plugin.Exchange("POST", "/v1/holds", 200, exampleHeld)),
		plugin.ExampleError(exampleHold, "sold_out",
			plugin.Exchange("POST", "/v1/holds", 409, refusal("sold_out", "The show has 1 seat left."))))

	plugin.Action(p, "release_seats", ReleaseSeats, plugin.Write, timeout,
		plugin.Title("Release seats", "释放座位"),
		plugin.Example(Release{HoldKey: "e_1/hold/1"}, Released{Released: true},
			plugin.Exchange("POST", "/v1/holds/release", 200, Released{Released: true})))

	plugin.Action(p, "issue_ticket", IssueTicket, plugin.Write, timeout, plugin.UndoneBy("void_ticket"),
		plugin.Title("Issue a ticket", "出票"),
		plugin.Description("Turns held seats into one ticket with a code for the door.", "将锁定的座位换成一张带入场码的电影票。"),
		plugin.Example(exampleIssue, exampleTicket,
			plugin.Exchange("POST", "/v1/tickets", 200, exampleTicket)),
		plugin.ExampleError(exampleIssue, "hold_expired",
			plugin.Exchange("POST", "/v1/tickets", 409, refusal("hold_expired", "The hold has expired."))))

	plugin.Action(p, "void_ticket", VoidTicket, plugin.Write, timeout,
		plugin.Title("Void the ticket", "作废电影票"),
		plugin.Example(Void{TicketKey: "e_1/ticket/1"}, Voided{Voided: true},
			plugin.Exchange("POST", "/v1/tickets/void", 200, Voided{Voided: true})))
	return p
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
