package plugin

import (
	"encoding/json"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/internal/codec"
)

// Client speaks JSON with one backend. Its zero value is not usable: see
// [Call.HTTP].
type Client struct {
	call   *Call
	base   string
	Header map[string]string // sent with every request; nil is none
}

// HTTP is a client for the backend at base, "https://api.example.com/v1": a
// host that the workspace granted.
func (c *Call) HTTP(base string) *Client {
	return &Client{call: c, base: strings.TrimRight(base, "/")}
}

// Get requests path with query and decodes the JSON answer into out (nil:
// ignored). Errors are as with [Client.Post].
func (c *Client) Get(path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.send(abi.HTTPRequest{Method: "GET", URL: c.base + path}, out)
}

// Post sends in as JSON to path and decodes the JSON answer into out (nil:
// ignored).
//
// A status outside 2xx is an [Error]: 408, 425, 429 and 5xx, and no answer at
// all, are retried later (or after the backend's Retry-After); any other is
// final. Its code and message are those of the backend's body, either
// {"code","message"} or {"error":{"code","message"}}; else the code is
// "http_404".
func (c *Client) Post(path string, in, out any) error {
	body, err := codec.Marshal(in)
	if err != nil {
		return Errorf("bad_request", "The request to %s cannot be written as JSON: %v.", path, err)
	}
	q := abi.HTTPRequest{Method: "POST", URL: c.base + path, Header: map[string]string{"Content-Type": "application/json"}}
	q.Text = string(body)
	return c.send(q, out)
}

func (c *Client) send(q abi.HTTPRequest, out any) error {
	if len(c.Header) > 0 && q.Header == nil {
		q.Header = map[string]string{}
	}
	maps.Copy(q.Header, c.Header)
	r, err := c.call.Do(q)
	if err != nil {
		return err
	}
	body, err := r.Bytes()
	if err != nil {
		return Errorf("bad_response", "The answer of %s cannot be read: %v.", c.base, err)
	}
	if r.Status < 200 || r.Status > 299 {
		return statusError(r, body)
	}
	if out == nil {
		return nil
	}
	if err := codec.Unmarshal(body, out); err != nil {
		return Errorf("bad_response", "The answer of %s is not the JSON that was expected: %v.", c.base, err)
	}
	return nil
}

// Do sends any request and returns the answer whatever its status. The error
// says that there was none: not granted, not reachable, too slow, too large.
func (c *Call) Do(q abi.HTTPRequest) (abi.HTTPResponse, error) {
	r, err := c.request(abi.Request{HTTP: &q})
	if err != nil {
		return abi.HTTPResponse{}, err
	}
	if r.HTTP == nil {
		return abi.HTTPResponse{}, Errorf("bad_response", "The host answered the HTTP request with something else.")
	}
	return *r.HTTP, nil
}

func statusError(r abi.HTTPResponse, body []byte) *Error {
	var said struct {
		Code, Message string
		Error         json.RawMessage
	}
	_ = codec.Unmarshal(body, &said) // a body in another form says nothing
	if len(said.Error) > 0 {
		_ = codec.Unmarshal(said.Error, &said)
	}
	status := strconv.Itoa(r.Status)
	e := Errorf(code(said.Code, "http_"+status), "The backend answered with status %s.", status)
	if said.Message != "" {
		e.Message = said.Message
	}
	if s := r.Status; s != 408 && s != 425 && s != 429 && s < 500 {
		return e
	}
	_ = e.Later() // changes e, and returns it for chains
	if n, err := strconv.ParseInt(r.Header["Retry-After"], 10, 32); err == nil && n > 0 {
		e.Retry, e.Delay = abi.RetryAfter, seconds(n)
	}
	return e
}

// code is the backend's code as a word that may be a plugin's code.
func code(s, otherwise string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "-", "_"))
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return otherwise
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' {
			return otherwise
		}
	}
	return s
}
