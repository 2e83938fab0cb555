package journey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// The limits of RCC.07 that a rendered message keeps. What is too long because
// of its data is cut: nobody is lost to a long film title.
const (
	maxTitle       = 200
	maxDescription = 2000
	maxAlt         = 200
	maxDisplayText = 25
	maxURL         = 2048
	maxMapLabel    = 100
	maxEventTitle  = 100
	maxEventText   = 500
	maxCards       = 10 // what GSMA (12) and RBM (10) both take
	maxCardReplies = 4
	maxChips       = 11
	maxText        = 3072 // RBM's; GSMA has none
	maxQR          = 1024 // bytes that a code takes and still scans
	maxMessageID   = 2000 // so that postback data keep their 2048

	// empty stands where a text must be and data left it empty.
	empty = "…"

	// mediaSize stands where a size must be given and is not known: the media
	// stays with the partner and is never fetched by us.
	mediaSize = 1024
)

// renderer makes the parts of one message.
type renderer struct {
	evaluation
	locale    string
	messageID string
	replies   map[string]ReplyMeaning
	qr        []string
}

// Message evaluates a send or survey step in the customer's language. messageID
// is the beginning of every reply's postback data.
func (p *Program) Message(step, messageID string, s Scope) (Message, error) {
	locale, _ := s.Customer["locale"].(string)
	r := &renderer{evaluation: p.in(s), locale: locale, messageID: messageID, replies: map[string]ReplyMeaning{}}
	st := p.Step(step)
	var parts []Part
	var err error
	switch {
	case len(messageID) == 0 || len(messageID) > maxMessageID:
		err = fmt.Errorf("the message id has %d bytes; it must have 1 to %d", len(messageID), maxMessageID)
	case st != nil && st.Survey != nil:
		parts, err = r.survey(st.Survey)
	case st != nil && st.Send != nil:
		parts, err = r.send(st.Send)
	default:
		return Message{}, notOf(step, "send or survey")
	}
	if err != nil {
		return Message{}, at("steps."+step, err)
	}
	return Message{Parts: parts, Replies: r.replies, QR: r.qr}, nil
}

// object is JSON under construction; keys are written in order of name.
type object = map[string]any

func (r *renderer) send(s *Send) ([]Part, error) {
	var parts []Part
	if len(s.Text) > 0 {
		text, err := r.localized(s.Text, maxText)
		if err == nil && text == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return nil, fmt.Errorf("text: %w", err)
		}
		parts = append(parts, part(ContentText, text))
	}
	if s.Card != nil {
		content, err := r.card(s.Card)
		if err != nil {
			return nil, fmt.Errorf("card: %w", err)
		}
		parts = append(parts, part(ContentCard, singleCard(content)))
	}
	if s.Carousel != nil {
		body, err := r.carousel(s.Carousel)
		if err != nil {
			return nil, fmt.Errorf("carousel: %w", err)
		}
		parts = append(parts, part(ContentCard, body))
	}
	if len(s.Suggestions) > 0 {
		chips, err := r.suggestions(s.Suggestions, maxChips)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part(ContentSuggestions, object{"suggestions": chips}))
	}
	return parts, nil
}

// survey is a question with a suggested reply for each score: eleven at most, as
// many as there may be. One in words has none.
func (r *renderer) survey(s *Survey) ([]Part, error) {
	text, err := r.localized(s.Question, maxText)
	if err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	if s.Kind == SurveyText {
		return []Part{part(ContentText, text)}, nil
	}
	var chips []any
	for n, last := SurveyScale(s.Kind); n <= last; n++ {
		chips = append(chips, r.reply(strconv.Itoa(n), ReplyMeaning{Reply: "score", Value: object{"score": n}, Text: strconv.Itoa(n)}))
	}
	return []Part{part(ContentText, text), part(ContentSuggestions, object{"suggestions": chips})}, nil
}

