package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/view"
)

// The states of a message on its way to a telephone, or of words on theirs from
// it; their words are receipt.<state>.
const (
	stateSent      = "sent"
	stateDelivered = string(orchestrator.ReceiptDelivered)
	stateDisplayed = string(orchestrator.ReceiptDisplayed)
)

// ownWords are what a customer wrote.
type ownWords struct {
	id, text string
	answers  string // the message whose suggested reply they are, "" for none
	state    string
	at       time.Time
}

// wordsIn are the customer's own words among their newest events, oldest first.
func wordsIn(events []orchestrator.Event) []ownWords {
	var out []ownWords
	for _, e := range slices.Backward(events) {
		var data struct {
			Text      string `json:"text"`
			MessageID string `json:"message_id"`
		}
		if e.Type != orchestrator.EventMessageReceived || json.Unmarshal(e.Data, &data) != nil || data.Text == "" {
			continue
		}
		w := ownWords{id: e.ID, text: data.Text, answers: data.MessageID, state: stateDelivered, at: e.ReceivedAt}
		if e.Status == orchestrator.EventPending {
			w.state = stateSent
		}
		out = append(out, w)
	}
	return out
}

// reached tells how far a message has come, and when.
func reached(m orchestrator.Message) (state string, at time.Time) {
	switch {
	case !m.DisplayedAt.IsZero():
		return stateDisplayed, m.DisplayedAt
	case !m.DeliveredAt.IsZero():
		return stateDelivered, m.DeliveredAt
	}
	return stateSent, m.SentAt
}

// postHandsetSay sends what a customer wrote.
func (u *UI) postHandsetSay(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	text := strings.TrimSpace(r.PostFormValue("text"))
	if err := u.service.ReceiveMessage(r.Context(), a, r.PathValue("customer"), orchestrator.ChannelHandset, text, bounded(r.PostFormValue("id"), 60)); err != nil {
		return err
	}
	return u.afterSaying(w, r, a)
}

func (u *UI) afterSaying(w http.ResponseWriter, r *http.Request, a actor) error {
	id := r.PathValue("customer")
	if !partial(r) {
		return redirect(w, r, backToDesk(r, id))
	}
	h, err := u.handset(r.Context(), a, id)
	if err != nil {
		return err
	}
	h.page.Say.Focus = true
	return render(w, r, http.StatusOK, view.HandsetSaid(h.page))
}

// backToDesk is the page of handsets that a form was on.
func backToDesk(r *http.Request, id string) string {
	from, err := url.Parse(r.Referer())
	if err == nil && from.Host == r.Host && from.Path == "/handset" {
		return localPath(from.RequestURI())
	}
	return handsetPath(id)
}

// postHandsetReply answers a message as the customer would.
func (u *UI) postHandsetReply(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	id := r.PathValue("customer")
	if r.PostFormValue("location") != "" {
		return u.sendLocation(w, r, a)
	}
	message, postback, err := readReply(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	if err := u.service.Reply(ctx, a, id, message, postback); err != nil {
		return err
	}
	if !partial(r) {
		return redirect(w, r, backToDesk(r, id))
	}
	h, err := u.handset(ctx, a, id)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.InLanguage(h.page.Locale, view.ThreadView(h.page.Thread)))
}

// sendLocation tells where the customer is, as a telephone does: at home, as far
// as anybody knows.
func (u *UI) sendLocation(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, id := r.Context(), r.PathValue("customer")
	c, err := u.service.Customer(ctx, a, id)
	if err != nil {
		return err
	}
	home, _ := c.Traits["home"].(map[string]any)
	lat, ok := home["latitude"].(float64)
	lon, known := home["longitude"].(float64)
	if !ok || !known {
		return fmt.Errorf("sending where the customer is: the trait home has no latitude and longitude; set them on the customer: %w", orchestrator.ErrInvalid)
	}
	words := "geo:" + strconv.FormatFloat(lat, 'f', 6, 64) + "," + strconv.FormatFloat(lon, 'f', 6, 64)
	if err := u.service.ReceiveMessage(ctx, a, id, orchestrator.ChannelHandset, words, ""); err != nil {
		return err
	}
	return u.afterSaying(w, r, a)
}

// postReceipts notes that messages are on the screen.
func (u *UI) postReceipts(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	if err := u.service.Receipt(r.Context(), a, r.PathValue("customer"), orchestrator.ReceiptDisplayed, r.PostForm["message"]...); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readReply reads a posted answer.
func readReply(r *http.Request) (message, postback string, err error) {
	if err := parseForm(r); err != nil {
		return "", "", err
	}
	message, postback = r.PostFormValue("message"), r.PostFormValue("postback")
	if message == "" || postback == "" || len(message) > maxField || len(postback) > maxField {
		return "", "", fmt.Errorf("answering a message: message and postback are needed, each of at most %d bytes: %w", maxField, orchestrator.ErrInvalid)
	}
	return message, postback, nil
}

// getHandsetCalendar is an appointment that a message offers, as a file.
func (u *UI) getHandsetCalendar(w http.ResponseWriter, r *http.Request, a actor) error {
	list, err := u.service.LatestMessages(r.Context(), a, r.PathValue("customer"), maxThread)
	if err != nil {
		return err
	}
	return u.sendCalendar(w, r, list)
}
