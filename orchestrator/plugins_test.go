package orchestrator_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// reaching is a version of points whose manifest asks for hosts.
func reaching(version string, hosts ...string) []byte {
	needs := `"needs":{"http":[{"host":"` + strings.Join(hosts, `"},{"host":"`) + `"}]},`
	return []byte(strings.Replace(points(version), `"abi":1,`, `"abi":1,`+needs, 1))
}

// pinned is the version of points that a journey's newest version uses.
func (h *harness) pinned(t *testing.T, journey string) string {
	t.Helper()
	_, v, err := h.Journey(t.Context(), admin, journey)
	require.NoError(t, err)
	return v.Definition.Actions["points.grant"].Version
}

// TestP24 uploads an update that asks for more than was granted.
func TestP24AnUpdateThatAsksForMoreNeedsAnotherDecision(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.UploadPlugin(ctx, admin, reaching("1.1.0", "a.example"), json.RawMessage(`{"limit":5}`), json.RawMessage(`{"http":["a.example"]}`))
	require.NoError(t, err)
	h.publish(t, "welcome")
	require.Equal(t, "1.1.0", h.pinned(t, "welcome"))

	same, err := h.UploadPlugin(ctx, admin, reaching("1.2.0", "a.example"), nil, nil)
	require.NoError(t, err)
	require.Empty(t, same.Missing, "an update that asks for no more has what was granted")
	require.JSONEq(t, `{"limit":5}`, string(same.Config))
	h.publish(t, "welcome")
	require.Equal(t, "1.2.0", h.pinned(t, "welcome"))

	more, err := h.UploadPlugin(ctx, admin, reaching("2.0.0", "a.example", "b.example"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, []orchestrator.MissingGrant{{Need: "http", Value: "b.example"}}, more.Missing)
	list, err := h.Plugins(ctx, admin)
	require.NoError(t, err)
	require.Equal(t, more.Missing, list[0].Missing, "it is visible until it is decided")
	h.publish(t, "welcome")
	require.Equal(t, "1.2.0", h.pinned(t, "welcome"), "what is published goes on with the version before")

	granted, err := h.UpdatePlugin(ctx, admin, "points", "2.0.0", orchestrator.PluginUpdate{Grant: json.RawMessage(`{"http":["a.example","b.example"]}`)})
	require.NoError(t, err)
	require.Empty(t, granted.Missing)
	require.JSONEq(t, `{"limit":5}`, string(granted.Config), "what an update does not name stays")
	require.Equal(t, "1.2.0", h.pinned(t, "welcome"), "running journeys keep what they pinned")
	h.publish(t, "welcome")
	require.Equal(t, "2.0.0", h.pinned(t, "welcome"))

	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	var told bool
	for _, r := range log {
		if r.Action == "plugin.update" {
			told = true
			require.Equal(t, "points 2.0.0", r.Object)
			require.JSONEq(t, `{"before":{"state":"active","grant":{"http":["a.example"]}},
				"after":{"state":"active","grant":{"http":["a.example","b.example"]}},"config_changed":false}`, string(r.Detail))
		}
		if r.Action == "plugin.upload" && r.Object == "points 2.0.0" {
			require.Contains(t, string(r.Detail), `"missing":["http b.example"]`)
		}
	}
	require.True(t, told)
}

func TestP24AnActionThatWasNotGrantedCannotBePublished(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.UpdatePlugin(ctx, admin, "points", "1.0.0", orchestrator.PluginUpdate{State: orchestrator.PluginDeprecated})
	require.NoError(t, err)
	_, err = h.UploadPlugin(ctx, admin, reaching("2.0.0", "b.example"), nil, nil)
	require.NoError(t, err)
	_, err = h.PublishJourney(ctx, admin, []byte(source("welcome")))
	var refused *orchestrator.ValidationError
	require.ErrorAs(t, err, &refused)
	require.Len(t, refused.Problems, 1)
	require.Equal(t, "ACTION_NOT_GRANTED", refused.Problems[0].Code)
	require.Equal(t, "steps.grant.call.action", refused.Problems[0].Path)
	require.Contains(t, refused.Problems[0].Message, "Version 2.0.0 of the plugin points asks for what it was not granted: http b.example.")
}

func TestUpdatePlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	for name, c := range map[string]struct {
		name, version string
		update        orchestrator.PluginUpdate
		kind          error
	}{
		"a plugin that is not there":        {"none", "1.0.0", orchestrator.PluginUpdate{}, orchestrator.ErrNotFound},
		"a version that is not there":       {"points", "9.0.0", orchestrator.PluginUpdate{}, orchestrator.ErrNotFound},
		"no version":                        {"points", "", orchestrator.PluginUpdate{}, orchestrator.ErrInvalid},
		"a state that is none":              {"points", "1.0.0", orchestrator.PluginUpdate{State: "gone"}, orchestrator.ErrInvalid},
		"a configuration that does not fit": {"points", "1.0.0", orchestrator.PluginUpdate{Config: json.RawMessage(`{"limit":"x"}`)}, orchestrator.ErrInvalid},
		"a grant that is a list":            {"points", "1.0.0", orchestrator.PluginUpdate{Grant: json.RawMessage(`[]`)}, orchestrator.ErrInvalid},
		"a grant that the host refuses":     {"points", "1.0.0", orchestrator.PluginUpdate{Grant: json.RawMessage(`{"http":1}`)}, orchestrator.ErrInvalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := h.UpdatePlugin(ctx, admin, c.name, c.version, c.update)
			require.ErrorIs(t, err, c.kind)
		})
	}
	t.Run("W01: another workspace's plugin is not there", func(t *testing.T) {
		t.Parallel()
		eve := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
		_, err := h.UpdatePlugin(ctx, eve, "points", "1.0.0", orchestrator.PluginUpdate{State: orchestrator.PluginDisabled})
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = h.Plugin(ctx, eve, "points", "")
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		mine, err := h.Plugin(ctx, admin, "points", "")
		require.NoError(t, err)
		_, _, err = h.PluginModule(ctx, eve, mine.Digest)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, module, err := h.PluginModule(ctx, admin, mine.Digest)
		require.NoError(t, err)
		require.Equal(t, points("1.0.0"), string(module))
	})
}

