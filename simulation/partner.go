package simulation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/workflows"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Call is workflows.Caller: it runs the real plugin, in a world that answers as
// the behavior says.
func (p *passage) Call(ctx context.Context, in workflows.CallInput) (map[string]any, error) {
	action := in.Action.Plugin + "." + in.Action.Name
	p.attempts[in.Key]++
	r := p.random.of("call", action, in.Step, strconv.Itoa(p.visit(in.Key)), strconv.Itoa(p.attempts[in.Key]))
	partner := p.behavior.Partners[action]
	if in.Action.Effect != "none" || partner.Latency != nil {
		p.env.Delay(p.latency(partner).draw(r))
	}
	answer := p.chooseAnswer(r, partner)
	if p.script != nil {
		p.attempts[action]++
		answer, r = p.script.answerOf(partner, p.attempts[action]), nil
	}
	out, err := p.answer(ctx, in, action, answer, r)
	p.called(action, in, out, err)
	return out, err
}

// visit tells calls of one step in several rounds apart; the enrollment's id,
// which says nothing to a reader, is left out of what is drawn from.
func (p *passage) visit(key string) int {
	_, visit, _ := strings.Cut(strings.TrimSuffix(key, "/undo"), "/")
	n, _ := strconv.Atoi(visit[strings.LastIndexByte(visit, '/')+1:])
	return n
}

func (p *passage) latency(partner Partner) Span {
	switch {
	case partner.Latency != nil:
		return *partner.Latency
	case p.behavior.Latency != nil:
		return *p.behavior.Latency
	}
	return defaultLatency
}

func (p *passage) chooseAnswer(r *rand.Rand, partner Partner) Answer {
	if i := pick(r, len(partner.Answers), func(i int) *float64 { return partner.Answers[i].Weight }); i >= 0 {
		return partner.Answers[i]
	}
	return Answer{}
}

// answer makes the attempt.
func (p *passage) answer(ctx context.Context, in workflows.CallInput, action string, a Answer, r *rand.Rand) (map[string]any, error) {
	scope := func() journey.Scope { return p.scope(in.Enrollment) }
	if !a.Output.Empty() {
		return a.Output.Object(scope())
	}
	server := &server{call: plainJSON(in.Input), action: action, scope: scope, down: a.Down, http: a.HTTP}
	examples := p.plugins.Examples(action)
	if !a.Down && len(a.HTTP) == 0 {
		example, found := chooseExample(r, examples, a)
		if !found && a.Error != "" { // no example shows how the partner says it
			return nil, &workflows.CallError{Code: a.Error, Message: "The behavior file has the partner answer so.", Final: true}
		}
		if !found && a.Example > 0 {
			return nil, fmt.Errorf("the behavior file names example %d of %s, which has %d", a.Example, action, len(examples))
		}
		server.rest = slices.Clone(example.HTTP)
		server.echo = newEcho(parsed(example.Input), server.call, p.shift(in.Action.Plugin))
	}
	out, err := p.plugins.Call(ctx, in, World{Customer: p.customer, HTTP: server, Ledger: p, KV: p.kv})
	if server.unknown != "" {
		p.note(server.unknown)
	}
	return out, err
}

// chooseExample is the one that an answer names, else any that succeeds; the
// first without r.
func chooseExample(r *rand.Rand, examples []Example, a Answer) (Example, bool) {
	if a.Example > 0 {
		if a.Example > len(examples) {
			return Example{}, false
		}
		return examples[a.Example-1], true
	}
	var fit []Example
	for _, x := range examples {
		if x.Error == a.Error {
			fit = append(fit, x)
		}
	}
	switch {
	case len(fit) == 0:
		return Example{}, false
	case r == nil:
		return fit[0], true
	}
	return fit[pick(r, len(fit), even)], true
}

// server answers the HTTP requests of one attempt.
type server struct {
	action  string
	call    any        // the input
	rest    []Exchange // of the example, not yet used
	echo    echo
	http    []HTTPAnswer
	next    int // of http
	down    bool
	scope   func() journey.Scope
	unknown string // a request that nobody could answer, as a sentence
}

// RoundTrip answers a request; nothing leaves the process.
func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body) // from memory: never fails
	}
	switch {
	case s.down:
		return nil, errors.New("the behavior file has it down")
	case len(s.http) > 0:
		return s.scripted(req, body)
	}
	for i, x := range s.rest {
		if x.Method == req.Method && segments(x.Path) == segments(req.URL.Path) {
			s.rest = slices.Delete(s.rest, i, i+1)
			return s.exemplary(req, x)
		}
	}
	return nil, s.refuse(req)
}

func (s *server) refuse(req *http.Request) error {
	s.unknown = fmt.Sprintf("Nobody answers %s %s, which %s requests: no example of the action scripts it. Add an example to the plugin, or answer it in the behavior file under partners.", req.Method, req.URL.RequestURI(), s.action)
	return errors.New(strings.TrimSuffix(s.unknown, "."))
}

// exemplary answers as an example does.
func (s *server) exemplary(req *http.Request, x Exchange) (*http.Response, error) {
	if len(x.Answer) == 0 {
		return response(req, x.Status, nil), nil
	}
	raw, err := json.Marshal(s.echo.value("", parsed(x.Answer)))
	if err != nil {
		return nil, fmt.Errorf("encoding an example's answer: %w", err)
	}
	return response(req, x.Status, raw), nil
}

// scripted answers as the behavior file says.
func (s *server) scripted(req *http.Request, body []byte) (*http.Response, error) {
	for i := s.next; i < len(s.http); i++ {
		a := s.http[i]
		if a.Method != "" && a.Method != req.Method || !strings.HasPrefix(req.URL.Path, a.Path) {
			continue
		}
		s.next = min(i+1, len(s.http)-1)
		scope := s.scope()
		scope.Event = map[string]any{"type": req.Method, "subject": req.URL.RequestURI(), "data": parsed(body)}
		v, err := a.Body.Eval(scope)
		if err != nil {
			return nil, fmt.Errorf("answering %s %s: %w", req.Method, req.URL.Path, err)
		}
		raw := []byte{}
		if v != nil {
			if raw, err = json.Marshal(v); err != nil {
				return nil, fmt.Errorf("encoding an answer: %w", err)
			}
		}
		status := a.Status
		if status == 0 {
			status = http.StatusOK
		}
		return response(req, status, raw), nil
	}
	return nil, s.refuse(req)
}

func response(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Request: req,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
}

// Post is the ledger of one customer.
func (p *passage) Post(_ context.Context, _, _ string, amount int64, _, key string) (int64, error) {
	if !p.posted[key] {
		p.posted[key] = true
		p.balance += amount
	}
	return p.balance, nil
}
