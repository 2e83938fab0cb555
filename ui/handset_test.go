package ui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func TestHandsetSays(t *testing.T) {
	t.Parallel()
	const path = "/handset/c_mei/say"
	t.Run("what is typed reaches the platform, once however often it is sent", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		form := url.Values{"text": {" KTLDMP <b> "}, "id": {"w1"}}
		for range 2 {
			w := s.post(path, form, "HX-Request", "true")
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, 1, strings.Count(w.Body.String(), "KTLDMP &lt;b&gt;"), "W05 their words are text")
			require.Contains(t, w.Body.String(), `autofocus`, "the next words go into a fresh field")
			require.NotContains(t, w.Body.String(), `value="w1"`, "with an id of their own")
		}
		require.Len(t, s.f.words["c_mei"], 1)
		require.JSONEq(t, `{"channel":"handset","text":"KTLDMP <b>"}`, string(s.f.words["c_mei"][0].Data))
	})
	t.Run("what is not handed out yet is sent, and somebody seems to write", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		body := s.post(path, url.Values{"text": {"hello"}, "id": {"w1"}}, "HX-Request", "true").Body.String()
		require.Contains(t, body, `class="receipt sent"`)
		require.Contains(t, body, `data-testid="typing"`)
		s.f.words["c_mei"][0].Status = orchestrator.EventDone
		require.Contains(t, s.get("/handset/c_mei").Body.String(), `class="receipt delivered"`)
	})
	t.Run("words that were a suggested reply are shown once", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		s.f.words = map[string][]orchestrator.Event{"c_mei": {
			{ID: "handset/w1", Type: orchestrator.EventMessageReceived, ReceivedAt: testNow, Data: []byte(`{"text":"typed label","message_id":"m_promo"}`)},
			{ID: "handset/w2", Type: "bank.paid", Data: []byte(`{"text":"not theirs"}`)},
			{ID: "handset/w3", Type: orchestrator.EventMessageReceived, Data: []byte(`"no object"`)},
		}}
		body := s.get("/handset/c_mei").Body.String()
		require.NotContains(t, body, "typed label")
		require.NotContains(t, body, "not theirs")
	})
	t.Run("nothing typed is refused as a sentence", func(t *testing.T) {
		t.Parallel()
		w := signedIn(t).post(path, url.Values{"text": {"  "}}, "HX-Request", "true")
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		require.Equal(t, "#notice", w.Header().Get("HX-Retarget"))
	})
	t.Run("without a script the form leads back to the phones it was among", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		for from, to := range map[string]string{
			"": "/handset/c_mei",
			"http://example.com/handset?customer=c_mei&customer=c_ben":   "/handset?customer=c_mei&customer=c_ben",
			"http://elsewhere.net/handset?customer=c_mei&customer=c_ben": "/handset/c_mei",
			"http://example.com/settings":                                "/handset/c_mei",
		} {
			w := s.post(path, url.Values{"text": {"hi"}, "id": {"x"}}, "Referer", from)
			require.Equal(t, to, w.Header().Get("Location"), from)
		}
	})
}

func TestHandsetReceipts(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	require.Contains(t, s.get("/handset/c_mei").Body.String(), `data-unseen="m_ride"`)
	w := s.post("/handset/c_mei/receipts", url.Values{"message": {"m_ride", "m_of_somebody_else"}})
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, []string{"displayed m_ride"}, s.f.receipts)
	body := s.get("/handset/c_mei").Body.String()
	require.NotContains(t, body, `data-unseen="m_ride"`)
	require.Contains(t, body, `class="receipt displayed"`)
	require.NotContains(t, s.get("/c/"+testToken).Body.String(), "receipt", "customers see none on their page")

	events(t, s, "/handset/c_mei/events", 2, func(int) {}) // a telephone that is on
	require.Contains(t, s.f.receipts, "delivered m_promo")
	require.NotContains(t, s.f.receipts, "delivered m_ride", "it had that one")
}

func TestDesk(t *testing.T) {
	t.Parallel()
	t.Run("two customers lie side by side, each with their own", func(t *testing.T) {
		t.Parallel()
		body := signedIn(t).get("/handset?customer=c_mei&customer=c_ben&customer=c_mei").Body.String()
		for _, want := range []string{
			`data-testid="phone-c_mei"`, `data-testid="phone-c_ben"`, `action="/handset/c_mei/say"`, `action="/handset/c_ben/reply"`,
			`hx-sse:connect="/handset/c_mei/events?customer=c_ben"`, `href="/handset/c_ben" title="Put away the handset of Li Mei"`, `lang="zh-CN"`,
		} {
			require.Contains(t, body, want)
		}
		require.Equal(t, 2, strings.Count(body, `data-testid="thread"`))
	})
	t.Run("one more is found and added", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Contains(t, s.get("/handset/c_mei?q=%E7%8E%8B").Body.String(), `href="/handset?customer=c_mei&amp;customer=c_ben"`)
		require.Contains(t, s.get("/handset?customer=c_mei&q=nobody").Body.String(), "No customer matches.")
		require.Contains(t, s.get("/handset").Body.String(), `href="/handset/c_ben"`, "an empty desk offers some")
	})
	t.Run("W05 five are too many, and somebody unknown is not found", func(t *testing.T) {
		t.Parallel()
		s := signedIn(t)
		require.Equal(t, http.StatusUnprocessableEntity, s.get("/handset?customer=a&customer=b&customer=c&customer=d&customer=e").Code)
		require.Equal(t, http.StatusNotFound, s.get("/handset?customer=c_mei&customer=nobody").Code)
	})
}

// Every kind of suggestion does what a telephone does with it.
func TestSuggestionKinds(t *testing.T) {
	t.Parallel()
	s := signedIn(t)
	suggestions := `{"suggestions":[
		{"action":{"displayText":"Call","dialerAction":{"dialPhoneNumber":{"phoneNumber":"+86 10 1234"}}}},
		{"action":{"displayText":"Video","dialerAction":{"dialVideoCall":{"phoneNumber":"10001"}}}},
		{"action":{"displayText":"Write","composeAction":{"composeTextMessage":{"phoneNumber":"10001","text":"a&b c"}}}},
		{"action":{"displayText":"Here","mapAction":{"requestLocationPush":{}}}},
		{"action":{"displayText":"Odd","composeAction":{"composeTextMessage":{"phoneNumber":"javascript:1","text":"x"}}}},
		{"action":{"displayText":"New","settingsAction":{"disableAnonymization":{}}}}]}`
	m := orchestrator.Message{ID: "m_all", Customer: "c_mei", Enrollment: "e_run", SentAt: testNow, Parts: []journey.Part{{ContentType: journey.ContentSuggestions, Body: []byte(suggestions)}}}
	s.f.messages["c_mei"] = append(s.f.messages["c_mei"], m)
	body := s.get("/handset/c_mei").Body.String()
	for _, want := range []string{`href="tel:+86101234"`, `href="tel:10001"`, `href="sms:10001?body=a&amp;b%20c"`, `data-testid="send-location"`, `off" title="This link`} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, s.get("/c/"+testToken).Body.String(), "send-location", "a page does not know where its reader is")

	w := s.post("/handset/c_mei/reply", url.Values{"message": {"m_all"}, "location": {"1"}}, "HX-Request", "true")
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Contains(t, string(s.f.words["c_mei"][0].Data), "geo:31.2")
	c := s.f.customers["c_ben"]
	c.Traits = nil
	s.f.customers["c_ben"] = c
	w = s.post("/handset/c_ben/reply", url.Values{"location": {"1"}}, "HX-Request", "true")
	require.Contains(t, w.Body.String(), "trait home")
}
