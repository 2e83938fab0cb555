package orchestrator

import "time"

// Hurry lets events fail often in little time.
func (s *Service) Hurry() {
	s.poll, s.backoff = time.Millisecond, func(int) time.Duration { return time.Millisecond }
}

// Deliver hands out one event without settling it, as a process does that ends
// in between.
var Deliver = (*Service).deliver

// MaxFailures is how often an event may fail in an unknown way.
const MaxFailures = maxFailures

// Depth is the nesting of JSON.
var Depth = depth

// Backoff is the time between attempts.
var Backoff = backoff

// HashSecret is what is kept of a secret.
var HashSecret = hashSecret

// Listen hangs the bell of a draft, and returns how to leave it.
func (s *Service) Listen(workspace, journey string) (leave func(), err error) {
	at, err := s.rings.hang(workspace, journey)
	if err != nil {
		return nil, err
	}
	return func() { s.rings.leave(at) }, nil
}

// HungBells is for how many drafts a bell hangs.
func (s *Service) HungBells() int {
	s.rings.mu.Lock()
	defer s.rings.mu.Unlock()
	return len(s.rings.hung)
}
