package orchestrator_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// actions counts the audit records of an action.
func (h *harness) actions(t *testing.T, action string) int {
	t.Helper()
	log, err := h.store.AuditLog(t.Context(), acme)
	require.NoError(t, err)
	n := 0
	for _, r := range log {
		if r.Action == action {
			require.Equal(t, "ada", r.Actor)
			n++
		}
	}
	return n
}

func TestPublishJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	v := h.publish(t, "welcome")
	require.Equal(t, 1, v.Number)
	require.Equal(t, "ada", v.PublishedBy)
	require.Equal(t, "points", v.Definition.Actions["points.grant"].Plugin)
	require.Len(t, v.Definition.Actions["points.grant"].Digest, 64, "actions are pinned")
	again := h.publish(t, "welcome")
	require.Equal(t, v.Digest, again.Digest)
	require.Equal(t, 1, again.Number)
	require.Equal(t, 1, h.actions(t, "journey.publish"))

	j, newest, err := h.Journey(ctx, admin, "welcome")
	require.NoError(t, err)
	require.Equal(t, v.Digest, j.Digest)
	require.Equal(t, source("welcome"), newest.Source)

	t.Run("a new plugin version is pinned by the next publish only", func(t *testing.T) {
		_, err := h.UploadPlugin(ctx, admin, []byte(points("1.1.0")), nil, nil)
		require.NoError(t, err)
		_, pinned, err := h.Journey(ctx, admin, "welcome")
		require.NoError(t, err)
		require.Equal(t, "1.0.0", pinned.Definition.Actions["points.grant"].Version)
		v := h.publish(t, "welcome")
		require.Equal(t, 2, v.Number)
		require.Equal(t, "1.1.0", v.Definition.Actions["points.grant"].Version)
	})
	for name, change := range map[string][2]string{
		"an unknown action":    {"points.grant", "points.steal"},
		"a wrong input":        {"amount: 100", "amuont: 100"},
		"a wrong expression":   {`"gold"`, `"gold`},
		"an unknown step kind": {"    wait:", "    snooze:"},
		"no timeout arm":       {"        - {id: late, after: 1h}\n", ""},
	} {
		t.Run(name+" is refused and nothing is stored", func(t *testing.T) {
			bad := strings.Replace(source("broken"), change[0], change[1], 1)
			require.NotEqual(t, source("broken"), bad)
			d, problems, err := h.ValidateJourney(ctx, admin, []byte(bad))
			require.NoError(t, err)
			require.Nil(t, d)
			require.NotEmpty(t, problems)
			_, err = h.PublishJourney(ctx, admin, []byte(bad))
			var invalid *orchestrator.ValidationError
			require.ErrorAs(t, err, &invalid)
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
			require.Equal(t, problems, invalid.Problems)
			_, _, err = h.Journey(ctx, admin, "broken")
			require.ErrorIs(t, err, orchestrator.ErrNotFound)
		})
	}
}

func TestSetJourneyStatus(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.publish(t, "welcome")
	h.customer(t, "c_1")
	require.NoError(t, h.SetJourneyStatus(t.Context(), admin, "welcome", orchestrator.JourneyClosed))
	_, err := h.Enroll(t.Context(), admin, orchestrator.EnrollRequest{Journey: "welcome", Customer: "c_1"})
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	require.ErrorContains(t, err, "closed")
	require.ErrorIs(t, h.SetJourneyStatus(t.Context(), admin, "welcome", "gone"), orchestrator.ErrInvalid)
	require.Equal(t, 1, h.actions(t, "journey.status"))
}

func TestUploadPlugin(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	p, err := h.UploadPlugin(ctx, admin, []byte(points("1.0.0")), json.RawMessage(`{"limit":5}`), json.RawMessage(`{"ledger":true}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"limit":5}`, string(p.Config), "the same again updates the configuration")
	require.JSONEq(t, `{"ledger":true}`, string(p.Grant))
	for name, c := range map[string]struct {
		module, config, grant, want string
		kind                        error
	}{
		"P21: other bytes under the same version": {points("1.0.0") + " ", ``, ``, "exists with other bytes", orchestrator.ErrConflict},
		"no module":                         {`\0asm`, ``, ``, "no WebAssembly", orchestrator.ErrInvalid},
		"a configuration that does not fit": {points("2.0.0"), `{"limit":"x","more":1}`, ``, "config.limit", orchestrator.ErrInvalid},
		"a configuration that is a list":    {points("2.0.0"), `[1]`, ``, "not a JSON object", orchestrator.ErrInvalid},
		"a grant that is no JSON":           {points("2.0.0"), ``, `{`, "grant", orchestrator.ErrInvalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, err := h.UploadPlugin(ctx, admin, []byte(c.module), json.RawMessage(c.config), json.RawMessage(c.grant))
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.want)
			list, err := h.Plugins(ctx, admin)
			require.NoError(t, err)
			require.Len(t, list, 1)
		})
	}
	require.Equal(t, 2, h.actions(t, "plugin.upload"))
}
