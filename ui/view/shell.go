package view

import (
	"context"
	"io"
	"net/url"
	"strings"
	"unicode"

	"github.com/a-h/templ"

	"github.com/qidong/qidong/ui/i18n"
)

// preference is the address that remembers a choice and returns to path.
func preference(name, value, path string) templ.SafeURL {
	return templ.SafeURL("/preferences?" + url.Values{name: {value}, "back": {path}}.Encode())
}

// otherTheme is what the theme switch leads to when no script can ask the
// system which theme is shown.
func otherTheme(ctx context.Context) string {
	if frame(ctx).Theme == "dark" {
		return "light"
	}
	return "dark"
}

// Initials are one or two letters that stand for a name: the first of its first
// and last words, or the last character of a Chinese name.
func Initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])
	if unicode.Is(unicode.Han, first[0]) {
		return string(first[len(first)-1])
	}
	s := string(unicode.ToUpper(first[0]))
	if len(words) > 1 {
		s += string(unicode.ToUpper([]rune(words[len(words)-1])[0]))
	}
	return s
}

// InLanguage renders c in lang, whatever the language of the page.
func InLanguage(lang string, c templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(i18n.With(ctx, lang), w)
	})
}

// replyURL is where answers on the companion page go, keeping its language.
func replyURL(c Companion) string { return companionURL(c, "/reply") }

// sayURL is where the customer's own words go.
func sayURL(c Companion) string { return companionURL(c, "/say") }

func companionURL(c Companion, path string) string {
	u := "/c/" + url.PathEscape(c.Token) + path
	if c.Lang != "" {
		u += "?lang=" + url.QueryEscape(c.Lang)
	}
	return u
}

// placeURL is where an entry of the side bar leads.
func placeURL(place string) templ.SafeURL {
	if place == "home" {
		return "/"
	}
	return templ.SafeURL("/" + place)
}

// sheetKeys are the keys of every page, and those of its canvas.
var sheetKeys = []struct{ keys, text string }{
	{"/", "sheet.search"},
	{"G J", "nav.journeys"},
	{"G M", "nav.messages"},
	{"G E", "nav.enrollments"},
	{"G I", "nav.incidents"},
	{"G T", "nav.tasks"},
	{"G C", "nav.customers"},
	{"G S", "nav.segments"},
	{"G O", "nav.operations"},
	{"G A", "nav.audit"},
	{"↑ ↓ ← →", "keys.walk"},
	{"Enter", "keys.open"},
	{"?", "keys.help"},
}
