package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

const (
	structured = "application/cloudevents+json"
	batched    = "application/cloudevents-batch+json"
	paid       = `{"specversion":"1.0","id":"7","source":"/bank","type":"bank.payment.succeeded","subject":"c_1","time":"2026-11-28T19:30:00Z","data":{"amount":9007199254740993}}`
)

func TestReadEvents(t *testing.T) {
	t.Parallel()
	want := orchestrator.Event{
		ID: "7", Source: "/bank", Type: "bank.payment.succeeded", Subject: "c_1",
		Time: time.Date(2026, 11, 28, 19, 30, 0, 0, time.UTC), Data: json.RawMessage(`{"amount":9007199254740993}`),
	}
	chinese := want
	chinese.Subject = "客户 1"
	chinese.Data = nil
	for _, c := range []struct {
		name   string
		header http.Header
		body   string
		want   []orchestrator.Event
	}{
		{"a structured event", headers("Content-Type", structured+"; charset=utf-8"), paid, []orchestrator.Event{want}},
		{"a batch of two", headers("Content-Type", batched), "[" + paid + "," + paid + "]", []orchestrator.Event{want, want}},
		{
			"a binary event",
			headers("Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "7", "ce-source", "/bank",
				"ce-type", "bank.payment.succeeded", "ce-subject", "c_1", "ce-time", "2026-11-28T19:30:00Z"),
			`{"amount":9007199254740993}`,
			[]orchestrator.Event{want},
		},
		{
			"a binary event with a percent-encoded subject and no data",
			headers("ce-specversion", "1.0", "ce-id", "7", "ce-source", "/bank",
				"ce-type", "bank.payment.succeeded", "ce-subject", "%E5%AE%A2%E6%88%B7%201", "ce-time", "2026-11-28T19:30:00Z"),
			"",
			[]orchestrator.Event{chinese},
		},
		{"data in base64", headers("Content-Type", structured), strings.Replace(paid, `"data":{"amount":9007199254740993}`, `"data_base64":"eyJhbW91bnQiOjkwMDcxOTkyNTQ3NDA5OTN9"`, 1), []orchestrator.Event{want}},
	} {
		t.Run(c.name+" is read, its data as written", func(t *testing.T) {
			t.Parallel()
			got, err := readEvents(c.header, []byte(c.body))
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(c.want, got))
		})
	}
}