// part encodes a body made of strings, numbers, lists and objects, which
// cannot fail.
func part(contentType string, body any) Part {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) //nolint:forbidigo // see above
	}
	return Part{ContentType: contentType, Body: b}
}

func singleCard(content object) object {
	return object{"message": object{"generalPurposeCard": object{
		"layout": object{"cardOrientation": "VERTICAL"}, "content": content,
	}}}
}

func (r *renderer) carousel(c *Carousel) (object, error) {
	v, err := r.eval(c.Each)
	if err != nil {
		return nil, fmt.Errorf("each: %w", err)
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("each: %.100q gives no list with elements, and a carousel needs at least one", c.Each)
	}
	if len(list) > maxCards {
		list = list[:maxCards]
	}
	var contents []any
	outer := r.evaluation
	defer func() { r.evaluation = outer }()
	for i, element := range list {
		r.evaluation = outer.with(c.As, element)
		content, err := r.card(&c.Card)
		if err != nil {
			return nil, fmt.Errorf("card %d: %w", i+1, err)
		}
		contents = append(contents, content)
	}
	if len(contents) == 1 { // a carousel has two cards or more
		return singleCard(contents[0].(object)), nil //nolint:errcheck // made above
	}
	return object{"message": object{"generalPurposeCardCarousel": object{
		"layout": object{"cardWidth": "MEDIUM_WIDTH"}, "content": contents,
	}}}, nil
}

func (r *renderer) card(c *Card) (object, error) {
	content := object{}
	texts := []struct {
		key  string
		text Text
		max  int
	}{{"title", c.Title, maxTitle}, {"description", c.Description, maxDescription}}
	for _, t := range texts {
		s, err := r.localized(t.text, t.max)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.key, err)
		}
		if s != "" {
			content[t.key] = s
		}
	}
	if c.Media != nil {
		media, err := r.media(c.Media)
		if err != nil {
			return nil, fmt.Errorf("media: %w", err)
		}
		content["media"] = media
	}
	if len(c.Suggestions) > 0 {
		list, err := r.suggestions(c.Suggestions, maxCardReplies)
		if err != nil {
			return nil, err
		}
		content["suggestions"] = list
	}
	if content["title"] == nil && content["description"] == nil && content["media"] == nil {
		return nil, errors.New("title and description are empty")
	}
	return content, nil
}

func (r *renderer) media(m *Media) (object, error) {
	out := object{"height": m.Height, "mediaFileSize": mediaSize, "mediaContentType": m.Type}
	if alt, err := r.localized(m.Alt, maxAlt); err != nil {
		return nil, fmt.Errorf("alt: %w", err)
	} else if alt != "" {
		out["contentDescription"] = alt
	}
	if m.QR != "" {
		text, err := r.text(m.QR)
		if err != nil {
			return nil, fmt.Errorf("qr: %w", err)
		}
		if len(text) == 0 || len(text) > maxQR {
			return nil, fmt.Errorf("qr: the text has %d bytes; a code takes 1 to %d", len(text), maxQR)
		}
		out["mediaUrl"], out["mediaContentType"] = fmt.Sprintf("qidong:qr:%d", len(r.qr)), "image/png"
		r.qr = append(r.qr, text)
		return out, nil
	}
	address, err := r.url(m.URL)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	out["mediaUrl"] = address
	return out, nil
}

func (r *renderer) url(template string) (string, error) {
	s, err := r.text(template)
	if err != nil {
		return "", err
	}
	return webAddress(s)
}

// webAddress lets only web addresses pass: partners' data must not bring
// javascript: or data: to a customer, nor an address that looks like another.
func webAddress(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.Opaque != "" || visible(s) != s {
		return "", fmt.Errorf("%.80q is no web address; it must begin with https:// or http://, without a user name", s)
	}
	address := u.String()
	if len(address) > maxURL {
		return "", fmt.Errorf("the address has %d bytes; the limit is %d", len(address), maxURL)
	}
	return address, nil
}

