package ui

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/view"
)

type actor = orchestrator.Actor

// The keys of a session.
const (
	keyWorkspace = "workspace"
	keyName      = "name"
	keyScopes    = "scopes"
	keySaid      = "said" // what the form before did, for the next page
	keyUndo      = "undo" // the form that takes it back
)

func (u *UI) newSessions(store scs.Store) *scs.SessionManager {
	m := scs.New()
	m.Store = store
	m.Lifetime = SessionLife
	m.HashTokenInStore = true // whoever reads the store cannot sign in
	m.Cookie.Name = "qidong_session"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = u.base.Scheme == "https"
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		u.fail(w, r, errors.Join(orchestrator.ErrUnavailable, err), true)
	}
	return m
}

// Session is who is signed in with the session cookie of r. It works on any
// request, also one that did not come through these pages; false when nobody
// is. Who accepts a session must guard writes against other sites' forms, as
// http.CrossOriginProtection does.
func (u *UI) Session(r *http.Request) (orchestrator.Actor, bool) {
	c, err := r.Cookie(u.sessions.Cookie.Name)
	if err != nil || len(c.Value) > maxField {
		return actor{}, false
	}
	ctx, err := u.sessions.Load(r.Context(), c.Value)
	if err != nil {
		return actor{}, false
	}
	return u.signedIn(ctx)
}

// signedIn is the actor of a loaded session.
func (u *UI) signedIn(ctx context.Context) (actor, bool) {
	a := actor{Workspace: u.sessions.GetString(ctx, keyWorkspace), Name: u.sessions.GetString(ctx, keyName)}
	if s := u.sessions.GetString(ctx, keyScopes); s != "" {
		a.Scopes = strings.Split(s, " ")
	}
	return a, a.Workspace != ""
}

// private is a page for those who are signed in; others go to the sign-in.
func (u *UI) private(h func(http.ResponseWriter, *http.Request, actor) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := u.signedIn(r.Context())
		if !ok {
			if r.Method == http.MethodGet || partial(r) {
				u.comeBack(w, r)
				_ = redirect(w, r, "/signin")
				return
			}
			u.fail(w, r, orchestrator.ErrUnauthorized, true)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" {
			// Every browser tells where a form comes from. Whoever does not, and
			// still has a session's cookie, is none that can be trusted with it.
			u.fail(w, r, errCrossOrigin, true)
			return
		}
		f := view.Frame{Actor: a.Name, Path: r.URL.RequestURI(), Asset: u.assets.path, Version: u.version}
		if c, err := r.Cookie("theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
			f.Theme = c.Value
		}
		if r.Method == http.MethodGet && !partial(r) {
			f.Said, f.Undo = u.whatWasSaid(r)
		}
		r = r.WithContext(view.WithFrame(r.Context(), f))
		if err := h(w, r, a); err != nil {
			u.fail(w, r, err, false)
		}
	})
}

// getSignIn shows a link's confirmation. Opening the address spends nothing, as
// messengers and browsers open links on their own.
func (u *UI) getSignIn(w http.ResponseWriter, r *http.Request) error {
	link := r.URL.Query().Get("link")
	if _, ok := u.signedIn(r.Context()); ok && link == "" {
		return redirect(w, r, "/")
	}
	return render(w, r, http.StatusOK, view.SignIn(bounded(link, maxField), false))
}

// postSignIn spends the link.
func (u *UI) postSignIn(w http.ResponseWriter, r *http.Request) error {
	if err := parseForm(r); err != nil {
		return err
	}
	from := address(r)
	if _, failures, err := u.limits.signIn.Status(from); err != nil || math.Round(failures) >= signInFailures {
		return errTooMany(w, signInFailures)
	}
	a, err := u.signIn(r)
	if errors.Is(err, orchestrator.ErrUnauthorized) || errors.Is(err, orchestrator.ErrNotFound) {
		u.limits.signIn.OnLimit(w, r, from)
		return render(w, r, http.StatusUnauthorized, view.SignIn("", true))
	}
	if err != nil {
		return err
	}
	ctx := r.Context()
	if err := u.sessions.RenewToken(ctx); err != nil {
		return err
	}
	u.sessions.Put(ctx, keyWorkspace, a.Workspace)
	u.sessions.Put(ctx, keyName, a.Name)
	u.sessions.Put(ctx, keyScopes, strings.Join(a.Scopes, " "))
	back := "/"
	if c, err := r.Cookie(backCookie); err == nil {
		back, _ = url.QueryUnescape(c.Value)
		back = localPath(back)
		u.setBack(w, "", -1)
	}
	return redirect(w, r, back)
}

// signIn spends the link that a form holds.
func (u *UI) signIn(r *http.Request) (actor, error) {
	link := r.PostFormValue("link")
	if link == "" || len(link) > maxField {
		return actor{}, orchestrator.ErrUnauthorized
	}
	return u.service.SignIn(r.Context(), link)
}

// backCookie holds the page that somebody wanted before they signed in. Nothing
// is stored for who has not.
const backCookie = "qidong_back"

// comeBack remembers the page that r asks for until the sign-in. What a page
// fetches by itself is none.
func (u *UI) comeBack(w http.ResponseWriter, r *http.Request) {
	dest := r.Header.Get("Sec-Fetch-Dest")
	page := r.Method == http.MethodGet && !partial(r) && (dest == "" || dest == "document")
	if path := r.URL.RequestURI(); page && path != "/" && len(path) < maxField {
		u.setBack(w, url.QueryEscape(path), int((15 * time.Minute).Seconds()))
	}
}

func (u *UI) setBack(w http.ResponseWriter, path string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the pages are
		Name: backCookie, Value: path, Path: "/signin", MaxAge: seconds, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: u.base.Scheme == "https",
	})
}

// postSignOut ends the session on the server, not only in the browser.
func (u *UI) postSignOut(w http.ResponseWriter, r *http.Request, _ actor) error {
	if err := u.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	return redirect(w, r, "/signin")
}

// parseForm reads a posted form; one that is broken is the sender's mistake.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(maxForm)
	}
	var large *http.MaxBytesError
	if err != nil && !errors.As(err, &large) {
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	return err
}
