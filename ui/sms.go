package ui

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/qidong/qidong/orchestrator/journey"
)

// The characters of the GSM 7-bit default alphabet (3GPP TS 23.038), and those
// of its extension, which take two places.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// smsSize tells in how many short messages a text goes, 0 for none, and whether
// it needs UCS-2 because of a character that GSM 7-bit does not have.
func smsSize(text string) (segments, units int, wide bool) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			units++
		case strings.ContainsRune(gsmExtended, r):
			units += 2
		default:
			wide = true
		}
	}
	one, each := 160, 153
	if wide {
		units, one, each = len(utf16.Encode([]rune(text))), 70, 67
	}
	switch {
	case units == 0:
		return 0, 0, wide
	case units <= one:
		return 1, units, wide
	}
	return (units + each - 1) / each, units, wide
}

// smsText is what a message says as plain text: the words of its text or card,
// then a line for each suggestion.
func smsText(lang string, s *journey.Send) string {
	var lines []string
	add := func(line string) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	add(s.Text[lang])
	list := s.Suggestions
	for _, c := range cardsOf(s) {
		add(c.Title[lang])
		add(c.Description[lang])
		list = slices.Concat(c.Suggestions, list)
	}
	for _, g := range list {
		if g.OpenURL != "" {
			add(g.Text[lang] + ": " + g.OpenURL)
		} else {
			add("- " + g.Text[lang])
		}
	}
	return strings.Join(lines, "\n")
}
