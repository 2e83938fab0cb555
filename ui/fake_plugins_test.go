package ui

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// fakePlugins holds one plugin, in two versions, and remembers what was decided.
type fakePlugins struct {
	uploaded [][]byte
	allowed  []string
	updates  []orchestrator.PluginUpdate
	tried    []orchestrator.PluginTrial
	yanked   string // version
	secrets  []orchestrator.Secret
	err      error // of an upload
}

const cinemaManifest = `{"abi":1,"name":"cinema","partner":"Star <b>Cinemas</b>","title":{"en":"Cinema","zh-CN":"影院"},
	"description":{"en":"Showtimes and seats.","zh-CN":"场次与座位。"},"config":{"type":"object"},
	"actions":[{"name":"hold_seats","title":{"en":"Hold seats","zh-CN":"锁定座位"},"effect":"write","undo":"release",
		"input":{"type":"object","required":["seats"],"properties":{"show":{"type":"string","format":"uuid"},"seats":{"type":"integer","minimum":1,"maximum":8,"title":"Seats <script>alert(1)</script>"}}},
		"output":{"type":"object","properties":{"kinds":{"type":"array","items":{"type":"string"}},"row":{"enum":["a","b"]}}},
		"examples":[{"title":{"en":"Sold out","zh-CN":"售罄"},"input":{"seats":2},"error":"sold_out"},{"title":{"en":"Two seats","zh-CN":"两个座位"},"input":{"seats":2},"output":{"row":"a"}}]}]}`

func aPlugin(version string) orchestrator.Plugin {
	needs := []orchestrator.MissingGrant{
		{Need: "http", Value: "cinema.example", Reason: journey.Text{"en": "To hold seats <i>", "zh-CN": "用于锁座"}},
		{Need: "customer", Value: "name", Reason: journey.Text{"en": "Printed on the ticket", "zh-CN": "打印在票上"}},
		{Need: "secret", Value: "cinema_key for cinema.example", Reason: journey.Text{"en": "To sign requests", "zh-CN": "用于签名"}},
	}
	p := orchestrator.Plugin{
		Workspace: "demo", Name: "cinema", Version: version, Digest: strings.Repeat("cd", 32), State: orchestrator.PluginActive, Manifest: json.RawMessage(cinemaManifest),
		Config: json.RawMessage(`{"url":"https://cinema.example"}`), Grant: json.RawMessage(`{"http":["cinema.example"],"limits":{"fuel":500}}`), Size: 3_000_000, CreatedAt: testNow, Needs: needs,
		Health: &orchestrator.PluginHealth{Circuit: "closed", Calls: 1234, Failures: map[string]int64{"sold_out": 3}, P50: 12 * time.Millisecond, P99: 80 * time.Millisecond},
	}
	if version == "1.1.0" {
		p.Missing = needs[1:]
	}
	return p
}

func (f *fake) Plugins(context.Context, actor) ([]orchestrator.Plugin, error) {
	return []orchestrator.Plugin{aPlugin("1.1.0"), aPlugin("1.0.0")}, f.err()
}

func (f *fake) Plugin(_ context.Context, _ actor, name, version string) (orchestrator.Plugin, error) {
	if name != "cinema" || (version != "" && version != "1.0.0" && version != "1.1.0") {
		return orchestrator.Plugin{}, orchestrator.ErrNotFound
	}
	if version == "" {
		version = "1.1.0"
	}
	return aPlugin(version), f.err()
}

func (f *fake) UploadPlugin(_ context.Context, _ actor, module []byte, _, _ json.RawMessage) (orchestrator.Plugin, error) {
	f.plugins.uploaded = append(f.plugins.uploaded, module)
	return aPlugin("1.1.0"), f.plugins.err
}

func (f *fake) UpdatePlugin(_ context.Context, _ actor, _, version string, u orchestrator.PluginUpdate) (orchestrator.Plugin, error) {
	f.plugins.updates = append(f.plugins.updates, u)
	return aPlugin(version), f.err()
}

func (f *fake) GrantPlugin(_ context.Context, _ actor, _, version string, allowed []string) (orchestrator.Plugin, error) {
	f.plugins.allowed = allowed
	return aPlugin(version), f.err()
}

func (f *fake) PluginCalls(_ context.Context, _ actor, filter orchestrator.CallFilter, _ orchestrator.Page) ([]orchestrator.PluginCall, string, error) {
	if !filter.Failed || filter.Plugin != "cinema" {
		return nil, "", orchestrator.ErrInvalid
	}
	return []orchestrator.PluginCall{{ID: "pc_1", Plugin: "cinema", Version: filter.Version, Action: "hold_seats", Code: "sold_out", Enrollment: "e_run", At: testNow, Duration: 9 * time.Millisecond}}, "", f.err()
}

func (f *fake) PluginUses(context.Context, actor, string, string) ([]orchestrator.PluginUse, error) {
	return []orchestrator.PluginUse{{Journey: "movie-night", Number: 2, Newest: true, Live: 41}, {Journey: "movie-night", Number: 1, Live: 1}}, f.err()
}

func (f *fake) YankPlugin(_ context.Context, _ actor, _, version, _ string, _ bool) (orchestrator.Plugin, error) {
	f.plugins.yanked = version
	return aPlugin(version), f.err()
}

func (f *fake) Secrets(context.Context, actor) ([]orchestrator.Secret, error) {
	return f.plugins.secrets, f.err()
}

func (f *fake) PutSecret(_ context.Context, _ actor, name string, value []byte) (orchestrator.Secret, error) {
	s := orchestrator.Secret{Name: name, Sealed: value, UpdatedAt: testNow}
	f.plugins.secrets = append(f.plugins.secrets, s)
	return s, f.err()
}

func (f *fake) DeleteSecret(context.Context, actor, string) error {
	f.plugins.secrets = nil
	return f.err()
}

// TryPlugin gives back what it was given; two seats are sold out.
func (f *fake) TryPlugin(_ context.Context, _ actor, name, version string, t orchestrator.PluginTrial) (orchestrator.PluginTried, error) {
	if _, err := f.Plugin(context.Background(), actor{}, name, version); err != nil {
		return orchestrator.PluginTried{}, err
	}
	f.plugins.tried = append(f.plugins.tried, t)
	out := orchestrator.PluginTried{Log: "info: <b>asked</b>\n", Asked: []string{"POST https://cinema.example/v1/holds"}, Fuel: 180094, Memory: 4 << 20, Took: 3 * time.Millisecond}
	if strings.Contains(string(t.Input), `"seats":2`) {
		out.Code, out.Text, out.Retry = "sold_out", "No seats are left.", "never"
		return out, nil
	}
	out.Output = json.RawMessage(`{"given":` + string(t.Input) + `}`)
	return out, nil
}
