//go:build !journey_ready

package orchestrator

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// This file stands in until package journey has its compiler.

type programs struct{ store Store }

func backoff(int) time.Duration { return time.Second }

// EnrollRequest asks for an enrollment.
type EnrollRequest struct {
	Journey  string         `json:"journey"`
	Customer string         `json:"customer"`       // customer id
	Key      string         `json:"key,omitempty"`  // tells several enrollments of one customer apart
	Vars     map[string]any `json:"vars,omitempty"` // the journey's variables; defaults are filled in
	Test     bool           `json:"test,omitempty"` // with Key "", every request makes an enrollment of its own
	Pace     Pace           `json:"pace,omitzero"`  // only of a test enrollment
}

// EnrollmentID is the id that follows from who passes through what: the same
// four give the same id, so nobody is enrolled twice.
func EnrollmentID(workspace, journeyName, customer, key string) string {
	sum := sha256.Sum256([]byte(workspace + "\x00" + journeyName + "\x00" + customer + "\x00" + key))
	return "e_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
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

var errNotYet = errors.New("this use case waits for the journey compiler")

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
