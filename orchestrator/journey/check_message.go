package journey

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var mediaType = regexp.MustCompile(`^[a-z]+/[A-Za-z0-9.+-]{1,100}$`)

var (
	categories = []string{"marketing", "service", "transactional"}
	heights    = []string{"SHORT_HEIGHT", "MEDIUM_HEIGHT", "TALL_HEIGHT"}
)

// cards are the cards of a message before evaluation, by their paths.
func cards(s *Send, path string) iter.Seq2[string, *Card] {
	return func(yield func(string, *Card) bool) {
		if s == nil {
			return
		}
		if s.Card != nil && !yield(path+".card", s.Card) {
			return
		}
		if s.Carousel != nil {
			yield(path+".carousel.card", &s.Carousel.Card)
		}
	}
}

// send checks a message before it is evaluated.
func (k *compiler) send(s *Step, path string) {
	m := s.Send
	if k.given(path+".category", s.ID, m.Category, Say("Add category: marketing, service or transactional.")) && !slices.Contains(categories, m.Category) {
		k.report(path+".category", s.ID, "UNKNOWN_VALUE", Say("There is no category %.40q.", m.Category), Say("Write marketing, service or transactional."))
	}
	k.channels(s, path)
	if n := count(len(m.Text) > 0, m.Card != nil, m.Carousel != nil); n != 1 {
		k.report(path, s.ID, "MESSAGE_BODY", Say("The message has %d bodies; it must have one.", n), Say("Write one of text, card, carousel."))
	}
	if c := m.Carousel; c != nil {
		k.carousel(s, path+".carousel", c)
	}
	k.words(path+".text", s.ID, m.Text, maxText)
	k.suggestions(s, path, m.Suggestions, maxChips)
	for at, c := range cards(m, path) {
		if len(c.Title) == 0 && len(c.Description) == 0 && c.Media == nil {
			k.report(at, s.ID, "MISSING_FIELD", Say("The card is empty."), Say("Give it a title, a description or media."))
		}
		k.words(at+".title", s.ID, c.Title, maxTitle)
		k.words(at+".description", s.ID, c.Description, maxDescription)
		k.media(s, at+".media", c.Media)
		k.suggestions(s, at, c.Suggestions, maxCardReplies)
	}
}

// channels checks the channels that a message names, where they are known.
func (k *compiler) channels(s *Step, path string) {
	known := k.catalog.Channels()
	if known == nil || k.found.full() {
		return
	}
	for i, name := range s.Send.Channels {
		if !slices.Contains(known, name) {
			k.report(element(path+".channels", i), s.ID, "UNKNOWN_CHANNEL", Say("There is no channel %.40q.", name), k.found.suggest(name, slices.Clone(known)))
		}
	}
}

func (k *compiler) carousel(s *Step, path string, c *Carousel) {
	if c.Each == "" {
		k.report(path, s.ID, "MISSING_FIELD", Say("The carousel does not say over which list it goes."), Say("Add each: … with a list in CEL."))
	}
	switch {
	case c.As == "":
		k.report(path, s.ID, "MISSING_FIELD", Say("The carousel does not say how an element of its list is called."), Say("Add as: …."))
	case !stepID.MatchString(c.As) || slices.Contains(reserved, c.As) || slices.Contains(variableNames, c.As):
		k.report(path+".as", s.ID, "BAD_ID", Say("%.80q cannot be the name of an element.", c.As), mendID)
	}
}

// words checks a text that is known before evaluation, in each language that it
// is given in: nobody is sent an empty one. One with expressions is cut when it
// turns out too long.
func (k *compiler) words(path, step string, text Text, limit int) {
	for language, t := range text {
		n := utf8.RuneCountInString(t)
		switch {
		case strings.TrimSpace(visible(t)) == "":
			k.report(under(path, language), step, "EMPTY_TEXT", Say("The text is empty."), Say("Write it, or remove the field."))
		case n > limit && !dynamic(t):
			k.report(under(path, language), step, "TEXT_TOO_LONG", Say("The text has %d characters; the limit is %d.", n, limit), Say("Shorten it."))
		}
	}
}

