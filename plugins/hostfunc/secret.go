package hostfunc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// ErrNoSecret is the error of [Secrets] for a name that is not set.
var ErrNoSecret = errors.New("no such secret")

// Secrets finds the values of secrets.
type Secrets interface {
	// Secret returns the value of a workspace's secret. The error wraps
	// [ErrNoSecret] when there is none, and never quotes a value.
	Secret(ctx context.Context, workspace, name string) (string, error)
}

// Binding allows to send one secret to one host.
type Binding struct {
	Name string `json:"name"`
	Host string `json:"host"` // like an entry of HTTP.Allow
}

// maxReferences is how many references to secrets one request may hold, so that
// filling them in does not make a large request of a small one.
const maxReferences = 16

var (
	reference     = regexp.MustCompile(`\{\{secret:([^{}]{0,100})\}\}`)
	formReference = regexp.MustCompile(`(?i)(?:\{\{|%7B%7B)secret(?::|%3A)([a-z0-9_]{0,100})(?:\}\}|%7D%7D)`)
	halfReference = regexp.MustCompile(`(?i)(\{\{|%7B%7B)secret(:|%3A)`)
)

// vault is the secrets of one call: put into requests when they leave, and
// taken out of answers.
type vault struct {
	values map[string]string // those that are set
	names  []string          // the values in lower case, to be found in the names of headers
	out    *strings.Replacer // nil: nothing to take out
}

// open reads all secrets that the call may use, also those that it does not
// name: a backend may repeat what an earlier call sent.
func (h *HTTP) open(ctx context.Context) *abi.Error {
	if h.secrets != nil {
		return nil
	}
	v := &vault{values: map[string]string{}}
	for _, b := range h.Bindings {
		if _, known := v.values[b.Name]; known || h.Secrets == nil {
			continue
		}
		value, err := h.Secrets.Secret(ctx, h.Caller.Workspace, b.Name)
		switch {
		case errors.Is(err, ErrNoSecret), err == nil && value == "":
			continue
		case err != nil:
			return &abi.Error{Code: abi.CodeUnreachable, Retry: abi.RetryLater, Message: fmt.Sprintf("The secret %q could not be read just now.", b.Name)}
		}
		v.values[b.Name] = value
		v.names = append(v.names, strings.ToLower(value))
	}
	v.out = redactor(v.values)
	h.secrets = v
	return nil
}

// fill puts secrets into text that is on its way to u. escape makes a value fit
// for the place.
func (h *HTTP) fill(u *url.URL, text string, pattern *regexp.Regexp, escape func(string) string) (string, *abi.Error) {
	found := pattern.FindAllStringSubmatch(text, maxReferences+1)
	if len(found) > maxReferences {
		return "", badRequest("The HTTP request refers to secrets more than %d times.", maxReferences)
	}
	if halfReference.MatchString(pattern.ReplaceAllLiteralString(text, "")) {
		return "", badRequest("A reference to a secret cannot be read; write it as %s.", abi.SecretRef("name"))
	}
	for _, match := range found {
		if refusal := h.mayUse(match[1], u); refusal != nil {
			return "", refusal
		}
	}
	return pattern.ReplaceAllStringFunc(text, func(ref string) string {
		return escape(h.secrets.values[pattern.FindStringSubmatch(ref)[1]])
	}), nil
}

// mayUse checks that a secret is granted, bound to the host of u, set, and not
// readable on the way.
func (h *HTTP) mayUse(name string, u *url.URL) *abi.Error {
	var hosts []string
	for _, b := range h.Bindings {
		if b.Name != name {
			continue
		}
		if !matches(b.Host, u) {
			hosts = append(hosts, b.Host)
			continue
		}
		switch {
		case u.Scheme != "https" && !isLoopback(u.Hostname()):
			return h.Caller.denied(fmt.Sprintf("send the secret %.80q to %.200q without encryption", name, u.Host), "Use https.")
		case h.secrets.values[name] == "":
			return h.Caller.denied(fmt.Sprintf("use the secret %.80q, which is not set,", name), "Set a secret of this name.")
		}
		return nil
	}
	if len(hosts) > 0 {
		return h.Caller.denied(fmt.Sprintf("send the secret %.80q to %.200q", name, u.Host),
			fmt.Sprintf(`Its grant binds the secret to %s: add another entry to "secrets" in the grant.`, strings.Join(hosts, ", ")))
	}
	return h.Caller.denied(fmt.Sprintf("use the secret %.80q", name),
		fmt.Sprintf(`Add {"name": %.80q, "host": %.200q} to "secrets" in the grant.`, name, wanted(u)))
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.IsLoopback()
}

// fillHeader puts secrets into the values of a header.
func (h *HTTP) fillHeader(u *url.URL, header http.Header) *abi.Error {
	for name, values := range header {
		for i, value := range values {
			filled, refusal := h.fill(u, value, reference, func(s string) string { return s })
			if refusal != nil {
				return refusal
			}
			if !oneLine(filled) {
				return badRequest("The secret in the HTTP header %s is more than one line of text, which a header cannot be.", name)
			}
			values[i] = filled
		}
	}
	return nil
}

// fillBody puts secrets into a body: as it takes in a form, in JSON, or as they
// are.
func (h *HTTP) fillBody(u *url.URL, contentType string, body []byte) ([]byte, *abi.Error) {
	if !halfReference.Match(body) {
		return body, nil
	}
	pattern, escape := reference, func(s string) string { return s }
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/x-www-form-urlencoded" {
		pattern, escape = formReference, url.QueryEscape
	} else if json.Valid(body) {
		escape = jsonText
	}
	filled, refusal := h.fill(u, string(body), pattern, escape)
	return []byte(filled), refusal
}

// jsonText is s as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string never fails
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(b.String()), `"`), `"`)
}

// sender fills in secrets at the last moment, for every hop of a redirect: the
// client above it, which copies headers from hop to hop, knows references only.
type sender struct{ h *HTTP }

func (s sender) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	if refusal := s.h.fillHeader(out.URL, out.Header); refusal != nil {
		return nil, refused{refusal}
	}
	return s.h.Transport.RoundTrip(out)
}
