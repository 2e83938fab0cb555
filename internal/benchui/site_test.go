package benchui

import (
	"net/http/httptest"
	"testing"

	"github.com/alexedwards/scs/v2/memstore"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/ui"
)

// serve is the pages over a service, at the address that it returns.
func serve(t *testing.T, s ui.Service) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	pages, err := ui.New(ui.Deps{Service: s, Sessions: memstore.NewWithCleanupInterval(0), BaseURL: "http://" + server.Listener.Addr().String()})
	require.NoError(t, err)
	server.Config.Handler = pages
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(pages.Close)
	return server.URL
}