func (k *compiler) media(s *Step, path string, m *Media) {
	if m == nil {
		return
	}
	if (m.URL == "") == (m.QR == "") {
		k.report(path, s.ID, "MEDIA_KIND", Say("Media is either an address or a QR code."), Say("Write one of url, qr."))
	}
	switch {
	case m.URL != "" && m.Type == "":
		k.report(path, s.ID, "MISSING_FIELD", Say("The media type is missing."), Say("Add type: image/png, or what it is."))
	case m.URL != "" && !mediaType.MatchString(m.Type):
		k.report(path+".type", s.ID, "BAD_MEDIA_TYPE", Say("%.80q is no media type.", m.Type), Say("Write image/png, image/jpeg, video/mp4, or another like them."))
	}
	if m.URL != "" && !dynamic(m.URL) {
		if _, err := webAddress(m.URL); err != nil {
			k.report(path+".url", s.ID, "BAD_URL", Say("The address cannot be used: %s.", err.Error()), Say("Begin it with https://."))
		}
	}
	if !slices.Contains(heights, m.Height) {
		k.report(path+".height", s.ID, "UNKNOWN_VALUE", Say("There is no height %.40q.", m.Height), Say("Write SHORT_HEIGHT, MEDIUM_HEIGHT or TALL_HEIGHT."))
	}
	k.words(path+".alt", s.ID, m.Alt, maxAlt)
}

func (k *compiler) suggestions(s *Step, path string, list []Suggestion, limit int) {
	if len(list) > limit {
		k.report(path+".suggestions", s.ID, "TOO_MANY_SUGGESTIONS", Say("There are %d suggestions; the limit is %d.", len(list), limit), Say("Remove some."))
	}
	for i, g := range list {
		at := element(path+".suggestions", i)
		if n := count(g.Reply != "", g.OpenURL != "", g.Calendar != nil, g.ShowLocation != nil); n != 1 {
			k.report(at, s.ID, "SUGGESTION_KIND", Say("The suggestion does %d things; it must do one.", n), Say("Write one of reply, open_url, calendar, show_location."))
		}
		if g.Value != nil && g.Reply == "" {
			k.report(at+".value", s.ID, "SUGGESTION_KIND", Say("Only a reply carries a value."), Say("Remove value."))
		}
		if g.Reply != "" && !stepID.MatchString(g.Reply) {
			k.report(at+".reply", s.ID, "BAD_ID", Say("%.80q cannot be the name of a reply.", g.Reply), mendID)
		}
		if len(g.Text) == 0 {
			k.report(at, s.ID, "MISSING_FIELD", Say("The suggestion has no text."), Say("Add text: {en: …, zh-CN: …}."))
		}
		if g.OpenURL != "" && !dynamic(g.OpenURL) {
			if _, err := webAddress(g.OpenURL); err != nil {
				k.report(at+".open_url", s.ID, "BAD_URL", Say("The address cannot be used: %s.", err.Error()), Say("Begin it with https://."))
			}
		}
		k.words(at+".text", s.ID, g.Text, maxDisplayText)
		k.appointment(s, at+".calendar", g.Calendar)
		k.location(s, at+".show_location", g.ShowLocation)
	}
}

func (k *compiler) appointment(s *Step, path string, c *Calendar) {
	if c != nil && (c.Title == "" || c.Start == "" || c.End == "") {
		k.report(path, s.ID, "MISSING_FIELD", Say("The appointment is not complete."), Say("Give it title, start and end."))
	}
}

func (k *compiler) location(s *Step, path string, l *Location) {
	if l != nil && (l.Latitude == "" || l.Longitude == "") {
		k.report(path, s.ID, "MISSING_FIELD", Say("The place is not complete."), Say("Give it latitude and longitude."))
	}
}
