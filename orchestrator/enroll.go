package orchestrator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EnrollRequest asks for an enrollment.
type EnrollRequest struct {
	Journey  string         `json:"journey"`
	Customer string         `json:"customer"`       // customer id
	Key      string         `json:"key,omitempty"`  // tells several enrollments of one customer apart
	Vars     map[string]any `json:"vars,omitempty"` // the journey's variables; defaults are filled in
	Test     bool           `json:"test,omitempty"` // with Key "", every request makes an enrollment of its own
	Pace     Pace           `json:"pace,omitzero"`  // only of a test enrollment
}

// enrollData is the data of an EventEnroll.
type enrollData struct {
	Enrollment string `json:"enrollment"`
	EnrollRequest
}

// EnrollmentID is the id that follows from who passes through what: the same
// four give the same id, so nobody is enrolled twice.
func EnrollmentID(workspace, journeyName, customer, key string) string {
	sum := sha256.Sum256([]byte(workspace + "\x00" + journeyName + "\x00" + customer + "\x00" + key))
	return "e_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:26]
}

// Enroll accepts an enrollment, which starts soon after. It returns the passage
// under the same journey, customer and key that is under way, or that the
// re-entry rule lets nobody follow; else it begins the next one. [ErrLimit]
// when as many customers have entered as may, [ErrPrecondition] when the journey
// has no door for it, is paused or closed: tests need no door.
func (s *Service) Enroll(ctx context.Context, a Actor, r EnrollRequest) (Enrollment, error) {
	if err := a.may(); err != nil {
		return Enrollment{}, err
	}
	if r.Test && r.Key == "" {
		r.Key = "test-" + strings.ToLower(rand.Text())
	}
	if err := checkEnroll(r); err != nil {
		return Enrollment{}, err
	}
	var out Enrollment
	var refused error
	err := s.store.Atomic(ctx, func(ctx context.Context) (err error) {
		if out, refused, err = s.enrollNow(ctx, a, r); err != nil {
			return err
		}
		return nil
	})
	if err = errors.Join(err, refused); err != nil {
		return Enrollment{}, err
	}
	s.wake()
	return out, nil
}

// enrollNow decides in the caller's transaction. refused is a decision, which is
// stored; err is none.
func (s *Service) enrollNow(ctx context.Context, a Actor, r EnrollRequest) (out Enrollment, refused, err error) {
	last, err := s.store.LatestPassage(ctx, a.Workspace, r.Journey, r.Customer, r.Key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return last, nil, err
	}
	passage := 0
	if err == nil {
		stands, err := s.stands(ctx, last)
		if err != nil || stands {
			return last, nil, err
		}
		passage = last.Passage + 1
	}
	e, err := s.prepare(ctx, a.Workspace, PassageID(a.Workspace, r.Journey, r.Customer, r.Key, passage), r)
	if err != nil {
		return e, nil, err
	}
	e.Passage = passage
	w, err := s.byAPI(ctx, e)
	if err != nil {
		return e, nil, err
	}
	d := w.decision(s.now())
	if !r.Test {
		if err := s.judgeLimit(ctx, w); err != nil {
			return e, nil, err
		}
	}
	if w.code != "" {
		d.Code, d.Reason = w.code, w.reason
		return e, Refuse(ErrLimit, say("%s", w.reason)), s.store.AddDecision(ctx, d)
	}
	if _, err := s.store.AddEnrollment(ctx, e); err != nil {
		return e, nil, err
	}
	d.enters(e)
	if err := s.store.AddDecision(ctx, d); err != nil {
		return e, nil, err
	}
	if err := s.requestStart(ctx, e, r); err != nil {
		return e, nil, err
	}
	if err := s.audit(ctx, a, "enrollment.start", e.ID, map[string]any{"journey": r.Journey, "customer": r.Customer}); err != nil {
		return e, nil, err
	}
	out, err = s.store.Enrollment(ctx, a.Workspace, e.ID)
	return out, nil, err
}

// stands tells whether a passage is all that there can be for now.
func (s *Service) stands(ctx context.Context, last Enrollment) (bool, error) {
	if last.Status != EnrollmentEnded {
		return true, nil
	}
	j, err := s.store.Journey(ctx, last.Workspace, last.Journey)
	if err != nil {
		return false, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return false, err
	}
	code, _ := again(&program.Definition().Entry, last, s.now())
	return code != "", nil
}

