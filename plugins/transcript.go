package plugins

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/qidong/qidong/sdk/abi"
)

// Exchange is one capability request of a guest, and the response that it got:
// byte for byte, with the names of secrets instead of their values. In JSON,
// bytes that are no text are in base64, as "request_base64".
type Exchange struct {
	Request  []byte
	Response []byte
}

// exchangeJSON has the requests of a guest as text where that is possible, for
// the people who read recordings.
type exchangeJSON struct {
	Request       string `json:"request,omitempty"`
	RequestBase64 string `json:"request_base64,omitempty"`
	Response      string `json:"response"`
}

// MarshalJSON never fails.
func (x Exchange) MarshalJSON() ([]byte, error) {
	q := abi.NewBody(x.Request)
	return json.Marshal(exchangeJSON{q.Text, q.Base64, string(x.Response)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (x *Exchange) UnmarshalJSON(b []byte) error {
	var w exchangeJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields() // the outer decoder's is not passed on
	if err := d.Decode(&w); err != nil {
		return fmt.Errorf("reading an exchange of a recording: %w", err)
	}
	q, err := abi.Body{Text: w.Request, Base64: w.RequestBase64}.Bytes()
	if err != nil {
		return fmt.Errorf("reading the request of an exchange of a recording: %w", err)
	}
	*x = Exchange{Request: q, Response: []byte(w.Response)}
	return nil
}

// transcript is what a call asked and was answered, in order. It is not safe
// for concurrent use.
type transcript struct {
	Exchanges []Exchange // nil when they have more than MaxRecording bytes
	asked     int
	answered  int
	size      int        // bytes of all that was asked and answered
	script    []Exchange // what is answered instead of the world
	replays   bool
}

// add keeps an exchange. The bytes must not be changed after that.
func (t *transcript) add(request, response []byte) {
	t.answered++
	t.size += len(request) + len(response)
	if t.size > MaxRecording {
		t.Exchanges = nil
		return
	}
	t.Exchanges = append(t.Exchanges, Exchange{Request: request, Response: response})
}

// incomplete says why the exchanges are not there; "" when they are.
func (t *transcript) incomplete() string {
	if t.size <= MaxRecording {
		return ""
	}
	return tooLarge(t.answered, t.size)
}

// next is the recorded response to a request, which must be the recorded one.
// The failure says which request differs, and how.
func (t *transcript) next(request []byte) ([]byte, error) {
	n := t.answered
	if n >= len(t.script) {
		return nil, failf(abi.CodeDiverged, "It made a request more than the %d of the recording: %s", len(t.script), shorten(string(request), 200))
	}
	recorded := t.script[n]
	if !slices.Equal(recorded.Request, request) {
		return nil, failf(abi.CodeDiverged, "Its request %d differs from the recording %s", n+1, difference(recorded.Request, request))
	}
	t.add(request, recorded.Response)
	return recorded.Response, nil
}

// unasked is the failure of a replay that made fewer requests than were
// recorded; nil when it made them all.
func (t *transcript) unasked() error {
	if n := t.answered; t.replays && n < len(t.script) {
		return failf(abi.CodeDiverged, "It made %d of the %d requests of the recording; the next one was: %s", n, len(t.script), shorten(string(t.script[n].Request), 200))
	}
	return nil
}

// difference shows two texts from shortly before where they part.
func difference(recorded, now []byte) string {
	at := 0
	for at < min(len(recorded), len(now)) && recorded[at] == now[at] {
		at++
	}
	show := func(b []byte) string {
		if at == len(b) {
			return "the end"
		}
		return fmt.Sprintf("%q", shorten(string(b[max(0, at-20):]), 120))
	}
	return fmt.Sprintf("at byte %d: recorded is %s, now it is %s.", at, show(recorded), show(now))
}
