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
	asked    []string // what was asked of the world, in order
	hosts    map[string]bool
	posted   bool
	problems []problem // requests that are not the example's
}

type problem struct{ message, mend string }

// maxProblems bounds what is told of one example's requests.
const maxProblems = 5

func (s *script) problem(mend, format string, args ...any) {
	if len(s.problems) < maxProblems {
		s.problems = append(s.problems, problem{fmt.Sprintf(format, args...), mend})
	}
}

// RoundTrip answers the next request.
func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body) // from memory: never fails
	}
	got := req.Method + " " + req.URL.RequestURI()
	s.asked = append(s.asked, fmt.Sprintf("%s %s %s %v %s", req.Method, req.URL, req.Header.Get("Idempotency-Key"), req.Header, body))
	if s.hosts == nil {
		s.hosts = map[string]bool{}
	}
	s.hosts[req.URL.Host] = true
	if len(s.rest) == 0 {
		s.problem("Add it to the example with its answer.", "The action requested %s, which the example does not script.", got)
		return nil, errors.New("the example does not script this request")
	}
	next := s.rest[0]
	s.rest = s.rest[1:]
	if want := next.Method + " " + next.Path; got != want {
		s.problem("Mend the action, or the example.", "The action requested %s, but the example scripts %s.", got, want)
	}
	if next.Body != nil && !equal(body, next.Body) {
		s.problem("Mend the action, or the example.", "The action sent %s to %s, but the example scripts %s.", brief(body), next.Path, brief(next.Body))
	}
	return &http.Response{
		StatusCode: next.Status, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(bytes.NewReader(next.Answer)),
	}, nil
}

// Post answers the ledger capability.
func (s *script) Post(_ context.Context, _, _ string, amount int64, reason, key string) (int64, error) {
	s.asked = append(s.asked, fmt.Sprintf("ledger %d %s %s", amount, reason, key))
	s.posted = true
	return s.balance, nil
}
