// Command guest is the plugin that the host's tests call: one action per
// behavior to be tested.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
)

type config struct {
	BaseURL string `json:"base_url,omitempty" schema:"format=uri"`
	Also    string `json:"also,omitempty" schema:"format=uri"`
}

type empty struct{}

type text struct {
	Text string `json:"text" title:"Text" title-zh-CN:"文字"`
}

type number struct {
	N int `json:"n" schema:"minimum=0,maximum=100000000"`
}

type fetch struct {
	Method string            `json:"method" schema:"enum=GET|POST|PUT|TRACE"`
	URL    string            `json:"url"`
	Header map[string]string `json:"header,omitempty"`
	Times  int               `json:"times,omitempty"`
}

type fetched struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   string            `json:"body,omitempty"`
}

type world struct {
	Now     time.Time `json:"now"`
	Clock   time.Time `json:"clock"`
	Random  string    `json:"random"`
	Args    int       `json:"args"`
	Environ int       `json:"environ"`
	File    string    `json:"file"`
}

var canary string

func guest() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "guest", Version: "1.2.3", Partner: "Qidong",
		Title:  plugin.T("Test guest", "测试插件"),
		Config: config{BaseURL: "https://backend.example/api", Also: "https://also.example"},
		Needs: []plugin.Need{
			plugin.NeedHTTP("config.base_url", plugin.T("to be tested", "用于测试")),
			plugin.NeedHTTP("config.also", plugin.T("to be tested", "用于测试")),
			plugin.NeedLedger(plugin.T("to be tested", "用于测试")),
		},
	})
	patient := plugin.Timeout(time.Minute) // tests also run under the race detector on busy machines
	plugin.Action(p, "echo", echo, patient, plugin.Title("Echo", "回声"),
		plugin.Example(text{"hello"}, text{"hello"}), plugin.Example(text{"张三"}, text{"张三"}))
	plugin.Action(p, "post", post, plugin.Write, plugin.UndoneBy("echo"), patient,
		plugin.Example(text{"a"}, text{"b"}, plugin.Exchange("POST", "/api/texts", 201, text{"b"})),
		plugin.ExampleError(text{"a"}, "sold_out",
			plugin.Exchange("POST", "/api/texts", 409, map[string]string{"code": "sold_out", "message": "No seats left."})))
	plugin.Action(p, "fetch", request, patient, plugin.Write)
	plugin.Action(p, "grant", grant, patient, plugin.Write, plugin.ExampleBalance(number{10}, number{110}, 110))
	plugin.Action(p, "world", look, patient)
	plugin.Action(p, "remember", remember, patient)
	plugin.Action(p, "allocate", allocate, patient)
	plugin.Action(p, "large", large, patient)
	plugin.Action(p, "deep", deep, patient)
	plugin.Action(p, "flood", flood, patient)
	plugin.Action(p, "spin", func(*plugin.Call, empty) (empty, error) {
		for {
		}
	}, patient)
	plugin.Action(p, "recurse", func(*plugin.Call, empty) (number, error) { return number{recurse(1)}, nil }, patient)
	plugin.Action(p, "panic", func(*plugin.Call, empty) (empty, error) { panic("on purpose") }, patient)
	plugin.Action(p, "crash", func(*plugin.Call, empty) (empty, error) {
		go func() { panic("in the background") }()
		time.Sleep(time.Second)
		return empty{}, nil
	}, patient)
	plugin.Action(p, "deadlock", func(*plugin.Call, empty) (empty, error) { select {} }, patient)
	plugin.Action(p, "exit", func(*plugin.Call, empty) (empty, error) { os.Exit(3); return empty{}, nil }, patient)
	plugin.Action(p, "sleep", func(*plugin.Call, empty) (empty, error) { time.Sleep(time.Hour); return empty{}, nil }, patient)
	plugin.Action(p, "fail", func(_ *plugin.Call, in text) (empty, error) {
		return empty{}, plugin.Errorf(in.Text, "Failed on purpose.").After(90 * time.Second)
	}, patient)
	return p
}

func echo(_ *plugin.Call, in text) (text, error) { return in, nil }

func post(ctx *plugin.Call, in text) (out text, err error) {
	var c config
	if err = ctx.Config(&c); err != nil {
		return
	}
	err = ctx.HTTP(c.BaseURL).Post("/texts", in, &out)
	return
}

func request(ctx *plugin.Call, in fetch) (out fetched, err error) {
	for range max(1, in.Times) {
		var r abi.HTTPResponse
		r, err = ctx.Do(abi.HTTPRequest{Method: in.Method, URL: in.URL, Header: in.Header})
		out = fetched{Status: r.Status, Header: r.Header, Body: r.Text}
		if err != nil {
			break
		}
	}
	return
}

func grant(ctx *plugin.Call, in number) (number, error) {
	balance, err := ctx.Ledger().Post(int64(in.N), "for a test")
	return number{int(balance)}, err
}

func look(ctx *plugin.Call, _ empty) (world, error) {
	b := make([]byte, 8)
	rand.Read(b)
	_, err := os.ReadFile("../../etc/passwd")
	return world{ctx.Now(), time.Now().UTC(), hex.EncodeToString(b), len(os.Args), len(os.Environ()), fmt.Sprint(err)}, nil
}

func remember(_ *plugin.Call, in text) (text, error) {
	old := canary
	canary = in.Text
	return text{old}, nil
}

func allocate(_ *plugin.Call, in number) (number, error) {
	b := make([]byte, in.N)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1
	}
	return number{len(b)}, nil
}

func large(_ *plugin.Call, in number) (text, error) { return text{strings.Repeat("x", in.N)}, nil }

func deep(_ *plugin.Call, in number) (map1, error) {
	var v any
	for range in.N {
		v = []any{v}
	}
	return map1{v}, nil
}

type map1 struct {
	V any `json:"v"`
}

func flood(ctx *plugin.Call, in number) (empty, error) {
	for i := range in.N {
		ctx.Logf("line %d \x1b[31mred\nforged", i)
	}
	println("on standard error")
	return empty{}, nil
}

func recurse(n int) int {
	if n == 0 {
		return 0
	}
	return recurse(n+1) + n
}

func init() { plugin.Serve(guest()) }

func main() {}
