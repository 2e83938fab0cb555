package backends

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	maxBody = 64 << 10
	maxKey  = 255
	// writeTimeout bounds one transaction. A write is not cut off when its
	// client leaves: the effect is wanted, and the answer waits under its key.
	writeTimeout = 10 * time.Second
)

// refusal is a no that the client can understand.
type refusal struct {
	status  int
	code    string
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// request is the body of a write; validate says what is wrong with it.
type request interface{ validate() error }

// post serves a write: it decodes and checks the body, and runs do at most once
// per Idempotency-Key, in the transaction that also stores the answer.
func post[In request](d *desk, do func(t *tx, r *http.Request, key string, in In) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || len(key) > maxKey {
			writeRefusal(w, refuse(http.StatusBadRequest, "idempotency_key", "An Idempotency-Key header of 1 to %d bytes is required.", maxKey))
			return
		}
		in, err := decode[In](r)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		hash, err := fingerprint(r.URL.Path, in)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), writeTimeout)
		defer cancel()
		body, replayed, err := d.book.once(ctx, key, hash, func(t *tx) (any, error) { return do(t, r, key, in) })
		if err != nil {
			d.fail(w, r, err)
			return
		}
		if replayed {
			w.Header().Set("Idempotent-Replayed", "true")
		}
		writeBody(w, http.StatusOK, body)
	}
}

func decode[In request](r *http.Request) (In, error) {
	var in In
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(&in)
	if errors.Is(err, io.EOF) {
		err = nil // no body is the empty object
	}
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return in, refuse(http.StatusRequestEntityTooLarge, "too_large", "The body is larger than %d bytes.", tooLarge.Limit)
	}
	if err != nil {
		return in, refuse(http.StatusBadRequest, "invalid", "The body is not the JSON object that this endpoint takes: %v.", err)
	}
	if dec.More() {
		return in, refuse(http.StatusBadRequest, "invalid", "The body holds more than one JSON value.")
	}
	if err := in.validate(); err != nil {
		return in, refuse(http.StatusBadRequest, "invalid", "%v", err)
	}
	return in, nil
}

// fingerprint is the same for two spellings of one request.
func fingerprint(path string, in any) (string, error) {
	canonical, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("encoding the request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(path+"\x00"), canonical...))
	return hex.EncodeToString(sum[:]), nil
}

// fail answers with a refusal, or with 500 and a log line for anything else.
func (d *desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	var no *refusal
	if errors.As(err, &no) {
		writeRefusal(w, no)
		return
	}
	d.logger.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	writeRefusal(w, refuse(http.StatusInternalServerError, "internal", "The server could not do this. Try again later."))
}

func writeRefusal(w http.ResponseWriter, r *refusal) {
	writeJSON(w, r.status, map[string]any{"error": map[string]string{"code": r.code, "message": r.message}})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		status, b = http.StatusInternalServerError, *bytes.NewBufferString(`{"error":{"code":"internal","message":"The answer cannot be encoded."}}`)
	}
	writeBody(w, status, b.Bytes())
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left cannot be told
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v1/") }

func wantsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
