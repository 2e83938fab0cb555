package journey

// Entry says how enrollments begin. At least one of Event, Segment, Schedule,
// Keyword, QR and API is set; several are several doors to one journey.
type Entry struct {
	Event    *EventEntry    `json:"event,omitempty"`
	Segment  *SegmentEntry  `json:"segment,omitempty"`
	Schedule *ScheduleEntry `json:"schedule,omitempty"`
	Keyword  *KeywordEntry  `json:"keyword,omitempty"`
	QR       *QREntry       `json:"qr,omitempty"`
	API      bool           `json:"api,omitempty"` // people and programs may enroll a customer; tests always may
	// Key is CEL → string over event and customer; enrollments of one customer
	// with different keys live side by side. "" is one at a time.
	Key string `json:"key,omitempty"`
	// Reentry says whether a customer may pass again under the same key, once
	// the passage before has ended: "never" (the default), "always", or "after",
	// no sooner than ReentryAfter after the start of the passage before.
	Reentry      string   `json:"reentry"`
	ReentryAfter Duration `json:"reentry_after,omitempty"`
	// Limit bounds the customers that may enter this journey in all its
	// versions; 0 is no bound.
	Limit int64 `json:"limit,omitempty"`
}

// EventEntry starts an enrollment for the event's customer.
type EventEntry struct {
	Type  string `json:"type"`
	Match string `json:"match,omitempty"` // CEL → bool over event, customer
}

// SegmentEntry starts an enrollment when a customer joins the segment. Those
// who are in it already enter by a campaign.
type SegmentEntry struct {
	Segment string `json:"segment"` // its name
}

// ScheduleEntry starts enrollments for everybody in a segment, again and again.
type ScheduleEntry struct {
	Cron    string `json:"cron"`    // five fields: minute hour day-of-month month day-of-week
	Zone    string `json:"zone"`    // IANA time zone of Cron, "UTC" by default
	Segment string `json:"segment"` // its name
	Rate    int    `json:"rate"`    // enrollments a second, 1–1,000, default 50
}

// KeywordEntry starts an enrollment when a customer sends one of the words.
type KeywordEntry struct {
	// Words are compared after trimming, full-width folding and case folding.
	Words []string `json:"words"`
	// Confirm is asked first (二次确认); the enrollment begins with the answer.
	// Empty: at once.
	Confirm Text `json:"confirm,omitempty"`
}

// QREntry starts an enrollment when a customer opens the journey's QR link.
type QREntry struct {
	Places []string `json:"places,omitempty"` // one code each ("counter-1"); becomes entry.place
}

// doors is how many ways there are in.
func (e *Entry) doors() int {
	return count(e.Event != nil, e.Segment != nil, e.Schedule != nil, e.Keyword != nil, e.QR != nil, e.API)
}
