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
func replyURL(c Companion) string {
	u := "/c/" + url.PathEscape(c.Token) + "/reply"
	if c.Lang != "" {
		u += "?lang=" + url.QueryEscape(c.Lang)
	}
	return u
}
