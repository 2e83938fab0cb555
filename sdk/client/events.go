package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Event is a fact about a customer, in the JSON form of CloudEvents 1.0.
type Event struct {
	SpecVersion     string          `json:"specversion"` // filled in by SendEvents
	ID              string          `json:"id"`          // with Source the dedupe key
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"` // a customer id, or "kind:value" of an identity
	Time            time.Time       `json:"time,omitzero"`     // zero: the server's now
	DataContentType string          `json:"datacontenttype,omitempty"`
	Data            json.RawMessage `json:"data,omitempty"` // a JSON value, at most 32 KiB
}

// EventResult is what became of one event.
type EventResult struct {
	ID string `json:"id"`
	// Status is "accepted", or "duplicate" when source and id were known, so
	// that nothing was stored again.
	Status string `json:"status"`
}

// EventError is a refusal of POST /events.
type EventError struct {
	Status  int    `json:"-"` // HTTP status
	Code    string `json:"code"`
	Message string `json:"message"`
	Path    string `json:"path,omitempty"` // events.3.source
}

// Error is the server's sentence.
func (e *EventError) Error() string {
	if e.Path != "" {
		return e.Path + ": " + e.Message
	}
	return e.Message
}

// SendEvents sends events in one batch; see [Client.PostEvents].
func (c *Client) SendEvents(ctx context.Context, events ...Event) ([]EventResult, error) {
	batch := make([]Event, len(events))
	for i, e := range events {
		e.SpecVersion = "1.0"
		batch[i] = e
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return nil, fmt.Errorf("encoding events: %w", err)
	}
	return c.PostEvents(ctx, ContentBatch, body)
}

// The content types of PostEvents.
const (
	ContentEvent = "application/cloudevents+json"
	ContentBatch = "application/cloudevents-batch+json"
)

// PostEvents sends a body, of at most 1 MiB, to POST /events. It returns once
// every event in it is stored, with one result each in order; on an error none
// is. Sending the same again is harmless. Refusals are an *[EventError].
func (c *Client) PostEvents(ctx context.Context, contentType string, body []byte) ([]EventResult, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/events", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("addressing events: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sending events: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("reading the answer to events: %w", err)
	}
	if resp.StatusCode != http.StatusAccepted && resp.StatusCode != http.StatusOK {
		return nil, refusal(resp, answer)
	}
	var out struct {
		Results []EventResult `json:"results"`
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		return nil, fmt.Errorf("decoding the answer to events: %w", err)
	}
	return out.Results, nil
}

func refusal(resp *http.Response, answer []byte) error {
	e := &EventError{Status: resp.StatusCode}
	if json.Unmarshal(answer, e) != nil || e.Message == "" {
		e.Message = "the server answered " + resp.Status
	}
	return e
}
