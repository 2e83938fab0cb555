package plugin_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/plugin"
	"github.com/qidong/qidong/sdk/plugintest"
)

type config struct {
	BaseURL string `json:"base_url" schema:"format=uri"`
}

type hold struct {
	ShowID string `json:"show_id" schema:"minLength=1" title:"Show" title-zh-CN:"场次"`
	Seats  int    `json:"seats" schema:"minimum=1,maximum=6"`
	Locale string `json:"locale,omitempty" schema:"enum=en|zh-CN"`
}

type held struct {
	HoldID    string    `json:"hold_id" schema:"pattern=^[a-z]{1,3}$"`
	ExpiresAt time.Time `json:"expires_at"`
}

type none struct{}

var expires = time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC)

func cinema() *plugin.Plugin {
	p := plugin.New(plugin.Info{
		Name: "cinema", Version: "1.0.0", Partner: "Aurora", Title: plugin.T("Cinema", "影院"),
		Config: config{"https://cinema.example/api"},
		Needs:  []plugin.Need{plugin.NeedHTTP("config.base_url", plugin.T("to hold seats", "用于锁定座位"))},
	})
	plugin.Action(p, "hold_seats", holdSeats, plugin.Write, plugin.UndoneBy("release_seats"),
		plugin.Title("Hold seats", "锁定座位"), plugin.Timeout(5*time.Second),
		plugin.Example(hold{ShowID: "s", Seats: 2}, held{"h", expires},
			plugin.Exchange("POST", "/api/v1/holds", 201, held{"h", expires})),
		plugin.ExampleError(hold{ShowID: "s", Seats: 6}, "sold_out",
			plugin.Exchange("POST", "/api/v1/holds", 409, map[string]string{"code": "sold_out"})))
	plugin.Action(p, "release_seats", func(*plugin.Call, none) (none, error) { return none{}, errors.New("not today") }, plugin.Write)
	plugin.Action(p, "show", show, plugin.Read)
	plugin.Action(p, "panic", func(*plugin.Call, none) (none, error) { panic("on purpose") })
	return p
}

func holdSeats(ctx *plugin.Call, in hold) (out held, err error) {
	var c config
	if err = ctx.Config(&c); err != nil {
		return
	}
	err = ctx.HTTP(c.BaseURL).Post("/v1/holds", in, &out)
	return
}

func show(ctx *plugin.Call, in hold) (out held, err error) {
	ctx.Logf("looking for %s at %s", in.ShowID, ctx.Now().Format(time.DateOnly))
	err = ctx.HTTP("https://cinema.example/").Get("/v1/show", url.Values{"id": {in.ShowID}}, &out)
	return
}

