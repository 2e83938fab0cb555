package journey

import "time"

// What the source leaves out.
const (
	defaultDeadline = Duration(365 * 24 * time.Hour)
	defaultAttempts = 6
	defaultInterval = Duration(time.Second)
	defaultMax      = Duration(30 * time.Second)
	defaultRate     = 50
	defaultPriority = 50
)

// defaults fills in what the source leaves out.
func (k *compiler) defaults() {
	d := k.def
	orElse(k, "deadline", &d.Deadline, defaultDeadline)
	orElse(k, "entry.reentry", &d.Entry.Reentry, ReentryNever)
	if s := d.Entry.Schedule; s != nil {
		orElse(k, "entry.schedule.zone", &s.Zone, "UTC")
		orElse(k, "entry.schedule.rate", &s.Rate, defaultRate)
	}
	orElse(k, "guardrails.priority", &d.Guardrails.Priority, defaultPriority)
	if q := d.Guardrails.Quiet; q != nil {
		orElse(k, "guardrails.quiet.then", &q.Then, QuietDelay)
	}
	walk(d, func(s *Step) { k.stepDefaults(s, k.path(s)) })
}

// orElse sets what the source has no value for.
func orElse[T any](k *compiler, path string, at *T, value T) {
	if !k.has(path) {
		*at = value
	}
}

func (k *compiler) stepDefaults(s *Step, path string) {
	if s.Call != nil {
		k.retryDefaults(s, path)
	}
	if s.mayFail() {
		orElse(k, path+".on_failure", &s.OnFailure, FailureHold)
	}
	switch {
	case s.Wait != nil:
		for i := range s.Wait.Arms {
			if a := &s.Wait.Arms[i]; a.Date != nil {
				orElse(k, k.element(path+".wait.arms", i, a.ID)+".date.at", &a.Date.At, defaultAt)
			}
		}
	case s.Choose != nil:
		orElse(k, path+".choose.otherwise.id", &s.Choose.Otherwise.ID, ArmOtherwise)
	case s.Split != nil && !k.ofFragment:
		orElse(k, path+".split.salt", &s.Split.Salt, defaultSalt(k.def.Journey, s.ID))
	case s.Parallel != nil:
		orElse(k, path+".parallel.join", &s.Parallel.Join, JoinAll)
	case s.Journey != nil:
		orElse(k, path+".journey.mode", &s.Journey.Mode, ModeChild)
	}
	for at, c := range cards(s.Send, path+".send") {
		if c.Media != nil {
			orElse(k, at+".media.height", &c.Media.Height, "MEDIUM_HEIGHT")
		}
	}
}

func (k *compiler) retryDefaults(s *Step, path string) {
	if s.Retry == nil {
		s.Retry = &Retry{}
	}
	orElse(k, path+".retry.attempts", &s.Retry.Attempts, defaultAttempts)
	orElse(k, path+".retry.interval", &s.Retry.Interval, defaultInterval)
	orElse(k, path+".retry.max", &s.Retry.Max, max(defaultMax, s.Retry.Interval))
}

// mayFail tells whether a step has a failure policy.
func (s *Step) mayFail() bool {
	return s.Call != nil || s.Send != nil || s.Task != nil || s.Survey != nil || s.Update != nil || s.Journey != nil
}
