package view

import "net/url"

// tabs are the views of a journey: the key of their word, and their address.
func tabs(name string) []Link {
	at := "/journeys/" + url.PathEscape(name)
	return []Link{
		{Text: "design", URL: at + "/design"},
		{Text: "live", URL: at},
		{Text: "customers", URL: "/enrollments?journey=" + url.QueryEscape(name)},
		{Text: "versions", URL: at + "/versions"},
	}
}
