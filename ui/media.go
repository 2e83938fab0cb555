package ui

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/arran4/golang-ical"
	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"github.com/qidong/qidong/orchestrator"
)

// qrSize is the width of a QR code in pixels, before its quiet zone.
const qrSize = 480

// getMedia is a QR code as a picture. The address never shows anything else,
// so it may be kept for good.
func (u *UI) getMedia(w http.ResponseWriter, r *http.Request) error {
	number, ok := strings.CutSuffix(r.PathValue("file"), ".png")
	n, err := strconv.Atoi(number)
	token := r.PathValue("token")
	if !ok || err != nil || n < 0 || n > 100 || token == "" || len(token) > 200 {
		return orchestrator.ErrNotFound
	}
	text, err := u.service.MediaQR(r.Context(), token, n)
	if err != nil {
		return err
	}
	picture, err := qrPNG(text)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = w.Write(picture)
	return nil
}

// qrPNG draws a text as a QR code. The quiet zone around it is the page's.
func qrPNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code of %d bytes: %w", len(text), err)
	}
	// Whole pixels for each module keep its edges sharp.
	side := code.Bounds().Dx()
	scaled, err := barcode.Scale(code, side*max(1, qrSize/side), side*max(1, qrSize/side))
	if err != nil {
		return nil, fmt.Errorf("scaling a QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, scaled); err != nil {
		return nil, fmt.Errorf("writing a QR code: %w", err)
	}
	return b.Bytes(), nil
}

// sendCalendar answers with the appointment that the n-th suggestion of a
// message offers.
func (u *UI) sendCalendar(w http.ResponseWriter, r *http.Request, list []orchestrator.Message) error {
	want, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil {
		return orchestrator.ErrNotFound
	}
	id := r.URL.Query().Get("message")
	for _, m := range list {
		if m.ID != id {
			continue
		}
		e := appointment(m, want)
		if e == nil {
			break
		}
		file, err := u.calendar(id, want, e)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="event.ics"`)
		_, _ = w.Write([]byte(file))
		return nil
	}
	return orchestrator.ErrNotFound
}

// appointment finds the n-th suggestion of a message, counted as its page does.
func appointment(m orchestrator.Message, want int) *gsmaEvent {
	n := 0
	var found *gsmaEvent
	look := func(list []gsmaSuggestion, limit int) {
		for _, s := range list[:min(len(list), limit)] {
			n++
			if n == want && s.Action != nil && s.Action.Calendar != nil {
				found = s.Action.Calendar.Create
			}
		}
	}
	for _, p := range m.Parts[:min(len(m.Parts), maxParts)] {
		b := readPart(p.Body)
		if b.Message.Card != nil {
			look(b.Message.Card.Content.Suggestions, maxActs)
		} else if b.Message.Carousel != nil {
			for _, c := range b.Message.Carousel.Content[:min(len(b.Message.Carousel.Content), maxCards)] {
				look(c.Suggestions, maxActs)
			}
		}
		look(b.Suggestions, maxChips)
	}
	return found
}

// calendar writes an appointment as an iCalendar file.
func (u *UI) calendar(message string, n int, e *gsmaEvent) (string, error) {
	start, err := time.Parse(time.RFC3339, e.Start)
	if err != nil {
		return "", fmt.Errorf("reading the appointment's start: %w", err)
	}
	end, err := time.Parse(time.RFC3339, e.End)
	if err != nil {
		return "", fmt.Errorf("reading the appointment's end: %w", err)
	}
	cal := ics.NewCalendarFor("Qidong")
	cal.SetMethod(ics.MethodPublish)
	ev := cal.AddEvent(fmt.Sprintf("%s.%d@%s", message, n, u.base.Hostname()))
	ev.SetDtStampTime(u.now())
	ev.SetStartAt(start)
	ev.SetEndAt(end)
	ev.SetSummary(e.Title)
	if e.Description != "" {
		ev.SetDescription(e.Description)
	}
	return cal.Serialize(), nil
}
