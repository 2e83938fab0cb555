package view

// SegmentRow is one line of the list of segments.
type SegmentRow struct {
	Name, Title, Rule, Members, Updated string
	Backfill                            string // how far it is, "" when it is done
}

// SegmentForm is what a segment is written in, and what its rule would give.
type SegmentForm struct {
	Name, TitleEN, TitleZH, Rule string
	New                          bool
	Preview                      *SegmentPreview
	Problems                     []Problem
}

// SegmentPreview is whom a rule selects.
type SegmentPreview struct {
	Sentence string
	Trouble  string
	Timed    bool
	Sample   []Link
}

// SegmentList is the page of segments and campaigns.
type SegmentList struct {
	Rows      []SegmentRow
	Form      SegmentForm
	Campaigns []Campaign
}

// Segment is the page of one segment.
type Segment struct {
	SegmentRow
	Form      SegmentForm
	Members   []MemberRow
	Next      string
	Journeys  []Option
	Campaigns []Campaign
}

// MemberRow is one member.
type MemberRow struct {
	Customer Link
	Since    string
}

// Campaign is a campaign and how far it is.
type Campaign struct {
	ID, Journey, Segment, By, Created string
	Status                            Status
	Rate                              string
	Seen, Total                       int64
	Counts                            []Field
	Running, Paused                   bool
}
