// Package ui is the web interface: handlers, view models and what the browser
// loads. Pages are rendered on the server by package view.
package ui

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/qidong/qidong/orchestrator"
)

// Deps are what the interface works with. Service and Sessions are required;
// Logger and Now default to silence and the clock.
type Deps struct {
	Service  Service
	Sessions scs.Store // keeps sign-ins over restarts
	Logger   *slog.Logger
	// BaseURL is the address that people reach the pages at, like
	// "https://qidong.example". https makes the session's cookie secure.
	BaseURL string
	// Version of the program, "" to show none.
	Version string
	Now     func() time.Time
}

// UI serves every page. It is safe for concurrent use.
type UI struct {
	service  Service
	sessions *scs.SessionManager
	logger   *slog.Logger
	base     *url.URL
	version  string
	now      func() time.Time
	assets   *assets
	counts   countsCache
	streams  chan struct{} // one for each open stream
	closed   chan struct{}
	close    sync.Once
	handler  http.Handler
}

// SessionLife is how long a sign-in lasts.
const SessionLife = 7 * 24 * time.Hour

// New makes the interface. The result is an http.Handler for everything below
// "/" that no other handler takes.
func New(d Deps) (*UI, error) {
	base, err := url.Parse(d.BaseURL)
	switch {
	case d.Service == nil || d.Sessions == nil:
		return nil, errors.New("making the pages: Deps.Service and Deps.Sessions are required")
	case err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https"):
		return nil, errors.New("making the pages: Deps.BaseURL must be a web address like http://127.0.0.1:7780, not " + d.BaseURL)
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	u := &UI{
		service: d.Service, logger: d.Logger, base: base, version: d.Version, now: d.Now, assets: a,
		streams: make(chan struct{}, maxStreams), closed: make(chan struct{}),
	}
	if u.logger == nil {
		u.logger = slog.New(slog.DiscardHandler)
	}
	if u.now == nil {
		u.now = time.Now
	}
	u.sessions = u.newSessions(d.Sessions)
	u.handler, err = u.routes()
	return u, err
}

// ServeHTTP answers one request.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.handler.ServeHTTP(w, r) }

// Close ends every open stream, so that a server can shut down without waiting
// for browsers: http.Server.RegisterOnShutdown(u.Close). Pages go on working.
func (u *UI) Close() { u.close.Do(func() { close(u.closed) }) }

// routes are the pages of one area for those who are signed in, by pattern.
type routes map[string]func(http.ResponseWriter, *http.Request, orchestrator.Actor) error

func (u *UI) routes() (http.Handler, error) {
	public := http.NewServeMux()
	public.Handle("GET /static/", u.assets)
	public.Handle("GET /signin", u.sessions.LoadAndSave(u.page(u.getSignIn)))
	public.Handle("POST /signin", u.sessions.LoadAndSave(u.page(u.postSignIn)))
	public.Handle("GET /preferences", u.page(u.getPreferences))
	public.Handle("GET /c/{token}", u.companion(u.getCompanion))
	public.Handle("POST /c/{token}/reply", u.companion(u.postCompanionReply))
	public.Handle("GET /c/{token}/calendar.ics", u.companion(u.getCompanionCalendar))
	public.Handle("GET /m/{token}/{file}", u.page(u.getMedia))

	signedIn := http.NewServeMux()
	for _, area := range []routes{
		{"GET /{$}": u.getHome, "POST /signout": u.postSignOut, "/": u.notFound},
		u.journeyRoutes(), u.liveRoutes(), u.designRoutes(), u.publishRoutes(), u.simulateRoutes(), u.enrollmentRoutes(), u.customerRoutes(), u.incidentRoutes(), u.taskRoutes(), u.segmentRoutes(),
		u.operationRoutes(), u.auditRoutes(), u.settingsRoutes(),
	} {
		for pattern, h := range area {
			signedIn.Handle(pattern, u.private(h))
		}
	}
	public.Handle("/", u.sessions.LoadAndSave(signedIn))

	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(u.base.Scheme + "://" + u.base.Host); err != nil {
		return nil, err
	}
	guard.SetDenyHandler(u.page(u.crossOrigin))
	// The companion page is opened by its token, not by a cookie that a foreign
	// form could ride on; and it sends no referrer, so no origin either.
	guard.AddInsecureBypassPattern("POST /c/{token}/reply")
	return u.frame(guard.Handler(public)), nil
}
