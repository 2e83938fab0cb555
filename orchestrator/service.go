package orchestrator

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Deps are what a [Service] works with. Plugins may be nil where nothing is
// uploaded, Engine where nothing is dispatched or resolved; Logger and Now
// default to silence and the clock.
type Deps struct {
	Store   Store
	Engine  Engine
	Plugins PluginHost
	Logger  *slog.Logger
	Now     func() time.Time
}

// Service is the use cases: what people, partners and programs may do. It is
// safe for concurrent use. Errors are of the kinds in errors.go.
type Service struct {
	Deps
}

// NewService makes a service.
func NewService(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{Deps: d}
}

// Actor is who asks. Its scopes are "admin" (everything in its workspace) and
// "events" (only [Service.AcceptEvents]); without a scope nothing is allowed.
type Actor struct {
	Workspace string
	Name      string
	Scopes    []string
}

// EnrollRequest asks for an enrollment.
type EnrollRequest struct {
	Journey  string         `json:"journey"`
	Customer string         `json:"customer"`       // customer id
	Key      string         `json:"key,omitempty"`  // tells several enrollments of one customer apart
	Vars     map[string]any `json:"vars,omitempty"` // the journey's variables; defaults are filled in
	Test     bool           `json:"test,omitempty"`
	Pace     Pace           `json:"pace,omitzero"` // only of a test enrollment
}

// EnrollmentView is an enrollment with everything its page shows. Incident is
// the open one, or nil.
type EnrollmentView struct {
	Enrollment Enrollment
	Customer   Customer
	Version    Version
	Log        []LogEntry
	Incident   *Incident
}

// CompanionView is what a customer's own page shows: enrollments newest first,
// messages oldest first.
type CompanionView struct {
	Customer    Customer
	Enrollments []Enrollment
	Messages    []Message
}

// EnrollmentID is the id that follows from who passes through what: the same
// four give the same id, so nobody is enrolled twice.
func EnrollmentID(workspace, journeyName, customer, key string) string {
	sum := sha256.Sum256([]byte(workspace + "\x00" + journeyName + "\x00" + customer + "\x00" + key))
	return "e_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
}

var errNotYet = errors.New("this use case is being written")

// Authenticate finds the actor of an API token; [ErrUnauthorized].
func (s *Service) Authenticate(ctx context.Context, secret string) (Actor, error) {
	return Actor{}, errNotYet
}

// NewToken makes an API token and returns its secret, which is not kept.
func (s *Service) NewToken(ctx context.Context, workspace, name string, scopes []string) (secret string, err error) {
	return "", errNotYet
}

// EnsureToken makes the known secret an API token; again changes nothing.
func (s *Service) EnsureToken(ctx context.Context, workspace, name, secret string, scopes []string) error {
	return errNotYet
}

// NewSignInLink makes the secret of a link that signs in once, within 15 minutes.
func (s *Service) NewSignInLink(ctx context.Context, workspace string) (secret string, err error) {
	return "", errNotYet
}

// SignIn spends a sign-in link; [ErrUnauthorized] when it is unknown, used or expired.
func (s *Service) SignIn(ctx context.Context, secret string) (Actor, error) {
	return Actor{}, errNotYet
}

// ValidateJourney says what is wrong with a journey, without storing anything.
// The definition is nil when there are problems.
func (s *Service) ValidateJourney(ctx context.Context, a Actor, src []byte) (*journey.Definition, []journey.Problem, error) {
	return nil, nil, errNotYet
}

// PublishJourney makes src the newest version of its journey; the same
// definition again changes nothing. A *ValidationError carries all problems,
// and then nothing is stored.
func (s *Service) PublishJourney(ctx context.Context, a Actor, src []byte) (Version, error) {
	return Version{}, errNotYet
}

// Journeys lists the workspace's journeys by name.
func (s *Service) Journeys(ctx context.Context, a Actor) ([]Journey, error) { return nil, errNotYet }

// Journey returns a journey and its newest version.
func (s *Service) Journey(ctx context.Context, a Actor, name string) (Journey, Version, error) {
	return Journey{}, Version{}, errNotYet
}

// SetJourneyStatus opens or closes a journey for new enrollments; those in
// flight go on.
func (s *Service) SetJourneyStatus(ctx context.Context, a Actor, name string, st JourneyStatus) error {
	return errNotYet
}

