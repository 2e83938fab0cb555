// Package ui is the web interface: handlers, view models and what the browser
// loads. Pages are rendered on the server by package view.
package ui

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
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
	pictures pictures
	limits   limits
	streams  chan struct{} // one for each open stream
	closed   chan struct{}
	close    sync.Once
	handler  http.Handler
	patterns []string
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
		service: d.Service, logger: d.Logger, base: base, version: d.Version, now: d.Now, assets: a, limits: newLimits(),
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

// Patterns are what the interface answers, each as net/http writes it, in order:
// so that a test can go through all of it. The caller may change the result.
func (u *UI) Patterns() []string { return slices.Clone(u.patterns) }

// Close ends every open stream, so that a server can shut down without waiting
// for browsers: http.Server.RegisterOnShutdown(u.Close). Pages go on working.
func (u *UI) Close() { u.close.Do(func() { close(u.closed) }) }

// routes are the pages of one area for those who are signed in, by pattern.
type routes map[string]func(http.ResponseWriter, *http.Request, orchestrator.Actor) error

func (u *UI) routes() (http.Handler, error) {
	public := http.NewServeMux()
	handle := func(mux *http.ServeMux, pattern string, h http.Handler) {
		mux.Handle(pattern, h)
		u.patterns = append(u.patterns, pattern)
	}
	handle(public, "GET /static/", u.assets)
	handle(public, "GET /signin", u.sessions.LoadAndSave(u.page(u.getSignIn)))
	handle(public, "POST /signin", u.sessions.LoadAndSave(u.page(u.postSignIn)))
	handle(public, "GET /preferences", u.page(u.getPreferences))
	handle(public, "GET /c/{token}", u.companion(u.getCompanion))
	handle(public, "POST /c/{token}/reply", u.companionForm(u.postCompanionReply))
	handle(public, "POST /c/{token}/say", u.companionForm(u.postCompanionSay))
	handle(public, "GET /c/{token}/calendar.ics", u.companion(u.getCompanionCalendar))
	handle(public, "GET /m/{token}/{file}", u.page(u.getMedia))
	handle(public, "GET /p/{file}", u.page(u.getPicture))

	signedIn := http.NewServeMux()
	for _, area := range []routes{
		{"GET /{$}": u.getHome, "POST /signout": u.postSignOut, "/": u.notFound},
		u.journeyRoutes(), u.liveRoutes(), u.designRoutes(), u.publishRoutes(), u.simulateRoutes(), u.enrollmentRoutes(), u.customerRoutes(), u.incidentRoutes(), u.taskRoutes(), u.segmentRoutes(),
		u.operationRoutes(), u.auditRoutes(), u.settingsRoutes(), u.templateRoutes(), u.pluginRoutes(), u.docsRoutes(),
	} {
		for pattern, h := range area {
			handle(signedIn, pattern, u.private(h))
		}
	}
	public.Handle("/", u.sessions.LoadAndSave(signedIn))
	slices.Sort(u.patterns)

	guard := http.NewCrossOriginProtection()
	if err := guard.AddTrustedOrigin(u.base.Scheme + "://" + u.base.Host); err != nil {
		return nil, err
	}
	guard.SetDenyHandler(u.page(u.crossOrigin))
	// The companion page is opened by its token, not by a cookie that a foreign
	// form could ride on; and it sends no referrer, so no origin either.
	guard.AddInsecureBypassPattern("POST /c/{token}/reply")
	guard.AddInsecureBypassPattern("POST /c/{token}/say")
	return u.frame(guard.Handler(public)), nil
}
