package journey

import "encoding/json"

// Message is an evaluated send or survey step: what goes to the channel.
type Message struct {
	Parts   []Part                  `json:"parts"`
	Replies map[string]ReplyMeaning `json:"replies,omitempty"` // by postback data
	// QR are texts to be shown as QR codes; the parts refer to them by media
	// URL "qidong:qr:<index>", which the sender replaces by a real address.
	QR []string `json:"qr,omitempty"`
}

// Part is one body of a message.
type Part struct {
	ContentType string          `json:"content_type"`
	Body        json.RawMessage `json:"body"`
}

// The content types of parts (GSMA RCC.07 section 3.6.10). The body of a text
// is a JSON string, of the others their JSON object.
const (
	ContentText        = "text/plain"
	ContentCard        = "application/vnd.gsma.botmessage.v1.0+json"
	ContentSuggestions = "application/vnd.gsma.botsuggestion.v1.0+json"
)

// ReplyMeaning is what a suggested reply stands for.
type ReplyMeaning struct {
	Reply string         `json:"reply"`
	Value map[string]any `json:"value,omitempty"`
	Text  string         `json:"text"`
}