func (r *renderer) suggestions(list []Suggestion, limit int) ([]any, error) {
	if len(list) > limit {
		return nil, fmt.Errorf("suggestions: there are %d; the limit is %d", len(list), limit)
	}
	out := make([]any, 0, len(list))
	for i := range list {
		s, err := r.suggestion(&list[i])
		if err != nil {
			return nil, fmt.Errorf("suggestions[%d]: %w", i, err)
		}
		out = append(out, s)
	}
	return out, nil
}

func (r *renderer) suggestion(s *Suggestion) (object, error) {
	text, err := r.localized(s.Text, maxDisplayText)
	if err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	if text == "" {
		text = empty
	}
	var kind string
	var action object
	switch {
	case s.Reply != "":
		value, err := r.object(s.Value)
		if err != nil {
			return nil, fmt.Errorf("value: %w", err)
		}
		return r.reply(text, ReplyMeaning{Reply: s.Reply, Value: value, Text: text}), nil
	case s.OpenURL != "":
		address, err := r.url(s.OpenURL)
		if err != nil {
			return nil, fmt.Errorf("open_url: %w", err)
		}
		kind, action = "urlAction", object{"openUrl": object{"url": address, "application": "browser"}}
	case s.Calendar != nil:
		kind = "calendarAction"
		action, err = r.calendar(s.Calendar)
	default:
		kind = "mapAction"
		action, err = r.location(s.ShowLocation)
	}
	if err != nil {
		return nil, err
	}
	return object{"action": object{kind: action, "displayText": text, "postback": object{"data": r.messageID + "." + kind}}}, nil
}

// reply is a suggested reply; what it means stays with us, under its postback
// data.
func (r *renderer) reply(text string, meaning ReplyMeaning) object {
	data := r.messageID + "." + strconv.Itoa(len(r.replies))
	r.replies[data] = meaning
	return object{"reply": object{"displayText": text, "postback": object{"data": data}}}
}

func (r *renderer) calendar(c *Calendar) (object, error) {
	event := object{}
	for _, m := range []struct{ key, name, source string }{{"startTime", "start", c.Start}, {"endTime", "end", c.End}} {
		moment, err := r.moment(m.source)
		if err != nil {
			return nil, fmt.Errorf("calendar.%s: %w", m.name, err)
		}
		event[m.key] = moment.UTC().Format(time.RFC3339)
	}
	title, err := r.fill(c.Title)
	if err != nil {
		return nil, fmt.Errorf("calendar.title: %w", err)
	}
	if event["title"] = cut(title, maxEventTitle); event["title"] == "" {
		event["title"] = empty
	}
	description, err := r.fill(c.Description)
	if err != nil {
		return nil, fmt.Errorf("calendar.description: %w", err)
	}
	if description = cut(description, maxEventText); description != "" {
		event["description"] = description
	}
	return object{"createCalendarEvent": event}, nil
}

func (r *renderer) location(l *Location) (object, error) {
	spot := object{}
	for _, c := range []struct{ key, source string }{{"latitude", l.Latitude}, {"longitude", l.Longitude}} {
		v, err := r.eval(c.source)
		if err != nil {
			return nil, fmt.Errorf("show_location.%s: %w", c.key, err)
		}
		switch v.(type) {
		case int64, float64:
			spot[c.key] = v
		default:
			return nil, fmt.Errorf("show_location.%s: %.100q gives %s, where a number is needed", c.key, c.source, kindOf(v))
		}
	}
	label, err := r.fill(l.Label)
	if err != nil {
		return nil, fmt.Errorf("show_location.label: %w", err)
	}
	if label = cut(label, maxMapLabel); label != "" {
		spot["label"] = label
	}
	return object{"showLocation": object{"location": spot}}, nil
}

// localized evaluates a text in the customer's language.
func (r *renderer) localized(t Text, limit int) (string, error) {
	s, err := r.fill(t.In(r.locale))
	return cut(s, limit), err
}
