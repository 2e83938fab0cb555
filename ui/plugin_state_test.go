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
