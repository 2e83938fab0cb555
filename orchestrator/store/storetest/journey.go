package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// version is a small one, with a step inside a block.
func version(workspace, name, digest string) orchestrator.Version {
	return orchestrator.Version{
		Workspace: workspace, Journey: name, Digest: digest, Source: "qidong: v1 # " + digest,
		PublishedAt: at, PublishedBy: "ada",
		Definition: &journey.Definition{
			Language: "v1", Journey: name, Title: journey.Text{"en": "Welcome", "zh-CN": "欢迎"},
			Entry:    journey.Entry{Event: &journey.EventEntry{Type: "x"}, Reentry: "never"},
			Deadline: journey.Duration(72 * time.Hour),
			Steps: []*journey.Step{
				{ID: "ask", Wait: &journey.Wait{Arms: []journey.Arm{
					{ID: "yes", Event: "y", Steps: []*journey.Step{{ID: "end", Exit: &journey.ExitStep{Outcome: "done"}}}},
					{ID: "late", After: journey.Duration(time.Hour)},
				}}},
				{ID: "grant", Call: &journey.Call{Action: "points.grant", With: map[string]any{"amount": 100.0}}},
			},
			Actions: map[string]journey.Action{"points.grant": {Plugin: "points", Digest: "d", Timeout: time.Second}},
		},
	}
}

func testJourneys(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	first, err := s.Publish(ctx, version(acme, "welcome", "d1"))
	require.NoError(t, err)
	require.Equal(t, 1, first.Number)

	again := version(acme, "welcome", "d1")
	again.PublishedBy = "bob"
	got, err := s.Publish(ctx, again)
	require.NoError(t, err)
	equal(t, first, got)

	require.NoError(t, s.SetJourneyStatus(ctx, acme, "welcome", orchestrator.JourneyPaused))
	second, err := s.Publish(ctx, version(acme, "welcome", "d2"))
	require.NoError(t, err)
	require.Equal(t, 2, second.Number)
	third, err := s.Publish(ctx, version(acme, "welcome", "d1"))
	require.NoError(t, err)
	require.Equal(t, 3, third.Number, "going back to an old definition is a version of its own")

	_, err = s.Publish(ctx, version(acme, "Welcome", "d3"))
	require.NoError(t, err, "names differ by case")

	j, err := s.Journey(ctx, acme, "welcome")
	require.NoError(t, err)
	equal(t, orchestrator.Journey{
		Workspace: acme, Name: "welcome", Status: orchestrator.JourneyPaused, Number: 3, Digest: "d1",
		Title: first.Definition.Title, Steps: 3, UpdatedAt: at, PausedFrom: orchestrator.JourneyLive,
	}, j)
	list, err := s.Journeys(ctx, acme)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "Welcome", list[0].Name)
	equal(t, j, list[1])

	versions, err := s.Versions(ctx, acme, "welcome")
	require.NoError(t, err)
	equal(t, []orchestrator.Version{third, second, first}, versions)

	_, err = s.Publish(ctx, orchestrator.Version{Workspace: acme, Journey: "empty"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)
}

func testVersionByDigest(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	want, err := s.Publish(ctx, version(acme, "welcome", "d1"))
	require.NoError(t, err)
	later := version(other, "welcome", "d1")
	later.PublishedAt = at.Add(time.Hour)
	_, err = s.Publish(ctx, later)
	require.NoError(t, err)
	got, err := s.VersionByDigest(ctx, "d1")
	require.NoError(t, err)
	equal(t, want, got)
}

// plugin is a version and its module.
func plugin(workspace, name, ver, module string) (orchestrator.Plugin, []byte) {
	sum := sha256.Sum256([]byte(module))
	return orchestrator.Plugin{
		Workspace: workspace, Name: name, Version: ver, Digest: hex.EncodeToString(sum[:]), State: orchestrator.PluginActive,
		Manifest: json.RawMessage(`{"name":"` + name + `"}`), Config: json.RawMessage(`{"a": 1}`), Size: int64(len(module)), CreatedAt: at,
	}, []byte(module)
}

