// Package i18n holds every word that the pages show, in each language, and
// writes numbers, durations and times the way its readers do.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Languages are the languages of the catalogs; the first is the fallback.
var Languages = []string{"en", "zh-CN"}

// The catalogs are a folder a language and a file an area of the pages, so that
// a screen's words stand together.
//
//go:embed en/*.json zh-CN/*.json
var files embed.FS

var (
	catalogs = mustLoad()
	matcher  = language.NewMatcher([]language.Tag{language.English, language.SimplifiedChinese})
)

func mustLoad() map[string]map[string]string {
	all := make(map[string]map[string]string, len(Languages))
	for _, l := range Languages {
		m, err := load(l)
		if err != nil {
			panic(fmt.Sprintf("reading the catalog of %s: %v", l, err)) //nolint:forbidigo // the catalogs are embedded: a bug, seen at the first start
		}
		all[l] = m
	}
	return all
}

func load(lang string) (map[string]string, error) {
	names, err := fs.Glob(files, lang+"/*.json")
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, name := range names {
		b, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		area := map[string]string{}
		if err := json.Unmarshal(b, &area); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for key, text := range area {
			if _, taken := all[key]; taken {
				return nil, fmt.Errorf("%s: the key %q is in another file too", name, key)
			}
			all[key] = text
		}
	}
	return all, nil
}

type langKey struct{}

// Match picks the catalog language that fits best what a reader asks for:
// language tags or Accept-Language headers, the most wanted first.
func Match(wanted ...string) string {
	_, i := language.MatchStrings(matcher, wanted...)
	return Languages[i]
}

// With returns a context whose language is the one that fits lang best.
func With(ctx context.Context, lang string) context.Context {
	return context.WithValue(ctx, langKey{}, Match(lang))
}

// Lang is the language of ctx, one of [Languages].
func Lang(ctx context.Context) string {
	if l, ok := ctx.Value(langKey{}).(string); ok {
		return l
	}
	return Languages[0]
}

// Has says whether the catalogs hold key.
func Has(key string) bool {
	_, ok := catalogs[Languages[0]][key]
	return ok
}

// Keys lists the keys of a catalog, sorted.
func Keys(lang string) []string {
	var keys []string
	for k := range catalogs[lang] {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// T is the text of key in the language of ctx, with each {name} replaced by the
// value after that name in pairs. An unknown key is shown as itself.
func T(ctx context.Context, key string, pairs ...string) string {
	s, ok := catalogs[Lang(ctx)][key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return s
	}
	old := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		old = append(old, "{"+pairs[i]+"}", pairs[i+1])
	}
	return strings.NewReplacer(old...).Replace(s)
}

// Count is the text of key for n things: key+".one" when n is 1 and the
// catalogs have it. {n} is the number.
func Count(ctx context.Context, key string, n int) string {
	if n == 1 && Has(key+".one") {
		key += ".one"
	}
	return T(ctx, key, "n", Number(int64(n)))
}

// Pick is t in the language of ctx, else in the fallback language, else in any
// language, else "".
func Pick(ctx context.Context, t journey.Text) string {
	if s := t[Lang(ctx)]; s != "" {
		return s
	}
	base, _, _ := strings.Cut(Lang(ctx), "-")
	if s := t[base]; s != "" {
		return s
	}
	if s := t[Languages[0]]; s != "" {
		return s
	}
	var langs []string
	for l := range t {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	for _, l := range langs {
		if t[l] != "" {
			return t[l]
		}
	}
	return ""
}

// Number writes a count so that a small badge can hold it: 9999, 12.3k, 1.2M.
func Number(n int64) string {
	switch {
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + "M"
	case n >= 10_000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + "k"
	}
	return strconv.FormatInt(n, 10)
}

// Duration writes d in its two largest units: "2 d 4 h".
func Duration(ctx context.Context, d time.Duration) string {
	units := []struct {
		key string
		len time.Duration
	}{{"unit.d", 24 * time.Hour}, {"unit.h", time.Hour}, {"unit.min", time.Minute}, {"unit.s", time.Second}}
	var parts []string
	for _, u := range units {
		n := d / u.len
		d %= u.len
		if n > 0 {
			parts = append(parts, T(ctx, u.key, "n", strconv.FormatInt(int64(n), 10)))
		} else if len(parts) > 0 {
			break
		}
		if len(parts) == 2 {
			break
		}
	}
	if len(parts) == 0 {
		return T(ctx, "unit.instant")
	}
	return strings.Join(parts, T(ctx, "unit.join"))
}

// Time writes a moment to the minute, with the year only when it is not that
// of now. The zero time is "".
func Time(ctx context.Context, t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	layout := "date"
	switch {
	case t.Year() != now.Year():
		layout = "date.year"
	case t.YearDay() == now.YearDay():
		layout = "date.today"
	}
	return t.Format(T(ctx, layout))
}
