package ui

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestSMSSize(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		text     string
		segments int
		wide     bool
	}{
		"nothing":                        {"", 0, false},
		"one full message":               {strings.Repeat("a", 160), 1, false},
		"one character more":             {strings.Repeat("a", 161), 2, false},
		"an escaped character takes two": {strings.Repeat("a", 159) + "€", 2, false},
		"Chinese in one":                 {strings.Repeat("票", 70), 1, true},
		"Chinese in two":                 {strings.Repeat("票", 71), 2, true},
		"a picture takes two units":      {strings.Repeat("a", 69) + "🎬", 2, true},
		"three":                          {strings.Repeat("a", 307), 3, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			segments, _, wide := smsSize(one.text)
			require.Equal(t, one.segments, segments)
			require.Equal(t, one.wide, wide)
		})
	}
}

// formOfTemplate is what a browser would send back of the form as it is shown.
func formOfTemplate(m orchestrator.Template) url.Values {
	f := url.Values{"name": {m.Name}, "revision": {"3"}, "category": {m.Message.Category}, "shape": {form(&m.Message)}}
	words := func(name string, text journey.Text) {
		for lang, s := range text {
			f.Set(name+"."+lang, s)
		}
	}
	words("title", m.Title)
	words("text", m.Message.Text)
	if c := m.Message.Card; c != nil {
		words("card.title", c.Title)
		words("card.text", c.Description)
		f.Set("media", c.Media.URL)
		f.Set("height", c.Media.Height)
		for i, s := range c.Suggestions {
			at := "s" + string(rune('1'+i))
			f.Set(at+".kind", map[bool]string{true: "reply", false: "open_url"}[s.Reply != ""])
			f.Set(at+".target", s.Reply+s.OpenURL)
			words(at+".text", s.Text)
		}
	}
	return f
}

func TestPostTemplate(t *testing.T) {
	t.Parallel()
	t.Run("what the form holds is what is stored", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/templates", formOfTemplate(aTemplate()))
		require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
		require.Equal(t, "/templates/ticket", w.Header().Get("Location"))
		got := s.f.templates.put[0]
		want := aTemplate()
		want.Message.Card.Media.Alt = journey.Text{}
		require.Empty(t, cmp.Diff(want.Message, got.Message))
		require.Equal(t, int64(3), got.Revision)
	})
	t.Run("what was typed stays when it is refused", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.templates.putErr = &orchestrator.ValidationError{Problems: []orchestrator.Problem{{Path: "card.title.en", Message: "Too <long>."}}}
		w := s.post("/templates", formOfTemplate(aTemplate()))
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "Too &lt;long&gt;.")
		require.Contains(t, w.Body.String(), "For ${customer.name}")
		s.f.templates.putErr = orchestrator.ErrConflict
		w = s.post("/templates", formOfTemplate(aTemplate()))
		require.Equal(t, http.StatusConflict, w.Code)
		require.Contains(t, w.Body.String(), "For ${customer.name}")
	})
	t.Run("the preview stores nothing", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		w := s.post("/templates/preview", formOfTemplate(aTemplate()), "HX-Request", "true")
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), "https://map.example/")
		require.Empty(t, s.f.templates.put)
	})
}

func TestW05_TemplatesAndPicturesAreInert(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	for _, path := range []string{"/templates", "/templates/ticket", "/media"} {
		body := s.get(path).Body.String()
		require.NotContains(t, body, "<script>alert")
		require.NotContains(t, body, "<img src=x")
	}
	w := s.post("/templates/preview", url.Values{"shape": {"card"}, "card.title.en": {"<script>alert(1)</script>"}, "media": {"javascript:alert(1)"}, "s1.kind": {"open_url"}, "s1.target": {"javascript:alert(2)"}, "s1.text.en": {"<b>"}}, "HX-Request", "true")
	require.NotContains(t, w.Body.String(), "<script>")
	require.NotContains(t, w.Body.String(), `="javascript:`)
	t.Run("a picture's bytes are never more than a picture", func(t *testing.T) {
		w := s.get("/p/" + testDigest + ".png")
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "image/png", w.Header().Get("Content-Type"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "default-src 'none'; sandbox", w.Header().Get("Content-Security-Policy"))
	})
	for _, path := range []string{".html", ".svg", ".png.html", ""} {
		require.Equal(t, http.StatusNotFound, s.get("/p/"+testDigest+path).Code, "a picture has one name")
	}
	require.Equal(t, http.StatusNotFound, s.get("/p/"+strings.Repeat("cd", 32)+".png").Code)
}

func TestPostPicture(t *testing.T) {
	t.Parallel()
	upload := func(s *site, name string, content []byte) *httptest.ResponseRecorder {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		part, err := m.CreateFormFile("file", name)
		require.NoError(t, err)
		_, err = part.Write(content)
		require.NoError(t, err)
		require.NoError(t, m.Close())
		r := httptest.NewRequest(http.MethodPost, "/media", &body)
		r.Header.Set("Content-Type", m.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		return s.do(r)
	}
	t.Run("a file is taken under its name without its folder", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusSeeOther, upload(s, "../../film.png", []byte("x")).Code)
		require.Equal(t, []string{"film.png: x"}, s.f.templates.added)
	})
	t.Run("a picture larger than any form is taken, one larger than a picture is not", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusSeeOther, upload(s, "film.png", make([]byte, orchestrator.MaxPicture)).Code)
		require.Equal(t, http.StatusRequestEntityTooLarge, upload(s, "film.png", make([]byte, orchestrator.MaxPicture+maxForm)).Code)
	})
	t.Run("what it is refused for is said", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.templates.putErr = &orchestrator.ValidationError{Problems: []orchestrator.Problem{{Path: "file", Message: "It is no PNG."}}}
		w := upload(s, "film.svg", []byte("<svg/>"))
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Contains(t, w.Body.String(), "It is no PNG.")
		require.Equal(t, http.StatusUnprocessableEntity, s.post("/media", url.Values{}, "Content-Type", "multipart/form-data; boundary=x").Code)
	})
	t.Run("who shows it is told", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, signedIn(t).get("/media").Body.String(), `href="/templates/ticket"`)
	})
}

func TestPanelOfAMessage(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	body := s.get("/journeys/movie-night/design?step=promo", "HX-Request", "true").Body.String()
	require.Contains(t, body, `data-testid="panel-looks"`)
	require.Contains(t, body, `data-testid="panel-sms-zh-CN"`)
	require.Contains(t, body, `hx-get="/journeys/movie-night/design/templates?step=promo"`)
	offers := s.get("/journeys/movie-night/design/templates?step=promo", "HX-Request", "true").Body.String()
	require.Contains(t, offers, `data-add="steps.promo.send"`, "taking a template is an edit of the step")
	require.Contains(t, offers, `Ticket &lt;b&gt;`)
	require.NotContains(t, s.get("/journeys/movie-night/design?step=charge", "HX-Request", "true").Body.String(), "panel-looks", "a call says nothing")
}
