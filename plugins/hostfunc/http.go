package hostfunc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"github.com/qidong/qidong/sdk/abi"
)

// maxRedirects is how many redirects of a GET or HEAD are followed.
const maxRedirects = 5

// Network reaches the backends of all plugins. It is safe for concurrent use.
// No proxy is used, no cookie kept, and every address is checked when it is
// dialed, after its name was resolved: private, loopback and other special
// addresses are refused.
type Network struct {
	public   *http.Transport
	loopback *http.Transport
}

// NewNetwork makes a network without open connections.
func NewNetwork() *Network {
	return &Network{
		public: transport(),
		loopback: transport(
			ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.0/8")),
			ssrf.WithAllowedV6Prefixes(netip.MustParsePrefix("::1/128"))),
	}
}

// Public reaches public addresses only.
func (n *Network) Public() http.RoundTripper { return n.public }

// Loopback also reaches this machine, at 127.0.0.0/8 and ::1.
func (n *Network) Loopback() http.RoundTripper { return n.loopback }

// Close closes idle connections.
func (n *Network) Close() {
	n.public.CloseIdleConnections()
	n.loopback.CloseIdleConnections()
}

func transport(opts ...ssrf.Option) *http.Transport {
	guard := ssrf.New(append(opts, ssrf.WithAnyPort())...) // ports are the grant's
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: guard.Safe}
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConnsPerHost:    16,
		MaxConnsPerHost:        64,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: abi.MaxHeader,
	}
}

// HTTP makes the requests of one call. It is not safe for concurrent use.
type HTTP struct {
	Caller Caller
	Allow  []string // "host": its ports 80 and 443 by scheme; "host:port": that port
	// Transport makes the connections: one of a [Network], or a script.
	Transport http.RoundTripper

	writes int
}

// Do makes one request. A GET or HEAD follows redirects, each checked like a
// request of its own; other methods get the redirect as the answer. Do sets
// Idempotency-Key on every other method: the call's key on the first of a
// call, "<key>.2" on the second.
func (h *HTTP) Do(ctx context.Context, q abi.HTTPRequest) (*abi.HTTPResponse, *abi.Error) {
	req, refusal := h.request(ctx, q)
	if refusal != nil {
		return nil, refusal
	}
	ctx, cancel := withinDeadline(ctx)
	defer cancel()
	client := &http.Client{Transport: h.Transport, CheckRedirect: h.redirect}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, h.failure(ctx, req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	return h.response(ctx, req, resp)
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
	body, err := q.Bytes()
	if err != nil {
		return nil, badRequest("The body of the HTTP request cannot be read: %v.", err)
	}
	write := false
	switch q.Method {
	case "GET", "HEAD":
		if len(body) > 0 {
			return nil, badRequest("A %s request has no body; use POST.", q.Method)
		}
	case "POST", "PUT", "PATCH", "DELETE":
		write = true
	default:
		return nil, badRequest("The HTTP method %.20q is not possible; use GET, HEAD, POST, PUT, PATCH or DELETE.", q.Method)
	}
	req, err := http.NewRequestWithContext(ctx, q.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, badRequest("The HTTP request cannot be made: %v.", err)
	}
	if refusal := setHeader(req.Header, q.Header); refusal != nil {
		return nil, refusal
	}
	if write {
		h.writes++
		req.Header.Set("Idempotency-Key", h.Caller.key(h.writes))
	}
	return req, nil
}

func (h *HTTP) redirect(req *http.Request, via []*http.Request) error {
	if m := via[0].Method; m != "GET" && m != "HEAD" {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return refused{badRequest("The backend redirects more than %d times.", maxRedirects)}
	}
	if _, refusal := h.target(req.URL.String()); refusal != nil {
		return refused{refusal}
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
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return tooLarge(req, "headers", abi.MaxHeader)
	}
	return &abi.Error{Code: abi.CodeUnreachable, Retry: abi.RetryLater, Message: fmt.Sprintf("The backend %s could not be reached: %v.", req.URL.Host, plain(err))}
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

func tooLarge(req *http.Request, what string, most int) *abi.Error {
	return &abi.Error{
		Code: abi.CodeBodyTooLarge, Retry: abi.RetryNever,
		Message: fmt.Sprintf("The answer of %s has more than %d bytes of %s.", req.URL.Host, most, what),
	}
}

func (h *HTTP) response(ctx context.Context, req *http.Request, resp *http.Response) (*abi.HTTPResponse, *abi.Error) {
	if resp.StatusCode < 200 {
		return nil, &abi.Error{Code: abi.CodeUnreachable, Retry: abi.RetryNever, Message: fmt.Sprintf("The backend %s answered with status %d, which is no final answer.", req.URL.Host, resp.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, abi.MaxBody+1))
	if err != nil {
		return nil, h.failure(ctx, req, err)
	}
	if len(body) > abi.MaxBody {
		return nil, tooLarge(req, "body", abi.MaxBody)
	}
	out := &abi.HTTPResponse{Status: resp.StatusCode, Header: map[string]string{}, Body: abi.NewBody(body)}
	for name, values := range resp.Header {
		out.Header[name] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
	}
	return out, nil
}
