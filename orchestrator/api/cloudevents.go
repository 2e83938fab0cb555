package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/qidong/qidong/orchestrator"
)

// readEvents reads the three content modes of CloudEvents over HTTP. Every
// error is a *refusal.
func readEvents(h http.Header, body []byte) ([]orchestrator.Event, error) {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return nil, unsupported("The body is compressed: send it as it is.")
	}
	mediaType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		mediaType = ""
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, unsupported(fmt.Sprintf("The body's charset is %q: send UTF-8.", charset))
	}
	if !utf8.Valid(body) {
		return nil, problemRefusal([]orchestrator.Problem{{Code: "NOT_UTF8", Message: "The body is not UTF-8.", Mend: "JSON is always UTF-8."}})
	}
	switch {
	case mediaType == event.ApplicationCloudEventsJSON:
		return readStructured([]json.RawMessage{body}, func(int) string { return "" })
	case mediaType == event.ApplicationCloudEventsBatchJSON:
		return readBatch(body)
	case h.Get("Ce-Specversion") == "":
		return nil, unsupported("This is no CloudEvent: send application/cloudevents+json, application/cloudevents-batch+json, or JSON data with the headers ce-specversion, ce-id, ce-source and ce-type.")
	case len(body) > 0 && !isJSON(mediaType):
		return nil, unsupported(fmt.Sprintf("The event's data is %q: send JSON.", h.Get("Content-Type")))
	}
	return readBinary(h, body)
}

func unsupported(message string) error {
	return &refusal{Status: http.StatusUnsupportedMediaType, Code: "UNSUPPORTED_MEDIA_TYPE", Message: message}
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || mediaType == "text/json" || strings.HasSuffix(mediaType, "+json")
}

// maxBatch bounds the events of a request before they are read, as the domain
// does afterwards.
const maxBatch = 1000

func readBatch(body []byte) ([]orchestrator.Event, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, notJSON("", "a JSON array of events", err)
	}
	if len(raw) < 1 || len(raw) > maxBatch {
		return nil, problemRefusal([]orchestrator.Problem{{
			Code: "BATCH_SIZE", Message: fmt.Sprintf("The batch has %d events, but a request carries from 1 to %d.", len(raw), maxBatch),
		}})
	}
	return readStructured(raw, func(i int) string { return fmt.Sprintf("events.%d.", i) })
}

// jsonEvent is the JSON form of CloudEvents 1.0. It is read with the standard
// library because event.Event panics on a data_base64 that is a number (v2.16.2).
type jsonEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         *string         `json:"subject"`
	Time            string          `json:"time"`
	DataContentType *string         `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	DataBase64      []byte          `json:"data_base64"`
}

// readStructured collects the problems of all events, prefix before each path.
func readStructured(raw []json.RawMessage, prefix func(int) string) ([]orchestrator.Event, error) {
	var events []orchestrator.Event
	var problems []orchestrator.Problem
	for i, r := range raw {
		var in jsonEvent
		if err := json.Unmarshal(r, &in); err != nil {
			return nil, notJSON(strings.TrimSuffix(prefix(i), "."), "a CloudEvent in JSON form", err)
		}
		a := newAttributes(prefix(i), in.SpecVersion)
		a.event.SetID(in.ID)
		a.event.SetSource(in.Source)
		a.event.SetType(in.Type)
		a.setTime(in.Time)
		if in.Subject != nil {
			a.event.SetSubject(*in.Subject)
		}
		if in.DataContentType != nil {
			a.event.SetDataContentType(*in.DataContentType)
		}
		if in.Data == nil && in.DataBase64 != nil {
			in.Data = in.DataBase64
		}
		events = append(events, a.stored(in.Data))
		problems = append(problems, a.problems...)
	}
	if len(problems) > 0 {
		return nil, problemRefusal(problems)
	}
	return events, nil
}

func notJSON(path, want string, err error) error {
	if mistyped := (*json.UnmarshalTypeError)(nil); errors.As(err, &mistyped) {
		path = strings.Trim(path+"."+mistyped.Field, ".")
		err = fmt.Errorf("a JSON %s is out of place", mistyped.Value)
	}
	return problemRefusal([]orchestrator.Problem{{
		Path: path, Code: "NOT_A_CLOUDEVENT", Message: fmt.Sprintf("This is not %s: %v.", want, err),
	}})
}

// readBinary takes attributes from headers and data from the body. Extension
// attributes are not kept, here as in the other modes.
func readBinary(h http.Header, body []byte) ([]orchestrator.Event, error) {
	a := newAttributes("", h.Get("Ce-Specversion"))
	for _, attribute := range []struct {
		name string
		set  func(string)
	}{{"id", a.event.SetID}, {"source", a.event.SetSource}, {"type", a.event.SetType}, {"subject", a.event.SetSubject}, {"time", a.setTime}} {
		raw := h.Get("Ce-" + attribute.name)
		value, err := url.PathUnescape(raw)
		switch {
		case raw == "":
		case err != nil || !utf8.ValidString(value):
			a.wrong(attribute.name, "is not percent-encoded UTF-8")
		default:
			attribute.set(value)
		}
	}
	stored := a.stored(body)
	if len(a.problems) > 0 {
		return nil, problemRefusal(a.problems)
	}
	return []orchestrator.Event{stored}, nil
}

// attributes is one event being read, and what is wrong with it.
type attributes struct {
	event    event.Event
	prefix   string
	problems []orchestrator.Problem
}

func newAttributes(prefix, version string) *attributes {
	a := &attributes{event: event.New(event.CloudEventsVersionV1), prefix: prefix}
	if version != event.CloudEventsVersionV1 {
		a.wrong("specversion", fmt.Sprintf("is %q, but must be 1.0", version))
	}
	return a
}

// setTime ignores "", which is no time.
func (a *attributes) setTime(v string) {
	if v == "" {
		return
	}
	at, err := time.Parse(time.RFC3339, v)
	if err != nil {
		a.wrong("time", "is not a time in RFC 3339 form")
		return
	}
	a.event.SetTime(at)
}

// stored checks the event as a whole.
func (a *attributes) stored(data json.RawMessage) orchestrator.Event {
	if invalid := (event.ValidationError)(nil); errors.As(a.event.Validate(), &invalid) {
		for _, name := range slices.Sorted(maps.Keys(invalid)) {
			a.wrong(name, "is not valid: "+invalid[name].Error())
		}
	}
	if len(data) == 0 {
		data = nil
	} else if contentType := a.event.DataMediaType(); contentType != "" && !isJSON(contentType) {
		a.wrong("datacontenttype", fmt.Sprintf("is %q, but must be JSON", contentType))
	} else if !json.Valid(data) {
		a.wrong("data", "is not JSON")
	}
	return orchestrator.Event{ // a time of zero is now
		ID: a.event.ID(), Source: a.event.Source(), Type: a.event.Type(), Subject: a.event.Subject(), Time: a.event.Time(), Data: data,
	}
}

func (a *attributes) wrong(name, how string) {
	a.problems = append(a.problems, orchestrator.Problem{
		Path: a.prefix + name, Code: "INVALID_ATTRIBUTE", Message: fmt.Sprintf("The attribute %s %s.", name, how),
		Mend: "See the CloudEvents specification, version 1.0.",
	})
}
