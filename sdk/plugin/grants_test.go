package plugin_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

type visit struct {
	ID string `json:"id"`
}

type greeting struct {
	Text  string `json:"text"`
	Known bool   `json:"known"`
}

// host asks for everything that can be granted.
func host() *plugin.Plugin {
	why := plugin.T("to be tested", "用于测试")
	p := plugin.New(plugin.Info{
		Name: "host", Version: "1.0.0", Partner: "Qidong", Title: plugin.T("Host", "主持"),
		Needs: []plugin.Need{
			plugin.NeedHTTP("crm.example", why), plugin.NeedSecret("api_key", "crm.example", why),
			plugin.NeedKV(why), plugin.NeedCustomer("name", why), plugin.NeedCustomer("traits.tier", why),
		},
	})
	plugin.Action(p, "greet", greet, plugin.Write, plugin.ExampleOf(abi.Example{
		Input: json.RawMessage(`{"id":"v1"}`), Output: json.RawMessage(`{"text":"Hello Lin (gold)","known":true}`),
		Customer: json.RawMessage(`{"name":"Lin","phone":"1","traits":{"tier":"gold","city":"x"}}`),
		KV:       map[string]json.RawMessage{"v1": json.RawMessage(`"before"`)},
		HTTP:     []abi.Exchange{{Method: "POST", Path: "/visits", Body: json.RawMessage(`{"key":"example-api_key"}`), Status: 204}},
	}))
	plugin.Action(p, "forget", func(ctx *plugin.Call, in visit) (none, error) { return none{}, ctx.KV().Delete(in.ID) }, plugin.Write)
	plugin.Action(p, "whoami", func(ctx *plugin.Call, _ none) (map1, error) {
		out := map1{Fields: map[string]any{}}
		return out, ctx.Customer(&out.Fields)
	})
	plugin.Action(p, "bad", func(ctx *plugin.Call, in visit) (none, error) {
		var n int
		_, err := ctx.KV().Get(in.ID, &n)
		return none{}, err
	})
	return p
}

type map1 struct {
	Fields map[string]any `json:"fields"`
}

func greet(ctx *plugin.Call, in visit) (greeting, error) {
	var customer struct {
		Name   string
		Traits struct{ Tier string }
	}
	if err := ctx.Customer(&customer); err != nil {
		return greeting{}, err
	}
	var before string
	known, err := ctx.KV().Get(in.ID, &before)
	if err != nil {
		return greeting{}, err
	}
	if err := ctx.KV().Put(in.ID, ctx.IdempotencyKey()); err != nil {
		return greeting{}, err
	}
	crm := ctx.HTTP("https://crm.example")
	crm.Header = map[string]string{"Authorization": "Bearer " + plugin.Secret("api_key")}
	err = crm.Post("/visits", map[string]string{"key": plugin.Secret("api_key")}, nil)
	return greeting{"Hello " + customer.Name + " (" + customer.Traits.Tier + ")", known}, err
}

func TestGrants(t *testing.T) {
	t.Parallel()
	plugintest.Examples(t, host())
	t.Run("values are kept from call to call", func(t *testing.T) {
		t.Parallel()
		h := plugintest.New(t, host())
		for _, known := range []bool{false, true} {
			h.Expect("POST", "/visits", 204, "")
			out, err := plugintest.Run[greeting](h, "greet", visit{"v1"})
			if err != nil || out.Known != known {
				t.Fatalf("got %v, error %v", out, err)
			}
		}
		if string(h.KV["v1"]) != `"test-key"` {
			t.Fatalf("kept %s", h.KV["v1"])
		}
		if _, err := plugintest.Run[none](h, "forget", visit{"v1"}); err != nil || len(h.KV) != 0 {
			t.Fatalf("kept %v, error %v", h.KV, err)
		}
	})
	t.Run("a secret is filled in outside of the plugin", func(t *testing.T) {
		t.Parallel()
		h := plugintest.New(t, host())
		h.Expect("POST", "/visits", 204, "")
		if _, err := plugintest.Run[greeting](h, "greet", visit{"v1"}); err != nil {
			t.Fatal(err)
		}
		if got := h.Requests[0]; got.Header["Authorization"] != "Bearer example-api_key" || got.Text != `{"key":"example-api_key"}` {
			t.Fatalf("sent %v", got)
		}
	})
	t.Run("only the fields that are asked for are seen", func(t *testing.T) {
		t.Parallel()
		h := plugintest.New(t, host())
		h.Customer = map[string]any{"name": "Lin", "phone": "1", "traits": map[string]any{"tier": "gold", "city": "x"}}
		out, err := plugintest.Run[map1](h, "whoami", none{})
		want := map[string]any{"name": "Lin", "traits": map[string]any{"tier": "gold"}}
		if err != nil || !reflect.DeepEqual(out.Fields, want) {
			t.Fatalf("got %v, error %v", out.Fields, err)
		}
		h.Customer = nil
		if out, err := plugintest.Run[map1](h, "whoami", none{}); err != nil || len(out.Fields) != 0 {
			t.Fatalf("got %v of nobody, error %v", out.Fields, err)
		}
	})
	t.Run("a value of another type is an error", func(t *testing.T) {
		t.Parallel()
		h := plugintest.New(t, host())
		h.KV = map[string]json.RawMessage{"v1": json.RawMessage(`"text"`)}
		if _, err := plugintest.Run[none](h, "bad", visit{"v1"}); plugin.Code(err) != "bad_value" {
			t.Fatalf("got %v", err)
		}
	})
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	why := plugin.T("to be tested", "用于测试")
	want := abi.Needs{
		HTTP: []abi.HTTPNeed{{Host: "crm.example", Reason: why}}, KV: why,
		Customer: []abi.FieldNeed{{Field: "name", Reason: why}, {Field: "traits.tier", Reason: why}},
		Secrets:  []abi.SecretNeed{{Name: "api_key", Host: "crm.example", Reason: why}},
	}
	if got := host().Manifest().Needs; !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v", got)
	}
}
