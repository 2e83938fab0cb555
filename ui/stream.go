package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/qidong/qidong/orchestrator"
)

// The bounds of streams.
const (
	maxStreams   = 1000             // open at once in this process
	streamLife   = 10 * time.Minute // then the browser asks again, and its session is looked at again
	streamPing   = 15 * time.Second // of silence, so that proxies keep the line
	streamWrites = 10 * time.Second // for one message to a slow reader
)

// stream is a server-sent event stream to one browser.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	last time.Time
}

// stream calls step now and then every interval, until the reader leaves, the
// server shuts down, or the stream is old enough. An error of step ends the
// stream, and the browser asks again.
func (u *UI) stream(w http.ResponseWriter, r *http.Request, every time.Duration, step func(context.Context, *stream) error) error {
	select {
	case u.streams <- struct{}{}:
		defer func() { <-u.streams }()
	default:
		return fmt.Errorf("opening a stream: %d are open, which is the limit: %w", maxStreams, orchestrator.ErrUnavailable)
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	s := &stream{w: w, rc: http.NewResponseController(w), last: time.Now()}
	// The server's write timeout is for pages; here each message has its own.
	_ = s.rc.SetWriteDeadline(time.Now().Add(streamWrites))
	if err := s.rc.Flush(); err != nil {
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := step(ctx, s); err != nil {
			if ctx.Err() == nil && !errors.Is(err, errGone) {
				u.logger.WarnContext(ctx, "stream ended", "route", r.Pattern, "error", err)
			}
			return nil
		}
		if time.Since(s.last) > streamPing {
			if err := s.write([]byte(": still here\n\n")); err != nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-u.closed:
			return nil
		case <-tick.C:
		}
	}
}

// errGone is a reader that has left.
var errGone = errors.New("the reader has gone")

func (s *stream) write(b []byte) error {
	_ = s.rc.SetWriteDeadline(time.Now().Add(streamWrites))
	if _, err := s.w.Write(b); err != nil {
		return errGone
	}
	if err := s.rc.Flush(); err != nil {
		return errGone
	}
	s.last = time.Now()
	return nil
}

// event sends a named event with data on one line.
func (s *stream) event(name string, data []byte) error {
	return s.write([]byte("event: " + name + "\ndata: " + string(data) + "\n\n"))
}

// html sends a component to be swapped into the page.
func (s *stream) html(ctx context.Context, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(ctx, &b); err != nil {
		return err
	}
	var out bytes.Buffer
	// A carriage return, as a message may hold one, would end a line as well.
	for line := range bytes.Lines(bytes.ReplaceAll(b.Bytes(), []byte("\r"), nil)) {
		out.WriteString("data: ")
		out.Write(bytes.TrimRight(line, "\n"))
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	return s.write(out.Bytes())
}
