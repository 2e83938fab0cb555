package ui

import (
	"context"
	"errors"
	"net/http"
	"unicode"
	"unicode/utf8"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// errCrossOrigin is a form that another site sent.
var errCrossOrigin = errors.New("another site sent this form")

// errKinds maps the kinds of errors to a status and to their words.
var errKinds = []struct {
	kind   error
	status int
	key    string
}{
	{errCrossOrigin, http.StatusForbidden, "cross_origin"},
	{orchestrator.ErrInvalid, http.StatusUnprocessableEntity, "invalid"},
	{orchestrator.ErrNotFound, http.StatusNotFound, "not_found"},
	{orchestrator.ErrConflict, http.StatusConflict, "conflict"},
	{orchestrator.ErrPrecondition, http.StatusConflict, "precondition"},
	{orchestrator.ErrUnauthorized, http.StatusUnauthorized, "unauthorized"},
	{orchestrator.ErrForbidden, http.StatusForbidden, "forbidden"},
	{orchestrator.ErrLimit, http.StatusTooManyRequests, "limit"},
	{orchestrator.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
}

// classify is the status of an error and the key of its words. An error of no
// kind is ours.
func classify(err error) (status int, key string) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return http.StatusRequestEntityTooLarge, "too_large"
	}
	for _, k := range errKinds {
		if errors.Is(err, k.kind) {
			return k.status, k.key
		}
	}
	return http.StatusInternalServerError, "internal"
}

// failure is an error in its reader's words. What went wrong inside of us is
// not theirs to read.
func failure(ctx context.Context, err error) (int, view.Failure) {
	status, key := classify(err)
	f := view.Failure{Title: i18n.T(ctx, "error."+key), Text: i18n.T(ctx, "error."+key+".help")}
	var invalid *orchestrator.ValidationError
	var refused *orchestrator.RefusalError
	switch {
	case errors.As(err, &invalid):
		f.Problems = problems(ctx, invalid)
	case errors.As(err, &refused) && status < http.StatusInternalServerError:
		f.Detail = bounded(asSentence(ctx, i18n.Sentence(ctx, refused.Said)), 500)
	case status < http.StatusInternalServerError && key != "cross_origin" && key != "not_found":
		f.Detail = bounded(err.Error(), 500)
	}
	return status, f
}

// asSentence makes the end of an error's text a sentence of its own.
func asSentence(ctx context.Context, s string) string {
	first, n := utf8.DecodeRuneInString(s)
	if last, _ := utf8.DecodeLastRuneInString(s); unicode.IsLetter(last) || unicode.IsDigit(last) || last == ')' {
		s += i18n.T(ctx, "error.stop")
	}
	return string(unicode.ToUpper(first)) + s[n:]
}

func problems(ctx context.Context, e *orchestrator.ValidationError) []view.Problem {
	var ps []view.Problem
	for i, p := range e.Problems {
		if i == 20 {
			break
		}
		what, mend := i18n.Problem(ctx, p)
		ps = append(ps, view.Problem{Where: p.Path, What: what, Mend: mend})
	}
	return ps
}

// fail answers with an error: a fragment for htmx, which would swap whatever
// comes into the page, else a page. Errors of ours are logged here, once.
func (u *UI) fail(w http.ResponseWriter, r *http.Request, err error, public bool) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status, f := failure(r.Context(), err)
	if status >= http.StatusInternalServerError {
		u.logger.ErrorContext(r.Context(), "page failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "5")
		}
	}
	f.Public = public
	if partial(r) {
		w.Header().Set("HX-Retarget", "#notice")
		w.Header().Set("HX-Reswap", "innerHTML")
		err = render(w, r, status, view.ErrorFragment(f))
	} else {
		if public {
			f.Detail = ""
		}
		err = render(w, r, status, view.Error(f))
	}
	if err != nil {
		u.logger.ErrorContext(r.Context(), "rendering an error failed", "error", err)
	}
}

// notFound is the page of an unknown address.
func (u *UI) notFound(http.ResponseWriter, *http.Request, actor) error {
	return orchestrator.ErrNotFound
}

// crossOrigin answers a form that another site sent.
func (u *UI) crossOrigin(http.ResponseWriter, *http.Request) error { return errCrossOrigin }
