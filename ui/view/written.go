package view

// WrittenPage lists what journeys say.
type WrittenPage struct {
	Journeys []Option // to choose from
	Messages []Written
	More     bool // there are more than are shown
}

// Written is one message of a journey before its expressions are filled in.
type Written struct {
	Key                      string // stable element id
	Title, Journey, URL      string
	Category, Form, Channels string
	Previews                 []Preview // one for each language
}

// Preview is a message in one language, as a phone would show it.
type Preview struct {
	Lang   string
	Bubble Bubble
}
