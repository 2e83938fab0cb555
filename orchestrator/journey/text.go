package journey

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// In picks the text for a locale: the same tag, else the same language, else
// English, else the first by tag. It is "" only for an empty Text.
func (t Text) In(locale string) string {
	if s, ok := t[locale]; ok {
		return s
	}
	tags := slices.Sorted(maps.Keys(t))
	language, _, _ := strings.Cut(locale, "-")
	for _, tag := range tags {
		if base, _, _ := strings.Cut(tag, "-"); base == language {
			return t[tag]
		}
	}
	if s, ok := t["en"]; ok || len(tags) == 0 {
		return s
	}
	return t[tags[0]]
}

// cut shortens s to limit code points without tearing a combined character, and
// drops what must not reach a message raw.
func cut(s string, limit int) string {
	runes := []rune(visible(s))
	if len(runes) <= limit {
		return string(runes)
	}
	end := limit - 1
	for end > 0 && joined(runes[end-1], runes[end]) {
		end--
	}
	return strings.TrimRightFunc(string(runes[:end]), unicode.IsSpace) + "…"
}

// visible is s without what would not be seen but do something: control
// characters and those that turn the direction of the text around it.
func visible(s string) string {
	return strings.Map(func(c rune) rune {
		if (unicode.IsControl(c) && c != '\n') || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// joined tells whether b is shown as one with a: an accent, a variation, a
// skin tone, the second of an emoji sequence or of a flag.
func joined(a, b rune) bool {
	const joiner = 0x200D
	flag := func(c rune) bool { return c >= 0x1F1E6 && c <= 0x1F1FF }
	return unicode.Is(unicode.M, b) || b == joiner || a == joiner ||
		(b >= 0x1F3FB && b <= 0x1F3FF) || (flag(a) && flag(b))
}
