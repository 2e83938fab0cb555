package ui

import (
	"cmp"
	"context"
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// maxTemplateText bounds one text of the form; the domain's own limits are lower.
const maxTemplateText = 8 << 10

// templateForm is the form of a template, filled in.
func templateForm(ctx context.Context, t orchestrator.Template) view.TemplateEdit {
	m := &t.Message
	e := view.TemplateEdit{
		New: t.Revision == 0, Name: t.Name, Title: journeyTitle(ctx, t.Title, t.Name), Revision: t.Revision,
		Categories: options(ctx, "category.", m.Category, "marketing", "service", "transactional"),
		Forms:      options(ctx, "form.", form(m), "text", "card", "carousel"),
		Channels:   messagePreviews(ctx, m),
	}
	card := &journey.Card{}
	if m.Card != nil {
		card = m.Card
	} else if m.Carousel != nil {
		card, e.Each, e.As = &m.Carousel.Card, m.Carousel.Each, m.Carousel.As
	}
	media := cmp.Or(card.Media, &journey.Media{})
	e.Media, e.QR = media.URL, media.QR
	e.Heights = options(ctx, "height.", cmp.Or(media.Height, "MEDIUM_HEIGHT"), "SHORT_HEIGHT", "MEDIUM_HEIGHT", "TALL_HEIGHT")
	for _, lang := range i18n.Languages {
		e.Languages = append(e.Languages, view.TemplateWords{
			Lang: lang, Title: t.Title[lang], Text: m.Text[lang], CardTitle: card.Title[lang], CardText: card.Description[lang], Alt: media.Alt[lang],
		})
	}
	list := slices.Concat(card.Suggestions, m.Suggestions)
	for i := range maxActs {
		s := view.TemplateSuggestion{Number: strconv.Itoa(i + 1), Kinds: options(ctx, "suggestion.", "", "", "reply", "open_url")}
		if i < len(list) {
			g := list[i]
			kind := "reply"
			if g.OpenURL != "" {
				kind = "open_url"
			}
			s.Kinds, s.Target = options(ctx, "suggestion.", kind, "", "reply", "open_url"), g.Reply+g.OpenURL
			s.EN, s.ZH = g.Text["en"], g.Text["zh-CN"]
		}
		e.Suggestions = append(e.Suggestions, s)
	}
	return e
}

// options are words of the catalogs under a prefix; "" stands for none.
func options(ctx context.Context, prefix, chosen string, values ...string) []view.Option {
	var out []view.Option
	for _, v := range values {
		text := "—"
		if v != "" {
			text = i18n.T(ctx, prefix+v)
		}
		out = append(out, view.Option{Value: v, Text: text, Selected: v == chosen})
	}
	return out
}

// readTemplate is what the form holds, complete or not.
func readTemplate(f url.Values) orchestrator.Template {
	get := func(name string) string { return strings.TrimSpace(bounded(f.Get(name), maxTemplateText)) }
	words := func(name string) journey.Text {
		text := journey.Text{}
		for _, lang := range i18n.Languages {
			if s := get(name + "." + lang); s != "" {
				text[lang] = strings.ReplaceAll(s, "\r\n", "\n")
			}
		}
		return text
	}
	t := orchestrator.Template{Name: get("name"), Title: words("title"), Message: journey.Send{Category: get("category")}}
	t.Revision, _ = strconv.ParseInt(get("revision"), 10, 64)
	list := readSuggestions(get, words)
	card := journey.Card{Title: words("card.title"), Description: words("card.text"), Suggestions: list}
	if picture, code := get("media"), get("qr"); picture != "" || code != "" {
		card.Media = &journey.Media{URL: picture, QR: code, Alt: words("alt"), Height: get("height")}
		if picture != "" {
			card.Media.Type = pictureType(picture)
		}
	}
	switch get("shape") {
	case "card":
		t.Message.Card = &card
	case "carousel":
		t.Message.Carousel = &journey.Carousel{Each: get("each"), As: get("as"), Card: card}
	default:
		t.Message.Text, t.Message.Suggestions = words("text"), list
	}
	return t
}

func readSuggestions(get func(string) string, words func(string) journey.Text) []journey.Suggestion {
	var list []journey.Suggestion
	for i := range maxActs {
		at := "s" + strconv.Itoa(i+1)
		g := journey.Suggestion{Text: words(at + ".text")}
		switch get(at + ".kind") {
		case "reply":
			g.Reply = get(at + ".target")
		case "open_url":
			g.OpenURL = get(at + ".target")
		default:
			continue
		}
		list = append(list, g)
	}
	return list
}

// pictureType is what an address ends with says of its picture; JPEG when it
// says nothing.
func pictureType(address string) string {
	u, err := url.Parse(address)
	if err == nil {
		if t := mime.TypeByExtension(strings.ToLower(path.Ext(u.Path))); strings.HasPrefix(t, "image/") || strings.HasPrefix(t, "video/") {
			return t
		}
	}
	return "image/jpeg"
}
