package browsertest

import (
	"net/http"
	"slices"
	"strings"
)

// notPages are the routes that answer GET with something that nobody reads as a
// page, each with what it is.
var notPages = map[string]string{
	"GET /static/":                           "assets",
	"GET /preferences":                       "goes back to where one was",
	"GET /c/{token}/calendar.ics":            "a download",
	"GET /m/{token}/{file}":                  "a picture",
	"GET /p/{file}":                          "a picture",
	"GET /audit.csv":                         "a download",
	"GET /campaigns/{id}/progress":           "a part of the page of a segment",
	"GET /customers/{id}/export":             "a download",
	"GET /docs/img/{file}":                   "a picture",
	"GET /enrollments/{id}/events":           "a stream",
	"GET /handset/{customer}/calendar.ics":   "a download",
	"GET /handset/{customer}/events":         "a stream",
	"GET /jobs/{id}/progress":                "a part of the page of a job",
	"GET /journeys/{name}/counts":            "a stream",
	"GET /journeys/{name}/design/copy":       "text for the clipboard",
	"GET /journeys/{name}/design/events":     "a stream",
	"GET /journeys/{name}/design/known":      "the events that are known, for a script",
	"GET /journeys/{name}/design/names":      "what an expression may speak of, for a script",
	"GET /journeys/{name}/design/source":     "the YAML beside the canvas, for its page",
	"GET /journeys/{name}/design/templates":  "a part of the panel of a message",
	"GET /journeys/{name}/export":            "a download",
	"GET /journeys/{name}/live":              "a part of the page of a journey",
	"GET /journeys/{name}/live/step":         "a part of the page of a journey",
	"GET /journeys/{name}/versions/{number}": "a download",
	"GET /operations/gauges":                 "a part of the page of operations",
	"GET /operations/throughput":             "the data of a chart",
}

// Unvisited are the patterns of pages that none of the paths leads to, in order.
// A path may have a query. Patterns are as net/http writes them; those of other
// methods than GET, and what is no page (a download, a stream, a part of a page),
// do not count.
func Unvisited(patterns, paths []string) []string {
	mux, left := http.NewServeMux(), map[string]bool{}
	for _, pattern := range patterns {
		mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		if (strings.HasPrefix(pattern, "GET ") || strings.HasPrefix(pattern, "/")) && notPages[pattern] == "" {
			left[pattern] = true
		}
	}
	for _, path := range paths {
		r, err := http.NewRequest(http.MethodGet, path, http.NoBody) //nolint:noctx // it is asked where it leads to, not sent
		if err == nil {
			_, pattern := mux.Handler(r)
			delete(left, pattern)
		}
	}
	var out []string
	for pattern := range left {
		out = append(out, pattern)
	}
	slices.Sort(out)
	return out
}
