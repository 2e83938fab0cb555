package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/qidong/qidong/sdk/abi"
)

// script answers HTTP requests in the order of an example, and the ledger with
// its balance.
type script struct {
	rest     []abi.Exchange
	balance  int64
	problems []string // requests that are not the example's
}

// RoundTrip answers the next request.
func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	got := req.Method + " " + req.URL.RequestURI()
	if len(s.rest) == 0 {
		s.problems = append(s.problems, fmt.Sprintf("The action requested %s, which the example does not script.", got))
		return nil, errors.New("the example does not script this request")
	}
	next := s.rest[0]
	s.rest = s.rest[1:]
	if want := next.Method + " " + next.Path; got != want {
		s.problems = append(s.problems, fmt.Sprintf("The action requested %s, but the example scripts %s.", got, want))
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body) // from memory: never fails
	}
	if next.Body != nil && !equal(body, next.Body) {
		s.problems = append(s.problems, fmt.Sprintf("The action sent %s to %s, but the example scripts %s.", body, next.Path, next.Body))
	}
	return &http.Response{
		StatusCode: next.Status, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(next.Answer)),
	}, nil
}

// Post answers the ledger capability.
func (s *script) Post(context.Context, string, string, int64, string, string) (int64, error) {
	return s.balance, nil
}
