// Package docs holds the documentation as the program shows it: guides in
// Markdown, their pictures, and the JSON Schema of journeys.
package docs

import (
	"cmp"
	"embed"
	"io/fs"
	"slices"
	"strings"
)

// JourneySchema is the JSON Schema of the language of journeys. It must not be
// changed.
//
//go:embed journey.schema.json
var JourneySchema []byte

//go:embed *.md img
var files embed.FS

// chinese ends the name of a guide's file in Simplified Chinese.
const chinese = ".zh-CN.md"

// order is how the guides are listed: what people begin with first. A guide that
// is not here comes after these.
var order = []string{"designers", "partners", "engineers", "operators", "journey-language", "simulation"}

// Guides are the names of all guides, in the order they are listed; the caller
// may change the result. Each exists in English.
func Guides() []string {
	all, _ := fs.Glob(files, "*.md") // it fails for a malformed pattern only
	var names []string
	for _, file := range all {
		if !strings.HasSuffix(file, chinese) {
			names = append(names, strings.TrimSuffix(file, ".md"))
		}
	}
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return names
}

// Guide is the Markdown of the guide so named in lang, a BCP 47 tag, and the
// language it is in: English where there is no translation. False means that
// there is no such guide.
func Guide(name, lang string) (markdown []byte, in string, ok bool) {
	if lang == "zh-CN" {
		if text, err := files.ReadFile(name + chinese); err == nil {
			return text, lang, true
		}
	}
	text, err := files.ReadFile(name + ".md")
	return text, "en", err == nil
}

// Picture is the content of a file in img. False means that there is none.
func Picture(file string) ([]byte, bool) {
	content, err := files.ReadFile("img/" + file)
	return content, err == nil
}
