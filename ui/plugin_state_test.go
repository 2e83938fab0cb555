package ui

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

// TestPluginState: what may follow on a state is offered, the state itself chosen;
// who is under way with the version is said beside it.
func TestPluginState(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	page := s.get("/plugins/cinema?version=1.1.0").Body.String()
	require.Contains(t, page, `<option value="active" selected>`)
	for _, state := range []string{"deprecated", "disabled", "yanked"} {
		require.Contains(t, page, `<option value="`+state+`">`)
	}
	require.NotContains(t, page, `<option value="in_review"`)
	require.Contains(t, page, "v1 · 1 in flight")

	form := url.Values{"version": {"1.1.0"}, "state": {"yanked"}}
	require.Equal(t, http.StatusSeeOther, s.post("/plugins/cinema/state", form).Code)
	require.Equal(t, "1.1.0", s.f.plugins.yanked)
	form.Set("state", "deprecated")
	require.Equal(t, http.StatusSeeOther, s.post("/plugins/cinema/state", form).Code)
	require.Equal(t, orchestrator.PluginDeprecated, s.f.plugins.updates[0].State)
}

// TestPluginSecrets: what a version asks for can be set and deleted, and never
// read; others cannot be touched from its page.
func TestPluginSecrets(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	page := func() string { return s.get("/plugins/cinema?version=1.1.0").Body.String() }
	require.Contains(t, page(), "It is not set")
	form := url.Values{"version": {"1.1.0"}, "secret": {"cinema_key"}, "value": {"hush-hush"}}
	require.Equal(t, http.StatusSeeOther, s.post("/plugins/cinema/secret", form).Code)
	require.Equal(t, "hush-hush", string(s.f.plugins.secrets[0].Sealed))
	require.Contains(t, page(), "It was set")
	require.NotContains(t, page(), "hush-hush")
	form.Set("secret", "bank_key")
	require.Equal(t, http.StatusNotFound, s.post("/plugins/cinema/secret", form).Code)
	form.Set("secret", "cinema_key")
	form.Set("delete", "1")
	require.Equal(t, http.StatusSeeOther, s.post("/plugins/cinema/secret", form).Code)
	require.Empty(t, s.f.plugins.secrets)
}
