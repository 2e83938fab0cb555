package orchestrator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func TestTokensOfAWorkspace(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	secret, err := h.CreateToken(t.Context(), admin, "shop", []string{orchestrator.ScopeEvents}, time.Hour)
	require.NoError(t, err)
	a, err := h.Authenticate(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, []string{"events"}, a.Scopes)
	_, err = h.Tokens(t.Context(), a)
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "W02 who may send events may not see tokens")
	list, err := h.Tokens(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, h.RevokeToken(t.Context(), admin, list[0].ID))
	_, err = h.Authenticate(t.Context(), secret)
	require.ErrorIs(t, err, orchestrator.ErrUnauthorized, "a revoked token is refused at once")
	for _, bad := range []struct {
		scopes []string
		life   time.Duration
	}{{nil, 0}, {[]string{"root"}, 0}, {[]string{"admin"}, time.Minute}} {
		_, err := h.CreateToken(t.Context(), admin, "x", bad.scopes, bad.life)
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	}
	n, err := h.CheckAudit(t.Context(), admin)
	require.NoError(t, err)
	require.Positive(t, n)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	v, err := h.Settings(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, []string{"en", "zh-CN"}, v.Locales)
	require.NoError(t, h.SetSettings(t.Context(), admin, orchestrator.Settings{Brand: orchestrator.Brand{Name: "星光", Color: "#3355cc"}, Locales: []string{"zh-CN"}}))
	for _, bad := range []orchestrator.Settings{{Brand: orchestrator.Brand{Color: "red;}"}}, {Locales: []string{"!!"}}, {Locales: []string{"en", "en"}}} {
		require.ErrorIs(t, h.SetSettings(t.Context(), admin, bad), orchestrator.ErrInvalid)
	}
	v, err = h.Settings(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, "星光", v.Name)
}

func TestOperations(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.send(t, "1", "signed.up", "c_1", `{}`)
	o, err := h.Operations(t.Context(), admin)
	require.NoError(t, err)
	require.Len(t, o.Throughput.Events, 60)
	require.Positive(t, o.Queues.Pending)
	require.Len(t, o.Plugins, 1)
}