// TestP22 is what follows when the host finds other bytes than were approved.
func TestP22APluginWhoseBytesChangedIsDisabled(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	var logged bytes.Buffer
	svc := orchestrator.NewService(orchestrator.Deps{Store: h.store, Plugins: fakeHost{}, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
	p, err := svc.Plugin(ctx, admin, "points", "")
	require.NoError(t, err)

	for range 3 {
		require.NoError(t, svc.Quarantine(ctx, acme, p.Digest))
	}
	require.ErrorIs(t, svc.Quarantine(ctx, "other", p.Digest), orchestrator.ErrNotFound)
	p, err = svc.Plugin(ctx, admin, "points", "")
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginDisabled, p.State)
	require.Contains(t, p.Reason, "Upload the module again")
	require.Equal(t, 1, strings.Count(logged.String(), "level=ERROR"), "one alert")
	log, err := h.store.AuditLog(ctx, acme)
	require.NoError(t, err)
	require.Equal(t, "plugin.quarantine", log[len(log)-1].Action)
	require.Equal(t, "qidong", log[len(log)-1].Actor)

	_, err = svc.PublishJourney(ctx, admin, []byte(source("welcome")))
	require.ErrorContains(t, err, "No active plugin offers")

	_, err = svc.UploadPlugin(ctx, admin, []byte(points("1.0.0")), nil, nil)
	require.NoError(t, err)
	p, err = svc.UpdatePlugin(ctx, admin, "points", "1.0.0", orchestrator.PluginUpdate{State: orchestrator.PluginActive})
	require.NoError(t, err)
	require.Equal(t, orchestrator.PluginActive, p.State)
	require.Empty(t, p.Reason)
}

func TestPluginsTellTheirHealth(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	bad := orchestrator.PluginHealth{Plugin: "points", Version: "1.0.0", Circuit: "open", Calls: 9, Failures: map[string]int64{"TRAP": 5}}
	svc := orchestrator.NewService(orchestrator.Deps{Store: h.store, Plugins: fakeHost{health: []orchestrator.PluginHealth{{Plugin: "points", Version: "0.9.0"}, bad}}})
	list, err := svc.Plugins(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, &bad, list[0].Health)
	p, err := svc.Plugin(t.Context(), admin, "points", "1.0.0")
	require.NoError(t, err)
	require.Equal(t, &bad, p.Health)
}

func TestGrantPlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.UploadPlugin(ctx, admin, reaching("1.1.0", "a.example", "b.example"), json.RawMessage(`{"limit":5}`), json.RawMessage(`{"http":["old.example"],"record":0.5,"limits":{"fuel":7}}`))
	require.NoError(t, err)

	p, err := h.GrantPlugin(ctx, admin, "points", "1.1.0", []string{"http b.example"})
	require.NoError(t, err)
	require.JSONEq(t, `{"http":["b.example"],"record":0.5,"limits":{"fuel":7}}`, string(p.Grant), "what is not a need stays as it was")
	p, err = h.Plugin(ctx, admin, "points", "1.1.0")
	require.NoError(t, err)
	require.Equal(t, []orchestrator.MissingGrant{{Need: "http", Value: "a.example"}, {Need: "http", Value: "b.example"}}, p.Needs)
	require.Equal(t, p.Needs[:1], p.Missing)

	_, err = h.GrantPlugin(ctx, admin, "points", "1.1.0", []string{"http c.example"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid, "what it does not ask for is not given")
	p, err = h.GrantPlugin(ctx, admin, "points", "1.1.0", nil)
	require.NoError(t, err)
	require.JSONEq(t, `{"record":0.5,"limits":{"fuel":7}}`, string(p.Grant))
}

// A trial is of a version that is there, by somebody who may, and bounded.
func TestTryPlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.TryPlugin(ctx, admin, "nobody", "1.0.0", orchestrator.PluginTrial{Action: "grant"})
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.TryPlugin(ctx, orchestrator.Actor{Workspace: admin.Workspace, Name: "partner", Scopes: []string{orchestrator.ScopeEvents}}, "nobody", "", orchestrator.PluginTrial{})
	require.ErrorIs(t, err, orchestrator.ErrForbidden)
	_, err = h.TryPlugin(ctx, admin, "nobody", "", orchestrator.PluginTrial{Input: make([]byte, 129<<10)})
	require.ErrorIs(t, err, orchestrator.ErrLimit)
}
