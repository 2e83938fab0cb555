package view

// TemplateRow is a template in the list.
type TemplateRow struct {
	Name, Title, URL, Category, Form, Updated, By string
	Languages                                     []string
	Lang                                          string // of the preview
	Bubble                                        Bubble
}

// TemplateEdit is the form of a template.
type TemplateEdit struct {
	New                        bool
	Name, Title                string
	Revision                   int64
	Categories, Forms, Heights []Option
	Media, QR, Each, As        string
	Languages                  []TemplateWords
	Suggestions                []TemplateSuggestion
	Pictures                   []Option // addresses of the workspace's own
	Problems                   []Problem
	Channels                   Channels
}

// TemplateWords are a template's words in one language.
type TemplateWords struct{ Lang, Title, Text, CardTitle, CardText, Alt string }

// TemplateSuggestion is one row of the suggestions.
type TemplateSuggestion struct {
	Number         string // from 1
	Kinds          []Option
	Target, EN, ZH string
}

// Channels are a message's looks.
type Channels struct{ List []Channel }

// Channel is a message in one language: as a card, and as short messages.
type Channel struct {
	Lang, SMS, Size string
	Empty           bool // nothing is written in this language
	Bubble          Bubble
}

// Gallery is the page of the workspace's pictures.
type Gallery struct {
	Pictures []PictureTile
	Problems []Problem
	Most     string // what may be uploaded
}

// PictureTile is one picture, and the messages that show it.
type PictureTile struct {
	Path, URL, Delete, Name, Facts, Added string
	Uses                                  []Link
}
