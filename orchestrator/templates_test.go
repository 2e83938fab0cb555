package orchestrator_test

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func aMessage(text string) orchestrator.Template {
	return orchestrator.Template{
		Name: "ticket", Title: journey.Text{"en": "Ticket"},
		Message: journey.Send{Category: "service", Text: journey.Text{"en": text, "zh-CN": text}},
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	first, err := h.PutTemplate(t.Context(), admin, aMessage("Row ${steps.hold.row} for ${customer.name}, ${vars.film}"), 0)
	require.NoError(t, err, "steps and variables are those of a journey that will come")
	require.EqualValues(t, 1, first.Revision)
	_, err = h.PutTemplate(t.Context(), admin, aMessage("late"), 0)
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	viewer := orchestrator.Actor{Workspace: admin.Workspace, Name: "v", Scopes: []string{orchestrator.ScopeEvents}}
	_, err = h.Templates(t.Context(), viewer)
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "W02")
	_, err = h.PutTemplate(t.Context(), viewer, aMessage("x"), 1)
	require.ErrorIs(t, err, orchestrator.ErrForbidden, "W02")
	require.NoError(t, h.DeleteTemplate(t.Context(), admin, "ticket"))
	_, err = h.Template(t.Context(), admin, "ticket")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

func TestPutTemplate_RefusesWhatNoJourneyCouldSend(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for name, one := range map[string]struct {
		change func(*orchestrator.Template)
		code   string
		path   string
	}{
		"no body":                   {func(m *orchestrator.Template) { m.Message.Text = nil }, "MESSAGE_BODY", ""},
		"a category that is none":   {func(m *orchestrator.Template) { m.Message.Category = "spam" }, "UNKNOWN_VALUE", "category"},
		"an open expression":        {func(m *orchestrator.Template) { m.Message.Text["en"] = "Hi ${customer.name" }, "BAD_TEMPLATE", "text.en"},
		"too long a text":           {func(m *orchestrator.Template) { m.Message.Text["en"] = strings.Repeat("x", 5000) }, "TEXT_TOO_LONG", "text.en"},
		"a bad name":                {func(m *orchestrator.Template) { m.Name = "../x" }, "BAD_NAME", "name"},
		"no title":                  {func(m *orchestrator.Template) { m.Title = nil }, "REQUIRED", "title"},
		"W07 a function of no data": {func(m *orchestrator.Template) { m.Message.Text["en"] = "${env('HOME')}" }, "BAD_EXPRESSION", "text.en"},
		"W05 an address that runs": {func(m *orchestrator.Template) {
			m.Message.Suggestions = []journey.Suggestion{{Text: journey.Text{"en": "x", "zh-CN": "x"}, OpenURL: "javascript:alert(1)"}}
		}, "BAD_URL", "suggestions[0].open_url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := aMessage("Hello")
			one.change(&m)
			_, err := h.PutTemplate(t.Context(), admin, m, 0)
			var invalid *orchestrator.ValidationError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, one.code, invalid.Problems[0].Code)
			require.Contains(t, invalid.Problems[0].Path, one.path)
		})
	}
}

func TestPictures(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for format, encode := range map[string]func(*bytes.Buffer) error{
		"image/png":  func(b *bytes.Buffer) error { return png.Encode(b, image.NewRGBA(image.Rect(0, 0, 3, 2))) },
		"image/jpeg": func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewRGBA(image.Rect(0, 0, 3, 2)), nil) },
		"image/gif":  func(b *bytes.Buffer) error { return gif.Encode(b, image.NewRGBA(image.Rect(0, 0, 3, 2)), nil) },
	} {
		t.Run("what the bytes are, "+format+", counts, not the name", func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			require.NoError(t, encode(&b))
			p, err := h.AddPicture(t.Context(), admin, "evil.html", b.Bytes())
			require.NoError(t, err)
			require.Equal(t, format, p.Type)
			require.Equal(t, 3, p.Width)
			got, content, err := h.Picture(t.Context(), p.Digest)
			require.NoError(t, err)
			require.Equal(t, format, got.Type)
			require.Equal(t, b.Bytes(), content)
		})
	}
	t.Run("sides are bounded", func(t *testing.T) {
		t.Parallel()
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 8193, 1))))
		_, err := h.AddPicture(t.Context(), admin, "wide.png", b.Bytes())
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	})
	_, _, err := h.Picture(t.Context(), "../../etc/passwd")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
}

func TestW05_UploadsThatABrowserCouldRunAreRefused(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	for name, content := range map[string]string{
		"an SVG with a script": `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"a page":               "<!doctype html><script>alert(1)</script>",
		"nothing":              "",
		"too many bytes":       strings.Repeat("x", orchestrator.MaxPicture+1),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := h.AddPicture(t.Context(), admin, "x.png", []byte(content))
			require.ErrorIs(t, err, orchestrator.ErrInvalid)
		})
	}
}