// byAPI is the entrance of an enrollment that somebody asks for.
func (s *Service) byAPI(ctx context.Context, e Enrollment) (*entrance, error) {
	program, err := s.programs.get(ctx, e.Digest)
	if err != nil {
		return nil, err
	}
	w := &entrance{
		gate: &gate{
			Journey: Journey{Workspace: e.Workspace, Name: e.Journey, Number: e.Number, Digest: e.Digest, Status: JourneyLive}, program: program,
		},
		customer: Customer{ID: e.Customer, Workspace: e.Workspace}, door: DoorAPI, key: e.Key, entry: e.Entry, at: e.StartedAt,
		event: Event{Workspace: e.Workspace, Source: SourceAPI, ID: e.ID, Type: EventEnroll},
	}
	if !e.Test && !w.gate.entry().API {
		return nil, Refuse(ErrPrecondition, say("journey %s has no door for people and programs; add api: true to its entry, or enroll for a test", e.Journey))
	}
	return w, nil
}

func checkEnroll(r EnrollRequest) error {
	c := check{subject: "enrollment"}
	c.text("key", r.Key, 0, maxEventText)
	c.value("vars", r.Vars, MaxEventData/2)          // with the rest of the request it becomes an event
	if !(r.Pace.Factor >= 0 && r.Pace.Factor <= 1) { // NaN is neither
		c.add("pace.factor", "OUT_OF_RANGE", say("The pace is not a factor above 0 and at most 1."), say("Give the real time over the journey's time: 2 seconds for a day are 2.0/86400."))
	}
	if r.Pace.Answer < 0 || r.Pace.Answer > 24*time.Hour {
		c.add("pace.answer", "OUT_OF_RANGE", say("The time to answer is not between 0 and 24 hours."), say("Give a duration such as 500ms."))
	}
	if !r.Test && r.Pace != (Pace{}) {
		c.add("pace", "NOT_A_TEST", say("Only a test enrollment has a pace."), say("Leave it out, or ask for a test enrollment."))
	}
	return c.err()
}

// prepare checks the request against the journey and the customer, and makes
// the row.
func (s *Service) prepare(ctx context.Context, workspace, id string, r EnrollRequest) (Enrollment, error) {
	j, err := s.store.Journey(ctx, workspace, r.Journey)
	if err != nil {
		return Enrollment{}, err
	}
	if j.Status != JourneyLive {
		return Enrollment{}, Refuse(ErrPrecondition, say("journey %s is %s; set it live, or resume it, first", j.Name, j.Status))
	}
	if _, err := s.store.Customer(ctx, workspace, r.Customer); err != nil {
		return Enrollment{}, err
	}
	program, err := s.programs.get(ctx, j.Digest)
	if err != nil {
		return Enrollment{}, err
	}
	if _, err := program.Variables(r.Vars); err != nil {
		c := check{subject: "enrollment"}
		c.add("vars", "BAD_VARIABLES", say("%s", err), say(""))
		return Enrollment{}, c.err()
	}
	entry, err := json.Marshal(map[string]any{"journey": r.Journey, "key": r.Key, "vars": r.Vars})
	if err != nil {
		return Enrollment{}, fmt.Errorf("writing the entry of enrollment %s: %w", id, err)
	}
	return Enrollment{
		ID: id, Workspace: workspace, Journey: j.Name, Number: j.Number, Digest: j.Digest, Customer: r.Customer,
		Key: r.Key, Status: EnrollmentStarting, Test: r.Test, Pace: r.Pace, Entry: entry, StartedAt: s.now(),
	}, nil
}

// requestStart puts the event into the inbox from which the dispatcher starts
// the enrollment.
func (s *Service) requestStart(ctx context.Context, e Enrollment, r EnrollRequest) error {
	data, err := json.Marshal(enrollData{Enrollment: e.ID, EnrollRequest: r})
	if err != nil {
		return fmt.Errorf("writing the start of enrollment %s: %w", e.ID, err)
	}
	_, err = s.store.AcceptEvents(ctx, []Event{{
		Workspace: e.Workspace, Source: SourceAPI, ID: e.ID, Type: EventEnroll, Subject: e.Customer,
		Time: e.StartedAt, Data: data, ReceivedAt: e.StartedAt,
	}})
	return err
}
