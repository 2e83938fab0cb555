package hostfunc

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/qidong/qidong/sdk/abi"
)

// maxAnswerHeaders is how many headers an answer may have.
const maxAnswerHeaders = 256

// answer reads an answer within its bounds.
func (h *HTTP) answer(ctx context.Context, req *http.Request, resp *http.Response) (*abi.HTTPResponse, *abi.Error) {
	if resp.StatusCode < 200 {
		return nil, unusable(req, fmt.Sprintf("status %d, which is no final answer", resp.StatusCode))
	}
	headers := 0
	for _, values := range resp.Header {
		headers += len(values)
	}
	if headers > maxAnswerHeaders {
		return nil, tooLarge(req, fmt.Sprintf("%d headers", maxAnswerHeaders))
	}
	body, err := content(resp)
	switch {
	case errors.Is(err, errEncoding):
		return nil, unusable(req, fmt.Sprintf("the content encoding %.40q, which was not asked for", resp.Header.Get("Content-Encoding")))
	case errors.Is(err, errTooLarge):
		return nil, tooLarge(req, fmt.Sprintf("%d bytes of body", abi.MaxBody))
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, new(flate.CorruptInputError)):
		return nil, unusable(req, "a body that is not the gzip that it says")
	case err != nil:
		return nil, h.failure(ctx, req, err)
	}
	if body = h.secrets.redactBytes(body); len(body) > abi.MaxBody { // a reference can be longer than its secret
		return nil, tooLarge(req, fmt.Sprintf("%d bytes of body", abi.MaxBody))
	}
	out := &abi.HTTPResponse{Status: resp.StatusCode, Header: map[string]string{}, Body: abi.NewBody(body)}
	for name, values := range resp.Header {
		if !h.secrets.inName(name) {
			out.Header[name] = strings.ToValidUTF8(h.secrets.redact(strings.Join(values, ", ")), "\uFFFD")
		}
	}
	return out, nil
}

var (
	errEncoding = errors.New("the content encoding is not known")
	errTooLarge = errors.New("the body is too large")
)

// content reads a body, decompressed when the backend took the offer of gzip.
// Its size is bounded before and after: a stream of empty gzip members has no
// size at all when it is decompressed.
func content(resp *http.Response) ([]byte, error) {
	encoding := strings.ToLower(strings.Join(resp.Header["Content-Encoding"], ","))
	if encoding == "" || encoding == "identity" || resp.Request != nil && resp.Request.Method == http.MethodHead {
		return readAll(&io.LimitedReader{R: resp.Body, N: abi.MaxBody + 1})
	}
	if encoding != "gzip" {
		return nil, errEncoding
	}
	resp.Header.Del("Content-Encoding") // they are about the body as it was sent
	resp.Header.Del("Content-Length")
	wire := &io.LimitedReader{R: resp.Body, N: abi.MaxBody + 1}
	z, err := gzip.NewReader(wire)
	if errors.Is(err, io.EOF) {
		return nil, nil // nothing at all, as with status 204
	}
	if err != nil {
		return nil, tooLargeOr(wire, err)
	}
	body, err := readAll(&io.LimitedReader{R: z, N: abi.MaxBody + 1})
	return body, tooLargeOr(wire, err)
}

func readAll(r *io.LimitedReader) ([]byte, error) {
	body, err := io.ReadAll(r)
	return body, tooLargeOr(r, err)
}

// tooLargeOr is errTooLarge when a limit was the reason of err.
func tooLargeOr(r *io.LimitedReader, err error) error {
	if r.N <= 0 {
		return errTooLarge
	}
	return err
}

// unusable is an answer that no guest can get. what completes "The backend
// answered with".
func unusable(req *http.Request, what string) *abi.Error {
	return &abi.Error{
		Code: abi.CodeUnreachable, Retry: abi.RetryNever,
		Message: fmt.Sprintf("The backend %s answered with %s.", req.URL.Host, what),
	}
}

// tooLarge is an answer with more than what.
func tooLarge(req *http.Request, what string) *abi.Error {
	return &abi.Error{
		Code: abi.CodeBodyTooLarge, Retry: abi.RetryNever,
		Message: fmt.Sprintf("The answer of %s has more than %s.", req.URL.Host, what),
	}
}