func TestReadEventsRefuses(t *testing.T) {
	t.Parallel()
	without := func(attribute string) string { return strings.Replace(paid, `"`+attribute+`"`, `"x`+attribute+`"`, 1) }
	binary := func(pairs ...string) http.Header {
		h := headers("Content-Type", "application/json", "ce-specversion", "1.0", "ce-id", "7", "ce-source", "/bank", "ce-type", "t")
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	for _, c := range []struct {
		name   string
		header http.Header
		body   string
		status int
		path   string
		says   string
	}{
		{"no content type", headers(), paid, 415, "", "This is no CloudEvent"},
		{"JSON that is no CloudEvent", headers("Content-Type", "application/json"), paid, 415, "", "This is no CloudEvent"},
		{"compression", headers("Content-Type", structured, "Content-Encoding", "gzip"), paid, 415, "", "compressed"},
		{"another charset", headers("Content-Type", structured+"; charset=gbk"), paid, 415, "", "gbk"},
		{"an event that is not UTF-8", headers("Content-Type", structured), strings.Replace(paid, "c_1", "\xff", 1), 400, "", "UTF-8"},
		{"a missing id", headers("Content-Type", structured), without("id"), 400, "id", "id"},
		{"a missing source", headers("Content-Type", structured), without("source"), 400, "source", "source"},
		{"a missing type in a batch", headers("Content-Type", batched), "[" + paid + "," + without("type") + "]", 400, "events.1.type", "type"},
		{"another version of CloudEvents", headers("Content-Type", structured), strings.Replace(paid, `"1.0"`, `"0.3"`, 1), 400, "specversion", "1.0"},
		{"an unknown version", headers("Content-Type", structured), strings.Replace(paid, `"1.0"`, `"9"`, 1), 400, "specversion", "specversion"},
		{"data that is not JSON", headers("Content-Type", structured), strings.Replace(paid, `"data":{"amount":9007199254740993}`, `"datacontenttype":"text/plain","data":"hi"`, 1), 400, "datacontenttype", "text/plain"},
		{"a body cut short", headers("Content-Type", structured), paid[:40], 400, "", "not a CloudEvent"},
		{"null", headers("Content-Type", structured), "null", 400, "specversion", ""},
		{"an object for a batch", headers("Content-Type", batched), paid, 400, "", "array"},
		{"an empty batch", headers("Content-Type", batched), "[]", 400, "", "from 1 to 1000"},
		{"a batch of 1,001", headers("Content-Type", batched), "[" + strings.Repeat("{},", 1000) + "{}]", 400, "", "1001"},
		{"a batch of numbers", headers("Content-Type", batched), "[1]", 400, "events.0", ""},
		{"an id that is a number", headers("Content-Type", batched), `[{"id":7}]`, 400, "events.0.id", "a JSON number is out of place"},
		{"depth 10,001", headers("Content-Type", structured), strings.Repeat("[", 10001) + strings.Repeat("]", 10001), 400, "", "depth"},
		{"binary data that is text", binary("Content-Type", "text/plain"), "hi", 415, "", "text/plain"},
		{"binary data that is not JSON", binary(), "{", 400, "data", "not JSON"},
		{"a binary time that is none", binary("ce-time", "yesterday"), "{}", 400, "time", "RFC 3339"},
		{"a binary subject that is badly encoded", binary("ce-subject", "%zz"), "{}", 400, "subject", "percent"},
		{"a binary subject that is not UTF-8", binary("ce-subject", "%ff"), "{}", 400, "subject", "UTF-8"},
		{"a binary event of another version", binary("ce-specversion", "0.3"), "{}", 400, "specversion", "1.0"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			t.Parallel()
			_, err := readEvents(c.header, []byte(c.body))
			var refused *refusal
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.status, refused.Status, refused.Message)
			require.Equal(t, c.path, refused.Path, refused.Message)
			require.Contains(t, refused.Message, c.says)
			require.NotEmpty(t, refused.Code)
		})
	}

	t.Run("every problem of a batch is told at once", func(t *testing.T) {
		t.Parallel()
		_, err := readEvents(headers("Content-Type", batched), []byte("["+without("id")+","+without("type")+"]"))
		var refused *refusal
		require.ErrorAs(t, err, &refused)
		require.Len(t, refused.Problems, 2)
	})
}

func FuzzReadEvents(f *testing.F) {
	f.Add(structured, "", []byte(paid))
	f.Add(batched, "", []byte("["+paid+"]"))
	f.Add("application/json", "1.0", []byte(`{}`))
	f.Add(structured, "", []byte(`{"specversion":"1.0","data_base64":0,"datacontenttype":""}`))
	f.Add(structured, "", []byte(`{"specversion":"1.0","id":"1","source":":","type":"t","subject":"","data":null}`))
	f.Fuzz(func(t *testing.T, contentType, version string, body []byte) {
		h := headers("Content-Type", contentType, "ce-specversion", version, "ce-id", "1", "ce-source", "s", "ce-type", "t")
		events, err := readEvents(h, body)
		if err != nil {
			if refused := (*refusal)(nil); !errors.As(err, &refused) || refused.Message == "" || refused.Status < 400 || refused.Status > 499 {
				t.Fatalf("a refusal that says nothing: %v", err)
			}
			return
		}
		for _, e := range events {
			if e.ID == "" || e.Source == "" || e.Type == "" || (e.Data != nil && !json.Valid(e.Data)) {
				t.Fatalf("accepted: %+v", e)
			}
		}
	})
}