func testPlugins(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	p, module := plugin(acme, "cinema", "1.0.0", "one")
	require.NoError(t, s.AddPlugin(ctx, p, module))
	p.Config, p.Grant = json.RawMessage(`{"a":2}`), json.RawMessage(`{"http":["h"]}`)
	require.NoError(t, s.AddPlugin(ctx, p, module), "the same again updates configuration and grant")
	got, err := s.Plugin(ctx, acme, "cinema", "1.0.0")
	require.NoError(t, err)
	equal(t, p, got)
	got, err = s.PluginByDigest(ctx, acme, p.Digest)
	require.NoError(t, err)
	equal(t, p, got)
	bytes, err := s.Module(ctx, p.Digest)
	require.NoError(t, err)
	require.Equal(t, module, bytes)

	t.Run("what a workspace decides about a version is kept", func(t *testing.T) {
		p.State, p.Reason, p.Grant = orchestrator.PluginDisabled, "Because.", json.RawMessage(`{}`)
		require.NoError(t, s.UpdatePlugin(ctx, p))
		got, err := s.Plugin(ctx, acme, "cinema", "1.0.0")
		require.NoError(t, err)
		equal(t, p, got)
		unknown := p
		unknown.Version = "9.0.0"
		require.ErrorIs(t, s.UpdatePlugin(ctx, unknown), orchestrator.ErrNotFound)
		unknown = p
		unknown.Workspace = other
		require.ErrorIs(t, s.UpdatePlugin(ctx, unknown), orchestrator.ErrNotFound)
	})
	t.Run("P21: other bytes under the same version are a conflict", func(t *testing.T) {
		changed, bytes := plugin(acme, "cinema", "1.0.0", "two")
		require.ErrorIs(t, s.AddPlugin(ctx, changed, bytes), orchestrator.ErrConflict)
		_, err = s.Module(ctx, changed.Digest)
		require.ErrorIs(t, err, orchestrator.ErrNotFound, "nothing is half stored")
		got, err := s.Plugin(ctx, acme, "cinema", "1.0.0")
		require.NoError(t, err)
		equal(t, p, got)
		elsewhere, bytes := plugin(other, "cinema", "1.0.0", "two")
		require.NoError(t, s.AddPlugin(ctx, elsewhere, bytes), "another workspace has its own versions")
	})
	t.Run("a digest that is not the module's is refused", func(t *testing.T) {
		wrong, _ := plugin(acme, "ride", "1.0.0", "one")
		require.ErrorIs(t, s.AddPlugin(ctx, wrong, []byte("two")), orchestrator.ErrInvalid)
	})
	t.Run("a version that is not semantic is refused", func(t *testing.T) {
		wrong, bytes := plugin(acme, "ride", "v1", "one")
		require.ErrorIs(t, s.AddPlugin(ctx, wrong, bytes), orchestrator.ErrInvalid)
	})
}

func testNewestPlugin(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for _, v := range []string{"1.9.0", "1.10.0", "1.10.0-rc.1", "1.2.0"} {
		p, module := plugin(acme, "cinema", v, v)
		require.NoError(t, s.AddPlugin(ctx, p, module))
	}
	p, module := plugin(acme, "bank", "0.1.0", "bank")
	require.NoError(t, s.AddPlugin(ctx, p, module))
	got, err := s.Plugin(ctx, acme, "cinema", "")
	require.NoError(t, err)
	require.Equal(t, "1.10.0", got.Version)
	list, err := s.Plugins(ctx, acme)
	require.NoError(t, err)
	var versions []string
	for _, p := range list {
		versions = append(versions, p.Name+" "+p.Version)
	}
	require.Equal(t, []string{"bank 0.1.0", "cinema 1.10.0", "cinema 1.10.0-rc.1", "cinema 1.9.0", "cinema 1.2.0"}, versions)
}

var ignoreMade = cmpopts.IgnoreFields(orchestrator.Customer{}, "CompanionToken", "CreatedAt")
