// Command plugin is the discount plugin in Go, with the SDK. Its twins in the
// directories beside it do the same in other languages.
package main

import (
	"time"

	"github.com/qidong/qidong/sdk/plugin"
)

// Config is what a workspace fills in once. Only fetch uses it.
type Config struct {
	BaseURL string `json:"base_url,omitempty" schema:"format=uri,pattern=^https?://" title:"Address of the catalog" title-zh-CN:"商品目录地址"`
}

// counter is 0 whenever a call begins: the host sets back what calls wrote.
var counter int64

// New describes the plugin. Examples are run at upload and by this plugin's
// test; simulations answer with them.
func New() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "discount-go", Version: "1.0.0", Partner: "Lantern Market",
		Title:       plugin.T("Lantern discounts", "灯笼集市优惠"),
		Description: plugin.T("Discounts for the lines of a cart.", "按购物车明细计算优惠。"),
		Config:      Config{BaseURL: "https://lantern.example"},
		Needs: []plugin.Need{plugin.NeedHTTP("config.base_url",
			plugin.T("To read the catalog.", "用于读取商品目录。"))},
	})
	quick := plugin.Timeout(5 * time.Second)

	plugin.Action(p, "quote", QuoteCart, plugin.None, quick,
		plugin.Title("Quote discounts", "计算优惠"),
		plugin.Description("Takes 5 % off lines with the tag sale, and 10 % for customers of the tier gold.",
			"带有 sale 标签的明细优惠 5%，gold 等级客户优惠 10%。"),
		plugin.Example(movieCart("gold"), movieQuote("10% off 深流 × 2 (gold)", 1280)),
		plugin.Example(movieCart("new"), movieQuote("5% off 深流 × 2 (new)", 640)),
		plugin.ExampleError(Cart{Currency: "EUR", Lines: []Line{}}, "currency_not_supported"))

	plugin.Action(p, "misbehave", Misbehave, plugin.None, quick,
		plugin.Title("Misbehave", "异常行为"),
		plugin.Description("Does what a plugin must not do, to show that the next call is none the worse for it.",
			"故意执行插件不应有的行为，以证明下一次调用不受影响。"),
		plugin.Example(Misdeed{How: "log"}, Counted{Counter: 1}),
		plugin.Example(Misdeed{How: "grow"}, Counted{Counter: 1}))

	plugin.Action(p, "remember", Remember, plugin.None, quick,
		plugin.Title("Remember", "记忆"),
		plugin.Description("Counts its calls in a variable, and always gets to 1.", "用变量统计调用次数，结果始终为 1。"),
		plugin.Example(struct{}{}, Counted{Counter: 1}))

	plugin.Action(p, "fetch", Fetch, plugin.Read, quick,
		plugin.Title("Read the catalog", "读取商品目录"),
		plugin.Description("Reads a page of the catalog.", "读取商品目录的一页。"),
		plugin.Example(Page{Path: "/v1/items?tag=sale"}, Answer{Status: 200, Body: `{"items":["可乐 \"大杯\""]}`},
			plugin.Exchange("GET", "/v1/items?tag=sale", 200, map[string][]string{"items": {`可乐 "大杯"`}})),
		plugin.Example(Page{Path: "/v1/gone"}, Answer{Status: 404}, plugin.Exchange("GET", "/v1/gone", 404, nil)))
	return p
}

func init() { plugin.Serve(New()) }

func main() {} // never runs in a module
