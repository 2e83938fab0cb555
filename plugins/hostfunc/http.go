package hostfunc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"github.com/qidong/qidong/sdk/abi"
)

// HTTP makes the requests of one call. It is not safe for concurrent use.
type HTTP struct {
	Caller Caller
	Allow  []string // "host": its ports 80 and 443 by scheme; "host:port": that port
	// Transport makes the connections: one of a [Network], or a script.
	Transport http.RoundTripper
	// Slots bounds how many requests the plugin has at work; nil does not.
	Slots *Slots
	// Secrets has the values of the secrets of Bindings; nil has none.
	Secrets  Secrets
	Bindings []Binding

	requests int
	writes   int
	secrets  *vault // nil until the first request
}

// Do makes one request. A GET or HEAD follows redirects, each checked like a
// request of its own; other methods get the redirect as the answer. Do sets
// Idempotency-Key on every other method: the call's key on the first of a
// call, "<key>.2" on the second. References to secrets are filled in when
// everything else was checked; no value comes back.
func (h *HTTP) Do(ctx context.Context, q abi.HTTPRequest) (*abi.HTTPResponse, *abi.Error) {
	ctx, cancel := withinDeadline(ctx)
	defer cancel()
	r, refusal := h.do(ctx, q)
	return r, h.secrets.redactError(refusal)
}

func (h *HTTP) do(ctx context.Context, q abi.HTTPRequest) (*abi.HTTPResponse, *abi.Error) {
	req, refusal := h.request(ctx, q)
	if refusal != nil {
		return nil, refusal
	}
	leave, err := h.Slots.enter(ctx, slotKey{h.Caller.Workspace, h.Caller.Plugin, strings.ToLower(req.URL.Host)})
	if err != nil {
		return nil, &abi.Error{Code: abi.CodeHTTPTimeout, Retry: abi.RetryLater, Message: fmt.Sprintf("The plugin has %d requests to %s at work already, and none ended in time.", maxConcurrent, req.URL.Host)}
	}
	defer leave()
	client := &http.Client{Transport: sender{h}, CheckRedirect: h.redirect}
	resp, err := client.Do(req)
	if err != nil {
		return nil, h.failure(ctx, req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return h.answer(ctx, req, resp)
}

// withinDeadline ends a request a little before the call, so that the guest
// can still say what happened.
func withinDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, abi.MaxTimeout)
	}
	return context.WithDeadline(ctx, deadline.Add(-max(time.Until(deadline)/20, 20*time.Millisecond)))
}

func (h *HTTP) request(ctx context.Context, q abi.HTTPRequest) (*http.Request, *abi.Error) {
	u, refusal := h.target(q.URL)
	if refusal != nil {
		return nil, refusal
	}
	write, refusal := writes(q.Method)
	if refusal != nil {
		return nil, refusal
	}
	body, err := q.Bytes()
	switch {
	case err != nil:
		return nil, badRequest("The body of the HTTP request cannot be read: %v.", err)
	case len(body) > 0 && !write:
		return nil, badRequest("A %s request has no body; use POST.", q.Method)
	}
	header := http.Header{}
	if refusal := setHeader(header, q.Header); refusal != nil {
		return nil, refusal
	}
	if refusal := h.open(ctx); refusal != nil {
		return nil, refusal
	}
	if refusal := h.fillHeader(u, header.Clone()); refusal != nil { // now only to refuse early
		return nil, refusal
	}
	if body, refusal = h.fillBody(u, header.Get("Content-Type"), body); refusal != nil {
		return nil, refusal
	}
	req, err := http.NewRequestWithContext(ctx, q.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, badRequest("The HTTP request cannot be made: %v.", err)
	}
	req.Header = header
	h.identify(req, write)
	return req, nil
}

// writes tells whether a method changes something at the backend.
func writes(method string) (bool, *abi.Error) {
	switch method {
	case "GET", "HEAD":
		return false, nil
	case "POST", "PUT", "PATCH", "DELETE":
		return true, nil
	}
	return false, badRequest("The HTTP method %.20q is not possible; use GET, HEAD, POST, PUT, PATCH or DELETE.", method)
}

// identify sets the headers that are the host's.
func (h *HTTP) identify(req *http.Request, write bool) {
	req.Header.Set("Accept-Encoding", "gzip")
	h.requests++
	if parent := h.Caller.traceparent(h.requests); parent != "" {
		req.Header.Set("Traceparent", parent)
	}
	if write {
		h.writes++
		req.Header.Set("Idempotency-Key", h.Caller.key(h.writes))
	}
}

func (h *HTTP) redirect(req *http.Request, via []*http.Request) error {
	if m := via[0].Method; m != "GET" && m != "HEAD" {
		return http.ErrUseLastResponse
	}
	if len(via) > abi.MaxRedirects {
		return refused{badRequest("The backend redirects more than %d times.", abi.MaxRedirects)}
	}
	if _, refusal := h.target(req.URL.String()); refusal != nil {
		return refused{refusal}
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return refused{badRequest("The backend redirects from https to http, which everyone on the way could read.")}
	}
	if via[0].Header.Get("Referer") == "" {
		req.Header.Del("Referer") // net/http adds the URL before, which is not the next host's business
	}
	return nil
}

// refused carries a refusal through net/http.
type refused struct{ reason *abi.Error }

func (r refused) Error() string { return r.reason.Error() }

// failure says why there is no answer.
func (h *HTTP) failure(ctx context.Context, req *http.Request, err error) *abi.Error {
	var r refused
	switch {
	case errors.As(err, &r):
		return r.reason
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return h.Caller.denied(fmt.Sprintf("reach %q, which is a private or special address,", req.URL.Host),
			`Plugins reach public addresses only; for a backend on this machine, set "loopback": true in its grant.`)
	case ctx.Err() != nil:
		return &abi.Error{Code: abi.CodeHTTPTimeout, Retry: abi.RetryLater, Message: fmt.Sprintf("The backend %s did not answer in time.", req.URL.Host)}
	case headersExceeded(err):
		return tooLarge(req, fmt.Sprintf("%d bytes of headers", abi.MaxHeader))
	}
	return &abi.Error{Code: abi.CodeUnreachable, Retry: abi.RetryLater, Message: fmt.Sprintf("The backend %s could not be reached: %v.", req.URL.Host, plain(err))}
}

// headersExceeded tells whether net/http refused the headers of an answer for
// their size, by HTTP/1 or HTTP/2; it has no values for these errors.
func headersExceeded(err error) bool {
	text := err.Error()
	return strings.Contains(text, "response headers exceeded") || strings.Contains(text, "header list")
}

// plain is the innermost reason, without addresses.
func plain(err error) error {
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return errors.New("its name could not be resolved")
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
