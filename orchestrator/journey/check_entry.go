package journey

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/robfig/cron/v3"
)

// Limits of entries.
const (
	MaxWords  = 20 // of one keyword entry
	MaxWord   = 64 // characters of a word
	MaxPlaces = 1000
	MaxRate   = 1000 // enrollments a second
)

var placeName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// stopWords end all messages whatever a journey says, so they cannot begin one.
var stopWords = []string{"stop", "td", "退订", "unsubscribe", "quit"}

func (k *compiler) entry() {
	e := &k.def.Entry
	if e.doors() == 0 {
		k.report("entry", "", "MISSING_FIELD", Say("The journey has no entry."), Say("Add entry: {event: {type: …}}, or one of segment, schedule, keyword, qr, api."))
	}
	if e.Event != nil {
		k.event("entry.event.type", "", e.Event.Type)
	}
	if e.Segment != nil {
		k.segment("entry.segment.segment", e.Segment.Segment)
	}
	if e.Schedule != nil {
		k.schedule("entry.schedule", e.Schedule)
	}
	if e.Keyword != nil {
		k.keyword("entry.keyword", e.Keyword)
	}
	if e.QR != nil {
		k.places("entry.qr.places", e.QR.Places)
	}
	k.reentry(e)
	if e.Limit < 0 || k.has("entry.limit") && e.Limit == 0 {
		k.report("entry.limit", "", "OUT_OF_RANGE", Say("The limit is %d: nobody could enter.", e.Limit), Say("Write how many customers may enter, or leave it out."))
	}
}

func (k *compiler) reentry(e *Entry) {
	k.oneOf("entry.reentry", "", Say("re-entry rule"), e.Reentry, ReentryNever, ReentryAlways, ReentryAfter)
	switch {
	case e.Reentry == ReentryAfter && e.ReentryAfter == 0:
		k.report("entry", "", "MISSING_FIELD", Say("The entry does not say after how long a customer may pass again."), Say("Add reentry_after: 30d."))
	case e.Reentry != ReentryAfter && e.ReentryAfter != 0:
		k.report("entry.reentry_after", "", "NOT_HERE", Say("A time between two passages needs reentry: after."), Say("Write reentry: after, or remove it."))
	}
}

// segment checks a segment's name and pins its rule.
func (k *compiler) segment(path, name string) {
	if !k.given(path, "", name, Say("Name the segment.")) {
		return
	}
	rule, ok := k.catalog.Segment(name)
	if !ok {
		k.report(path, "", "UNKNOWN_SEGMENT", Say("There is no segment %.80q.", name), k.found.suggest(name, slices.Clone(k.catalog.Segments())))
		return
	}
	if k.def.Segments == nil {
		k.def.Segments = map[string]string{}
	}
	k.def.Segments[name] = rule
}

func (k *compiler) schedule(path string, s *ScheduleEntry) {
	k.segment(path+".segment", s.Segment)
	if k.given(path+".cron", "", s.Cron, Say("Write five fields: minute hour day-of-month month day-of-week.")) {
		if err := checkCron(s.Cron); err != nil {
			k.report(path+".cron", "", "BAD_CRON", Say("%.80q is no schedule: %v.", s.Cron, err), Say(`Write five fields: minute hour day-of-month month day-of-week, like "0 9 * * 5".`))
		}
	}
	if !knownZone(s.Zone) {
		k.report(path+".zone", "", "BAD_ZONE", Say("There is no time zone %.80q.", s.Zone), Say("Write an IANA name: Asia/Shanghai, UTC."))
	}
	k.within(path+".rate", "", Say("rate"), s.Rate, 1, MaxRate)
}

// cronParser reads five fields and nothing else.
var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

func checkCron(expression string) error {
	if len(expression) > 256 || strings.Contains(expression, "=") {
		return errors.New("it has a zone of its own, or more than 256 bytes")
	}
	parsed, err := cronParser.Parse(expression)
	if err != nil {
		return err
	}
	if parsed.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // 31 February
		return errors.New("its day never comes")
	}
	return nil
}

// knownZone tells whether customers can be in a time zone.
func knownZone(name string) bool { return name == "UTC" || zone(name) != time.UTC }

func (k *compiler) keyword(path string, e *KeywordEntry) {
	if n := len(e.Words); n == 0 || n > MaxWords {
		k.report(path, "", "OUT_OF_RANGE", Say("There are %d words; there must be 1 to %d.", n, MaxWords), Say("Write words: [tickets, 订票]."))
	}
	seen := map[string]bool{}
	for i, word := range e.Words {
		at, folded := element(path+".words", i), FoldWord(word)
		switch n := utf8.RuneCountInString(folded); {
		case n == 0 || n > MaxWord:
			k.report(at, "", "BAD_KEYWORD", Say("A word has 1 to %d characters, not %d.", MaxWord, n), Say("Write the word that a customer sends."))
		case slices.Contains(stopWords, folded):
			k.report(at, "", "BAD_KEYWORD", Say("%q always ends messages and cannot begin a journey.", word), Say("Choose another word."))
		case seen[folded]:
			k.report(at, "", "DUPLICATE_VALUE", Say("The word %q is given twice; width and case make no difference.", word), Say("Remove one."))
		}
		seen[folded] = true
	}
	k.words(path+".confirm", "", e.Confirm, maxText)
}

func (k *compiler) places(path string, places []string) {
	if n := len(places); n > MaxPlaces {
		k.report(path, "", "OUT_OF_RANGE", Say("There are %d places; the limit is %d.", n, MaxPlaces), Say("Remove some."))
	}
	seen := map[string]bool{}
	for i, place := range places {
		switch at := element(path, i); {
		case !placeName.MatchString(place):
			k.report(at, "", "BAD_NAME", Say("%.80q is no name of a place.", place), Say("Use lower-case letters, digits and hyphens, at most 63."))
		case seen[place]:
			k.report(at, "", "DUPLICATE_VALUE", Say("The place %s is given twice.", place), Say("Remove one."))
		}
		seen[place] = true
	}
}
