package backends

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Fault is how a backend misbehaves on its API; pages, books and control always
// work.
type Fault struct {
	// Mode is none, slow (does the work after the delay, even if the client has
	// left), error (500, nothing done), drop (does the work, then closes the
	// connection without an answer) or down (closes the connection at once).
	Mode string `json:"mode"`
	// Count is how many requests it hits, then the mode is none again; -1 and 0
	// are until changed.
	Count int `json:"count"`
	// DelayMS is the wait of slow in milliseconds: 0 is 10,000, at most 120,000.
	DelayMS int `json:"delay_ms"`
}

const (
	defaultDelayMS = 10_000
	maxDelayMS     = 120_000
)

func (f Fault) validate() error {
	switch f.Mode {
	case "none", "slow", "error", "drop", "down":
	default:
		return refuse(http.StatusBadRequest, "invalid", "The mode %q is not one of none, slow, error, drop, down.", f.Mode)
	}
	if f.Count < -1 || f.DelayMS < 0 || f.DelayMS > maxDelayMS {
		return refuse(http.StatusBadRequest, "invalid", "The count is -1 or more, and delay_ms 0 to %d.", maxDelayMS)
	}
	return nil
}

type faults struct {
	mu  sync.Mutex
	now Fault
}

func (f *faults) show(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now.Mode == "" {
		f.now = Fault{Mode: "none"}
	}
	writeJSON(w, http.StatusOK, f.now)
}

func (f *faults) set(w http.ResponseWriter, r *http.Request) {
	next, err := decode[Fault](r)
	if err != nil {
		(&desk{}).fail(w, r, err) // decode returns refusals only
		return
	}
	if next.Count == 0 {
		next.Count = -1
	}
	if next.DelayMS == 0 {
		next.DelayMS = defaultDelayMS
	}
	if next.Mode == "none" {
		next = Fault{Mode: "none"}
	}
	f.mu.Lock()
	f.now = next
	f.mu.Unlock()
	writeJSON(w, http.StatusOK, next)
}

// take returns the fault for one request and counts it.
func (f *faults) take() Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.now
	if f.now.Count > 0 {
		if f.now.Count--; f.now.Count == 0 {
			f.now = Fault{Mode: "none"}
		}
	}
	return hit
}

func (f *faults) wrap(run context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch hit := f.take(); hit.Mode {
		case "slow":
			select {
			case <-time.After(time.Duration(hit.DelayMS) * time.Millisecond):
			case <-run.Done():
			}
		case "error":
			writeRefusal(w, refuse(http.StatusInternalServerError, "internal", "The server could not do this. Try again later."))
			return
		case "drop":
			next.ServeHTTP(&unheard{header: http.Header{}}, r)
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to close without an answer
		case "down":
			panic(http.ErrAbortHandler) //nolint:forbidigo // as above
		}
		next.ServeHTTP(w, r)
	})
}

// unheard takes an answer that nobody will get.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u *unheard) WriteHeader(int)             {}
