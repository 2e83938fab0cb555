// Package plugin is for writing Qidong plugins in Go: a module of the standard
// toolchain whose actions are typed functions. It uses the standard library
// only.
//
// A complete plugin:
//
//	package main
//
//	import (
//		"time"
//
//		"github.com/qidong/qidong/sdk/plugin"
//	)
//
//	// Config is what a workspace fills in once.
//	type Config struct {
//		BaseURL string `json:"base_url" schema:"format=uri" title:"Backend" title-zh-CN:"后端地址"`
//	}
//
//	type Hold struct {
//		ShowID string `json:"show_id" schema:"minLength=1" title:"Show" title-zh-CN:"场次"`
//		Seats  int    `json:"seats" schema:"minimum=1,maximum=6" title:"Seats" title-zh-CN:"座位数"`
//		Locale string `json:"locale,omitempty"` // omitempty: not required
//	}
//
//	type Held struct {
//		HoldID    string    `json:"hold_id"`
//		ExpiresAt time.Time `json:"expires_at"`
//	}
//
//	type Release struct {
//		HoldKey string `json:"hold_key"`
//	}
//
//	type Released struct {
//		Released bool `json:"released"`
//	}
//
//	func New() *plugin.Plugin {
//		p := plugin.New(plugin.Info{
//			Name: "cinema", Version: "1.0.0", Partner: "Aurora Cinemas",
//			Title:  plugin.T("Aurora Cinemas", "极光影院"),
//			Config: Config{BaseURL: "https://cinema.example"},
//			Needs: []plugin.Need{plugin.NeedHTTP("config.base_url",
//				plugin.T("to hold seats", "用于锁定座位"))},
//		})
//		expires := time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC)
//		plugin.Action(p, "hold_seats", HoldSeats, plugin.Write,
//			plugin.UndoneBy("release_seats"),
//			plugin.Title("Hold seats", "锁定座位"),
//			plugin.Timeout(5*time.Second),
//			plugin.Example(Hold{ShowID: "s1", Seats: 2}, Held{HoldID: "h1", ExpiresAt: expires},
//				plugin.Exchange("POST", "/v1/holds", 201, Held{HoldID: "h1", ExpiresAt: expires})),
//			plugin.ExampleError(Hold{ShowID: "s1", Seats: 6}, "sold_out",
//				plugin.Exchange("POST", "/v1/holds", 409, map[string]string{"code": "sold_out"})))
//		plugin.Action(p, "release_seats", ReleaseSeats, plugin.Write)
//		return p
//	}
//
//	func HoldSeats(ctx *plugin.Call, in Hold) (Held, error) {
//		var out Held
//		backend, err := connect(ctx)
//		if err != nil {
//			return out, err
//		}
//		err = backend.Post("/v1/holds", in, &out)
//		return out, err
//	}
//
//	func ReleaseSeats(ctx *plugin.Call, in Release) (Released, error) {
//		var out Released
//		backend, err := connect(ctx)
//		if err != nil {
//			return out, err
//		}
//		err = backend.Post("/v1/holds/release", in, &out)
//		return out, err
//	}
//
//	func connect(ctx *plugin.Call) (*plugin.Client, error) {
//		var c Config
//		err := ctx.Config(&c)
//		return ctx.HTTP(c.BaseURL), err
//	}
//
//	func init() { plugin.Serve(New()) }
//
//	func main() {} // never runs in a module
//
// Build it, without network, with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o cinema.wasm .
//
// and test it as any Go code, natively, with package plugintest.
//
// # Schemas
//
// Input, output and configuration are structs. A field's JSON name, and
// whether it is required (no omitempty or omitzero), come from its json tag;
// unknown fields are refused. Allowed are strings, booleans, numbers,
// time.Time, structs, pointers, slices, maps by string, json.RawMessage and
// any; no recursion. Further tags: title and description, each also with -zh-CN, for
// people, and schema with minimum, maximum, minLength, maxLength, minItems,
// maxItems, multipleOf, format, enum=a|b and, last, pattern. A nil slice is
// written as null, which no schema allows: make an empty one, or omitempty.
//
// # What a call may rely on
//
// Every call starts from the same memory: nothing kept in a variable reaches
// another call. The clock starts at [Call.Now]. Randomness is seeded by the
// idempotency key: a retry sees the same numbers, so they are no secrets. There
// are no files, no environment, no sockets: the world is reached with
// [Call.HTTP], [Call.Ledger] and [Call.KV], and the customer with
// [Call.Customer], as far as the workspace has granted what the [Need] of
// [Info] asks for. Goroutines run only while the action runs.
//
// What a plugin must not know stays with the host: [Secret] names a key of the
// workspace in a request, and the host fills it in.
//
// A call may be repeated at any time, also after it succeeded. The host sends
// the call's idempotency key with its first HTTP request that is no GET or
// HEAD, and the key with ".2", ".3" … with the further ones, so a backend that
// honors Idempotency-Key is safe; the requests of one action must therefore be
// made in the same order every time.
package plugin
