// Command guest is a plugin some of whose examples are wrong.
package main

import "github.com/qidong/qidong/sdk/plugin"

type config struct {
	BaseURL string `json:"base_url"`
}

type text struct {
	Text string `json:"text"`
}

func echo(_ *plugin.Call, in text) (text, error) { return in, nil }

func ask(ctx *plugin.Call, in text) (out text, err error) {
	var c config
	if err = ctx.Config(&c); err != nil {
		return
	}
	err = ctx.HTTP(c.BaseURL).Post("/texts", in, &out)
	return
}

func give(ctx *plugin.Call, in text) (text, error) {
	balance, err := ctx.Ledger().Post(1, in.Text)
	if balance == 7 {
		in.Text = "seven"
	}
	return in, err
}

func init() {
	p := plugin.New(plugin.Info{
		Name: "conformance", Version: "1.0.0", Partner: "Qidong", Title: plugin.T("Test guest", "测试插件"),
		Config: config{BaseURL: "https://backend.example"},
		Needs: []plugin.Need{
			plugin.NeedHTTP("config.base_url", plugin.T("to be tested", "用于测试")),
			plugin.NeedLedger(plugin.T("to be tested", "用于测试")),
		},
	})
	titled := plugin.Title("Something", "某事")
	answer := plugin.Exchange("POST", "/texts", 200, text{"b"})
	plugin.Action(p, "right", echo, plugin.Example(text{"a"}, text{"a"}))
	plugin.Action(p, "wrong", echo, titled, plugin.Example(text{"a"}, text{"b"}), plugin.ExampleError(text{"a"}, "sold_out"))
	plugin.Action(p, "asks", ask, titled, plugin.Write,
		plugin.Example(text{"a"}, text{"b"}, answer),
		plugin.Example(text{"a"}, text{"b"}, plugin.Exchange("POST", "/other", 200, text{"b"})),
		plugin.Example(text{"a"}, text{"b"}),
		plugin.Example(text{"a"}, text{"b"}, answer, plugin.Exchange("GET", "/texts", 200, nil)))
	plugin.Action(p, "gives", give, titled, plugin.Write, plugin.ExampleBalance(text{"a"}, text{"seven"}, 7))
	plugin.Action(p, "silent", echo, titled)
	plugin.Action(p, "pretends", ask, titled, plugin.Example(text{"a"}, text{"b"}, answer))
	plugin.Serve(p)
}

func main() {}
