package ui

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
)

// Without a connection nothing is lost: what is typed survives a reload, what is
// sent goes when there is a connection again, once.
func TestBrowser_HandsetWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var down atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !down.Load() {
			s.ui.ServeHTTP(w, r)
			return
		}
		c, _, err := w.(http.Hijacker).Hijack() //nolint:forcetypeassert // the server of a test has it
		if err == nil {
			_ = c.Close()
		}
	}))
	t.Cleanup(server.Close)
	p := browsertest.Start(t).Tab(t, browsertest.Language("en"), browsertest.Size(1440, 900))
	p.Allow("net::ERR")
	p.Allow("htmx:sse:error")
	p.Allow("htmx:error: Failed to fetch")
	enter(p, server.URL)
	p.Open(server.URL + "/handset?customer=c_mei&customer=c_ben")
	mei := "[data-testid=phone-c_mei] "
	p.Click(mei + "[data-testid=say]")
	p.Press("half a sen")
	p.Open(server.URL + "/handset/c_mei") // another page, and so a reload
	p.WaitTrue(`document.querySelector("[data-testid=say]").value === "half a sen"`)

	down.Store(true)
	server.CloseClientConnections()
	p.Click(mei + "[data-testid=say]")
	p.Press("tence" + kb.Enter)
	p.WaitVisible("[data-testid=offline]")
	p.Click(mei + "[data-testid=message-ride_offer] [data-testid=reply-accept]")
	require.Equal(t, "half a sentence", browsertest.Eval[string](p, `document.querySelector("[data-testid=say]").value`))
	p.Shot("handset-offline")

	down.Store(false)
	p.WaitText(mei+"[data-testid=thread]", "half a sentence")
	p.WaitVisible(mei + "[data-testid=message-ride_offer] .chosen")
	p.WaitTrue(`document.querySelector("[data-testid=offline]").hidden && document.querySelector("[data-testid=say]").value === ""`)
	p.Open(server.URL + "/handset/c_mei")
	p.WaitTrue(`document.querySelector("[data-testid=say]").value === ""`)
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	require.Len(t, s.f.words["c_mei"], 1)
	require.Contains(t, s.f.replies, "m_ride m_ride.0")
}
