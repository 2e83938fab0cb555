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
