package journey

// Send sends a message, under the guardrails. It binds steps.<id>.message_id and
// steps.<id>.delivery: "sent", or "withheld" with steps.<id>.reason.
type Send struct {
	Category string `json:"category"` // marketing | service | transactional
	// Channels are tried in order: the first that can reach the customer and has
	// their consent. Empty is the workspace's order.
	Channels    []string     `json:"channels,omitempty"`
	Text        Text         `json:"text,omitempty"`
	Card        *Card        `json:"card,omitempty"`
	Carousel    *Carousel    `json:"carousel,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"` // the chip list, at most 11
}

// Carousel is one card for each element of a list (2–10 after evaluation; a
// list of one is sent as a single card).
type Carousel struct {
	Each string `json:"each"` // CEL → list
	As   string `json:"as"`   // the name of the element in the card's expressions
	Card Card   `json:"card"`
}

// Card is a rich card before evaluation.
type Card struct {
	Title       Text         `json:"title,omitempty"`
	Description Text         `json:"description,omitempty"`
	Media       *Media       `json:"media,omitempty"`
	Suggestions []Suggestion `json:"suggestions,omitempty"` // at most 4
}

// Media is a picture by URL, or a QR code made from a text. Exactly one is set.
type Media struct {
	URL    string `json:"url,omitempty"`
	Type   string `json:"type,omitempty"` // media type of URL
	QR     string `json:"qr,omitempty"`
	Alt    Text   `json:"alt,omitempty"`
	Height string `json:"height"` // SHORT_HEIGHT | MEDIUM_HEIGHT (default) | TALL_HEIGHT
}

// Suggestion is a suggested reply or action. Exactly one of Reply, OpenURL,
// Calendar, ShowLocation is set.
type Suggestion struct {
	Text         Text           `json:"text"`
	Reply        string         `json:"reply,omitempty"` // reaches waits as event.data.reply
	Value        map[string]any `json:"value,omitempty"` // reaches waits as event.data.value
	OpenURL      string         `json:"open_url,omitempty"`
	Calendar     *Calendar      `json:"calendar,omitempty"`
	ShowLocation *Location      `json:"show_location,omitempty"`
}

// Calendar offers an appointment. Start and End are CEL → RFC 3339 string or timestamp.
type Calendar struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Start       string `json:"start"`
	End         string `json:"end"`
}

// Location offers a place. Latitude and Longitude are CEL → number.
type Location struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Label     string `json:"label"`
}
