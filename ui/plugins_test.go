package ui

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

func TestPlugins_AreListedByTheirNewestVersionAndFound(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	page := s.get("/plugins").Body.String()
	require.Contains(t, page, "Cinema")
	require.Contains(t, page, "cinema@1.1.0")
	require.Contains(t, page, "versions: 2")
	require.Contains(t, page, "Star &lt;b&gt;Cinemas")
	for query, found := range map[string]bool{"HOLD": true, "cinemas": true, "bank": false} {
		require.Equal(t, found, bytes.Contains(s.get("/plugins?q="+query).Body.Bytes(), []byte("cinema@1.1.0")), query)
	}
}

func TestPlugin_TellsWhatItOffersAndAsksFor(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	page := s.get("/plugins/cinema").Body.String()
	for _, want := range []string{
		"Hold seats", "undone by release", "changes something", "whole number · ≥ 1 · ≤ 8", "text · uuid", "list: text", "a | b", "Sold out", "sold_out",
		"To hold seats &lt;i&gt;", "Printed on the ticket", "Seats &lt;script&gt;", "qidong plugin replay pc_1", "fuel 500", "calls: ",
	} {
		require.Contains(t, page, want, want)
	}
	require.Regexp(t, `value="http cinema.example" checked`, page)
	require.NotRegexp(t, `value="customer name" checked`, page)
	require.Equal(t, http.StatusNotFound, s.get("/plugins/bank").Code)
	require.Contains(t, s.get("/plugins/cinema?version=1.0.0", "Accept-Language", "zh-CN").Body.String(), "锁定座位")
}

func TestPlugin_IsDecidedAbout(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	for path, form := range map[string]url.Values{
		"grant":  {"version": {"1.1.0"}, "allow": {"http cinema.example", "customer name"}},
		"config": {"version": {"1.1.0"}, "config": {`{"url":"https://x.example"}`}},
		"state":  {"version": {"1.1.0"}, "state": {"disabled"}},
	} {
		res := s.post("/plugins/cinema/"+path, form)
		require.Equal(t, http.StatusSeeOther, res.Code, path)
		require.Equal(t, "/plugins/cinema?version=1.1.0", res.Header().Get("Location"))
	}
	require.Equal(t, []string{"http cinema.example", "customer name"}, s.f.plugins.allowed)
	require.ElementsMatch(t, []orchestrator.PluginUpdate{{Config: []byte(`{"url":"https://x.example"}`)}, {State: orchestrator.PluginDisabled}}, s.f.plugins.updates)
}

// upload is a form with a file.
func upload(t *testing.T, s *site, content []byte) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("module", "cinema.wasm")
	require.NoError(t, err)
	_, err = part.Write(content)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	r := httptest.NewRequest(http.MethodPost, "/plugins", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return s.do(r)
}

func TestPlugin_IsUploaded(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	res := upload(t, s, []byte("\x00asm"))
	require.Equal(t, http.StatusSeeOther, res.Code)
	require.Equal(t, "/plugins/cinema?version=1.1.0", res.Header().Get("Location"))
	require.Equal(t, [][]byte{[]byte("\x00asm")}, s.f.plugins.uploaded)

	res = upload(t, s, make([]byte, maxModule+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, res.Code)
	require.Contains(t, res.Body.String(), "at most 8 MiB")
	require.Equal(t, http.StatusRequestEntityTooLarge, upload(t, s, make([]byte, maxModule+2*maxForm)).Code)
	require.Len(t, s.f.plugins.uploaded, 1, "what is too large is not looked at")

	s.f.plugins.err = &orchestrator.ValidationError{Subject: "plugin", Problems: []orchestrator.Problem{{Code: "NOT_WASM", Message: "It is no WebAssembly module."}}}
	res = upload(t, s, []byte("GIF89a"))
	require.Equal(t, http.StatusUnprocessableEntity, res.Code)
	require.Contains(t, res.Body.String(), "It is no WebAssembly module.")
}

func TestBrowser_PluginIsGrantedByKeyboard(t *testing.T) {
	t.Parallel()
	url, f := serveFake(t)
	p := browsertest.Start(t).Tab(t)
	enter(p, url)
	p.Click("[data-testid=nav-plugins]")
	p.WaitVisible("[data-testid=plugin-cinema]")
	p.Shot("plugins")
	p.Click("[data-testid=plugin-cinema]")
	p.WaitVisible("[data-testid=plugin-grant]")
	p.Shot("plugin")
	browsertest.Eval[bool](p, `(document.querySelector('[data-testid="need-customer name"]').focus(), true)`)
	p.Press(" ")
	p.Press("\t")
	p.Press("\r")
	p.WaitText("[data-testid=toast]", "Decided for cinema 1.1.0")
	require.Equal(t, []string{"http cinema.example", "customer name"}, f.plugins.allowed)
}