// StepCounts counts a journey's enrollments by step, over all versions.
func (s *Service) StepCounts(ctx context.Context, a Actor, name string) ([]StepCount, error) {
	return nil, errNotYet
}

// UploadPlugin checks a module and makes it a plugin version. Config and grant
// are JSON objects or nil. The same module again updates them; other bytes
// under the same version are [ErrConflict].
func (s *Service) UploadPlugin(ctx context.Context, a Actor, module []byte, config, grant json.RawMessage) (Plugin, error) {
	return Plugin{}, errNotYet
}

// Plugins lists plugin versions, by name and then newest first.
func (s *Service) Plugins(ctx context.Context, a Actor) ([]Plugin, error) { return nil, errNotYet }

// PutCustomer inserts or updates a customer; an identity of another one is
// [ErrConflict].
func (s *Service) PutCustomer(ctx context.Context, a Actor, c Customer) (Customer, error) {
	return Customer{}, errNotYet
}

// Customer finds a customer by id.
func (s *Service) Customer(ctx context.Context, a Actor, id string) (Customer, error) {
	return Customer{}, errNotYet
}

// Customers lists customers whose id, name or identity contains query.
func (s *Service) Customers(ctx context.Context, a Actor, query string, p Page) ([]Customer, string, error) {
	return nil, "", errNotYet
}

// Messages lists what was sent to a customer, oldest first.
func (s *Service) Messages(ctx context.Context, a Actor, customer string, p Page) ([]Message, string, error) {
	return nil, "", errNotYet
}

// Reply is a customer's answer to a message: the postback of one of its
// suggested replies. The same answer twice is one event.
func (s *Service) Reply(ctx context.Context, a Actor, customer, messageID, postback string) error {
	return errNotYet
}

// Companion is the companion page of the customer whose secret token it is.
func (s *Service) Companion(ctx context.Context, token string) (CompanionView, error) {
	return CompanionView{}, errNotYet
}

// CompanionReply is [Service.Reply] by the customer of the companion page.
func (s *Service) CompanionReply(ctx context.Context, token, messageID, postback string) error {
	return errNotYet
}

// MediaQR is the text of the n-th QR code of the message with that media token.
func (s *Service) MediaQR(ctx context.Context, mediaToken string, n int) (text string, err error) {
	return "", errNotYet
}

// AcceptEvents stores events, all or none, and tells per event whether it was
// new. A *ValidationError names every problem by index.
func (s *Service) AcceptEvents(ctx context.Context, a Actor, events []Event) ([]bool, error) {
	return nil, errNotYet
}

// Events lists events, newest first; customer "" is everybody's.
func (s *Service) Events(ctx context.Context, a Actor, customer string, p Page) ([]Event, string, error) {
	return nil, "", errNotYet
}

// Enroll accepts an enrollment, which starts soon after. Asking again for the
// same journey, customer and key returns the one that exists.
func (s *Service) Enroll(ctx context.Context, a Actor, r EnrollRequest) (Enrollment, error) {
	return Enrollment{}, errNotYet
}

// Enrollments lists enrollments of the actor's workspace, newest first.
func (s *Service) Enrollments(ctx context.Context, a Actor, f EnrollmentFilter, p Page) ([]Enrollment, string, error) {
	return nil, "", errNotYet
}

// Enrollment is one enrollment with its log.
func (s *Service) Enrollment(ctx context.Context, a Actor, id string) (EnrollmentView, error) {
	return EnrollmentView{}, errNotYet
}

// Incidents lists incidents, newest first; open leaves out the resolved.
func (s *Service) Incidents(ctx context.Context, a Actor, open bool, p Page) ([]Incident, string, error) {
	return nil, "", errNotYet
}

// Resolve answers the open incident of an enrollment; [ErrPrecondition] when
// there is none. It is audited.
func (s *Service) Resolve(ctx context.Context, a Actor, enrollment string, r Resolution) error {
	return errNotYet
}

// Stalled lists enrollments whose wait should have ended a while ago.
func (s *Service) Stalled(ctx context.Context, a Actor) ([]Enrollment, error) { return nil, errNotYet }

// Dispatch hands accepted events to enrollments until ctx ends.
func (s *Service) Dispatch(ctx context.Context) error { return errNotYet }

// Ready says whether store and engine answer.
func (s *Service) Ready(ctx context.Context) error { return errNotYet }
