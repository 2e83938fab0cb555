// Command capable is the plugin that the tests of capabilities call: it asks
// the host for whatever it is told to, and tells all that it got.
package main

import (
	"encoding/json"
	"os"
	"unsafe"

	"github.com/qidong/qidong/sdk/plugin"
)

//go:wasmimport qidong_v1 request
func importRequest(ptr unsafe.Pointer, size uint32) uint32

//go:wasmimport qidong_v1 result
func importResult(ptr unsafe.Pointer, size uint32) uint32

type ask struct {
	Requests []string `json:"requests"` // as they are sent, JSON or not
	Log      bool     `json:"log,omitempty"`
	Then     string   `json:"then,omitempty" schema:"enum=trap|fail"`
}

type answer struct {
	Responses []json.RawMessage `json:"responses"`
	Customer  map[string]any    `json:"customer"`
}

// config names the backends that may be asked.
type config struct {
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"`
}

func capable() *plugin.Plugin {
	why := plugin.T("to be tested", "用于测试")
	p := plugin.New(plugin.Info{
		Name: "capable", Version: "1.0.0", Partner: "Qidong", Title: plugin.T("Capable", "能力"),
		Config: config{"http://127.0.0.1:8080", "http://127.0.0.1:8081"},
		Needs: []plugin.Need{
			plugin.NeedHTTP("config.first", why), plugin.NeedSecret("api_key", "config.first", why),
			plugin.NeedHTTP("config.second", why), plugin.NeedSecret("api_key", "config.second", why),
			plugin.NeedLedger(why), plugin.NeedKV(why),
			plugin.NeedCustomer("name", why), plugin.NeedCustomer("traits.tier", why),
		},
	})
	plugin.Action(p, "ask", func(ctx *plugin.Call, in ask) (answer, error) {
		out := answer{Responses: []json.RawMessage{}, Customer: map[string]any{}}
		if err := ctx.Customer(&out.Customer); err != nil {
			return out, err
		}
		for _, q := range in.Requests {
			b := request([]byte(q))
			out.Responses = append(out.Responses, b)
			if in.Log {
				ctx.Logf("%s", b)
			}
		}
		switch in.Then {
		case "trap":
			os.Exit(1)
		case "fail":
			return out, plugin.Errorf("told_to_fail", "%s", out.Responses[len(out.Responses)-1])
		}
		return out, nil
	}, plugin.Write)
	return p
}

func request(q []byte) []byte {
	size := importRequest(unsafe.Pointer(unsafe.SliceData(q)), uint32(len(q)))
	b := make([]byte, size)
	importResult(unsafe.Pointer(unsafe.SliceData(b)), size)
	return b
}

func init() { plugin.Serve(capable()) }

func main() {}
