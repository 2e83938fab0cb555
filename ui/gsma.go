package ui

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// The GSMA shapes of messages, as far as a phone shows them (RCC.07 section
// 3.6.10). Reading is lenient: what is unknown is left out.
type gsmaBody struct {
	Message struct {
		Card *struct {
			Content gsmaCard `json:"content"`
		} `json:"generalPurposeCard"`
		Carousel *struct {
			Content []gsmaCard `json:"content"`
		} `json:"generalPurposeCardCarousel"`
	} `json:"message"`
	Suggestions []gsmaSuggestion `json:"suggestions"`
}

type gsmaCard struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	Media       *struct {
		URL    string `json:"mediaUrl"`
		Height string `json:"height"`
		Alt    string `json:"contentDescription"`
	} `json:"media"`
	Suggestions []gsmaSuggestion `json:"suggestions"`
}

type gsmaSuggestion struct {
	Reply *struct {
		Text     string       `json:"displayText"`
		Postback gsmaPostback `json:"postback"`
	} `json:"reply"`
	Action *gsmaAction `json:"action"`
}

type gsmaPostback struct {
	Data string `json:"data"`
}

type gsmaAction struct {
	Text string `json:"displayText"`
	URL  *struct {
		Open struct {
			URL string `json:"url"`
		} `json:"openUrl"`
	} `json:"urlAction"`
	Dialer *gsmaDialer `json:"dialerAction"`
	Map    *struct {
		Show *gsmaPlace `json:"showLocation"`
		Push *struct{}  `json:"requestLocationPush"`
	} `json:"mapAction"`
	Compose *struct {
		Text *gsmaText `json:"composeTextMessage"`
	} `json:"composeAction"`
	Calendar *struct {
		Create *gsmaEvent `json:"createCalendarEvent"`
	} `json:"calendarAction"`
}

type gsmaDialer struct {
	Dial     gsmaNumber `json:"dialPhoneNumber"`
	Enriched gsmaNumber `json:"dialEnrichedCall"`
	Video    gsmaNumber `json:"dialVideoCall"`
}

type gsmaNumber struct {
	Number string `json:"phoneNumber"`
}

// number is the one to call, however: a page can only hand it to a telephone.
func (d *gsmaDialer) number() string {
	return cmp.Or(d.Dial.Number, d.Enriched.Number, d.Video.Number)
}

type gsmaText struct {
	Number string `json:"phoneNumber"`
	Text   string `json:"text"`
}

// smsURL is the address that begins a text message, "" when the number is none.
func (t *gsmaText) smsURL() string {
	number, ok := strings.CutPrefix(telURL(t.Number), "tel:")
	if !ok {
		return ""
	}
	return "sms:" + number + "?body=" + url.PathEscape(bounded(t.Text, 500))
}

type gsmaPlace struct {
	Location struct {
		Latitude  *float64 `json:"latitude"`
		Longitude *float64 `json:"longitude"`
		Label     string   `json:"label"`
		Query     string   `json:"query"`
	} `json:"location"`
	Fallback string `json:"fallbackUrl"`
}

type gsmaEvent struct {
	Start       string `json:"startTime"`
	End         string `json:"endTime"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// The bounds of what one message shows.
const (
	maxParts = 10
	maxCards = 12
	maxChips = 11
	maxActs  = 4
)

// readPart reads the body of a part; what is no JSON is an empty message.
func readPart(body json.RawMessage) gsmaBody {
	var b gsmaBody
	if err := json.Unmarshal(body, &b); err != nil {
		return gsmaBody{}
	}
	return b
}

// webURL is s when it is an address that may stand behind a link or a picture:
// http or https, with a host, without a password; else "".
func webURL(s string) string {
	if len(s) > maxField {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// telURL is the address that dials a number, "" when it is none.
func telURL(number string) string {
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -().", r) {
			return -1
		}
		return r
	}, number)
	digits := strings.TrimPrefix(n, "+")
	if len(digits) < 3 || len(digits) > 20 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return "tel:" + n
}

// mapURL shows a place on a map that its reader can reach.
func (p *gsmaPlace) mapURL(lang string) string {
	if u := webURL(p.Fallback); u != "" {
		return u
	}
	l := p.Location
	if l.Latitude == nil || l.Longitude == nil {
		if l.Query == "" {
			return ""
		}
		return "https://www.openstreetmap.org/search?" + url.Values{"query": {bounded(l.Query, 200)}}.Encode()
	}
	lat, lon := strconv.FormatFloat(*l.Latitude, 'f', 6, 64), strconv.FormatFloat(*l.Longitude, 'f', 6, 64)
	if strings.HasPrefix(lang, "zh") {
		return "https://uri.amap.com/marker?" + url.Values{"position": {lon + "," + lat}, "name": {bounded(l.Label, 100)}, "coordinate": {"wgs84"}}.Encode()
	}
	return "https://www.openstreetmap.org/?" + url.Values{"mlat": {lat}, "mlon": {lon}}.Encode() + "#map=16/" + lat + "/" + lon
}