func TestExamples(t *testing.T) {
	t.Parallel()
	plugintest.Examples(t, cinema())
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("the request and its answer are typed", func(t *testing.T) {
		t.Parallel()
		h := plugintest.New(t, cinema())
		h.Expect("GET", "/v1/show?id=a+b", 200, `{"hold_id":"x","expires_at":"2026-11-28T11:30:00Z"}`)
		out, err := plugintest.Run[held](h, "show", hold{ShowID: "a b"})
		if err != nil || out != (held{"x", expires}) {
			t.Fatalf("got %v, error %v", out, err)
		}
		if len(h.Log) != 1 || h.Log[0] != "looking for a b at 2026-11-28" {
			t.Fatalf("logged %q", h.Log)
		}
	})
	for title, tt := range map[string]struct {
		status int
		body   string
		code   string
		retry  abi.Retry
	}{
		"a refusal is final":                    {409, `{"code":"sold_out","message":"No seats."}`, "sold_out", abi.RetryNever},
		"a refusal in an envelope is final":     {404, `{"error":{"code":"gone"}}`, "gone", abi.RetryNever},
		"a refusal with an error text is final": {400, `{"error":"bad"}`, "http_400", abi.RetryNever},
		"too many requests are tried later":     {429, ``, "http_429", abi.RetryLater},
		"a failure is tried later":              {500, `oops`, "http_500", abi.RetryLater},
		"an answer that is no JSON is final":    {200, `oops`, "bad_response", abi.RetryNever},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := plugintest.New(t, cinema())
			h.Expect("GET", "/v1/show?id=s", tt.status, quote(tt.body))
			_, err := plugintest.Run[held](h, "show", hold{ShowID: "s"})
			var e *plugin.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Retry != tt.retry || e.Message == "" {
				t.Fatalf("got %#v", err)
			}
		})
	}
	for action, code := range map[string]string{"release_seats": "failed", "panic": "panic", "dance": "unknown_action"} {
		t.Run("the code of "+action+" is "+code, func(t *testing.T) {
			t.Parallel()
			_, err := plugintest.Run[none](plugintest.New(t, cinema()), action, none{})
			if plugin.Code(err) != code {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// quote passes text that is no JSON through plugintest, whose bodies are raw.
func quote(s string) string {
	if s == "" || json.Valid([]byte(s)) {
		return s
	}
	b, _ := json.Marshal(s)
	return string(b)
}

func TestSchema(t *testing.T) {
	t.Parallel()
	m := cinema().Manifest()
	var got, want any
	a := m.Action("hold_seats")
	for raw, text := range map[*json.RawMessage]string{
		&a.Input: `{"type":"object","additionalProperties":false,"required":["show_id","seats"],"x-order":["show_id","seats","locale"],"properties":{
			"show_id":{"type":"string","minLength":1,"title":"Show","x-title":{"en":"Show","zh-CN":"场次"}},
			"seats":{"type":"integer","minimum":1,"maximum":6},
			"locale":{"type":"string","enum":["en","zh-CN"]}}}`,
		&a.Output: `{"type":"object","additionalProperties":false,"required":["hold_id","expires_at"],"x-order":["hold_id","expires_at"],"properties":{
			"hold_id":{"type":"string","pattern":"^[a-z]{1,3}$"},
			"expires_at":{"type":"string","format":"date-time"}}}`,
	} {
		if err := errors.Join(json.Unmarshal(*raw, &got), json.Unmarshal([]byte(text), &want)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	if a.TimeoutMS != 5000 || a.Undo != "release_seats" || a.Effect != abi.Write {
		t.Errorf("got %+v", a)
	}
}

type embedded struct {
	City string `json:"city"`
}

type rich struct {
	embedded
	Place
	List    []string          `json:"list"`
	Map     map[string]int    `json:"map"`
	Bytes   []byte            `json:"bytes"`
	Pointer *float64          `json:"pointer,omitempty"`
	Any     any               `json:"any"`
	Raw     json.RawMessage   `json:"raw"`
	Nested  struct{ On bool } `json:"nested"`
	Skipped int               `json:"-"`
	hidden  int
}

// Place is embedded by its name.
type Place struct {
	Street string `json:"street"`
}

func TestSchemaOfRichTypes(t *testing.T) {
	t.Parallel()
	p := plugin.New(plugin.Info{Name: "a"})
	plugin.Action(p, "act", func(*plugin.Call, rich) (none, error) { _ = rich{}.hidden; return none{}, nil })
	var got struct {
		Properties map[string]struct{ Type string }
		Required   []string
	}
	if err := json.Unmarshal(p.Manifest().Actions[0].Input, &got); err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for name, s := range got.Properties {
		types[name] = s.Type
	}
	want := map[string]string{
		"city": "string", "street": "string", "list": "array", "map": "object", "bytes": "string",
		"pointer": "number", "any": "", "raw": "", "nested": "object",
	}
	if !reflect.DeepEqual(types, want) {
		t.Errorf("got %v\nwant %v", types, want)
	}
}

type recursive struct {
	Next *recursive `json:"next"`
}

func TestFaultsOfTheProgramPanic(t *testing.T) {
	t.Parallel()
	for says, add := range map[string]func(*plugin.Plugin){
		"contains itself": func(p *plugin.Plugin) {
			plugin.Action(p, "a", func(*plugin.Call, recursive) (none, error) { return none{}, nil })
		},
		"no struct": func(p *plugin.Plugin) {
			plugin.Action(p, "a", func(*plugin.Call, string) (none, error) { return none{}, nil })
		},
		"no JSON Schema": func(p *plugin.Plugin) {
			plugin.Action(p, "a", func(*plugin.Call, struct{ C chan int }) (none, error) { return none{}, nil })
		},
		"keys of a map": func(p *plugin.Plugin) {
			plugin.Action(p, "a", func(*plugin.Call, struct{ M map[int]int }) (none, error) { return none{}, nil })
		},
		`schema tag "least=1"`: func(p *plugin.Plugin) {
			plugin.Action(p, "a", func(*plugin.Call, struct {
				N int `schema:"least=1"`
			},
			) (none, error) {
				return none{}, nil
			})
		},
		"added twice": func(p *plugin.Plugin) {
			for range 2 {
				plugin.Action(p, "a", func(*plugin.Call, none) (none, error) { return none{}, nil })
			}
		},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if s, _ := recover().(string); !strings.Contains(s, says) {
					t.Errorf("panic %q", s)
				}
			}()
			add(plugin.New(plugin.Info{Name: "p"}))
		})
	}
}

func FuzzCall(f *testing.F) {
	f.Add([]byte(`{"action":"panic","input":{}}`))
	f.Add([]byte(`{"action":"release_seats","input":null,"now":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(`[`))
	p := cinema()
	f.Fuzz(func(t *testing.T, envelope []byte) {
		var r abi.Result
		if err := json.Unmarshal(p.Call(silent{}, envelope), &r); err != nil || (r.Error == nil) == (r.Output == nil) {
			t.Fatalf("got %+v, error %v", r, err)
		}
	})
}

// silent is a host that answers nothing.
type silent struct{}

func (silent) Request([]byte) []byte { return nil }
func (silent) Log(int, string)       {}
