package abi

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Request asks the host for a capability: exactly one field is set.
type Request struct {
	HTTP   *HTTPRequest   `json:"http,omitempty"`
	Ledger *LedgerRequest `json:"ledger,omitempty"`
	KV     *KVRequest     `json:"kv,omitempty"`
}

// Response answers a [Request]: the field of the same name, or an error.
type Response struct {
	HTTP   *HTTPResponse   `json:"http,omitempty"`
	Ledger *LedgerResponse `json:"ledger,omitempty"`
	KV     *KVResponse     `json:"kv,omitempty"`
	Error  *Error          `json:"error,omitempty"`
}

// HTTPRequest is one request. The host sets Host, Content-Length,
// Idempotency-Key, the trace headers and everything about the connection;
// naming one of those is refused. [SecretRef] in the value of a header or in
// the body is replaced by the secret when the request leaves the host.
type HTTPRequest struct {
	Method string            `json:"method"` // GET, HEAD, POST, PUT, PATCH or DELETE
	URL    string            `json:"url"`    // absolute, http or https, without user information
	Header map[string]string `json:"header,omitempty"`
	Body
}

// HTTPResponse is the answer, whatever its status. Several values of one
// header are joined with ", "; names are in canonical form (Content-Type). A
// secret that it repeats is replaced by its reference.
type HTTPResponse struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body
}

// Body is a message body: text, or base64 when it is not valid UTF-8.
type Body struct {
	Text   string `json:"body,omitempty"`
	Base64 string `json:"body_base64,omitempty"`
}

// NewBody packs bytes.
func NewBody(b []byte) Body {
	if utf8.Valid(b) {
		return Body{Text: string(b)}
	}
	return Body{Base64: base64.StdEncoding.EncodeToString(b)}
}

// Bytes unpacks. The error is about wrong base64, or both fields being set.
func (b Body) Bytes() ([]byte, error) {
	switch {
	case b.Base64 == "":
		return []byte(b.Text), nil
	case b.Text != "":
		return nil, errors.New("body and body_base64 are both set: set one")
	}
	raw, err := base64.StdEncoding.DecodeString(b.Base64)
	if err != nil {
		return nil, fmt.Errorf("decoding body_base64: %w", err)
	}
	return raw, nil
}

// LedgerRequest gives points to the customer of the call. There is no field
// for an account: the host knows whose call it is.
type LedgerRequest struct {
	Amount int64  `json:"amount"` // 1 to 100,000 points
	Reason string `json:"reason"` // for people; at most 200 bytes
}

// LedgerResponse is the customer's balance after the posting. The same posting
// of a repeated call answers with the balance then.
type LedgerResponse struct {
	Balance int64 `json:"balance"`
}

// The operations of a [KVRequest].
const (
	KVGet    = "get"
	KVPut    = "put"
	KVDelete = "delete"
)

// KVRequest reads or changes one key of the plugin's store, which is its own
// in each workspace and lasts over calls and versions. A put replaces the
// value; it is kept at once, also when the call fails afterwards.
type KVRequest struct {
	Op string `json:"op"` // get, put or delete
	// Key is 1 to [MaxKVKey] bytes of printable text.
	Key string `json:"key"`
	// Value is any JSON, at most [MaxKVValue] bytes without spaces; for put only.
	Value json.RawMessage `json:"value,omitempty"`
}

// KVResponse says what the key has now.
type KVResponse struct {
	Found bool            `json:"found"`           // it has a value: true after a put, false after a delete
	Value json.RawMessage `json:"value,omitempty"` // for a get that found one
}

// SecretRef is how a request names a secret of the workspace:
// "{{secret:api_key}}". Names are a lower-case letter, then up to 63 lower-case
// letters, digits or _.
func SecretRef(name string) string { return "{{secret:" + name + "}}" }
