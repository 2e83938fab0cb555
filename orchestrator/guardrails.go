package orchestrator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Bounds of guardrails.
const (
	maxCaps     = 20
	maxPatience = 30 * 24 * time.Hour
)

// Guardrails are those of the actor's workspace, with what holds where it has
// set nothing.
func (s *Service) Guardrails(ctx context.Context, a Actor) (Guardrails, error) {
	if err := a.may(); err != nil {
		return Guardrails{}, err
	}
	g, _, err := s.store.Guardrails(ctx, a.Workspace)
	return g.filled(), err
}

// filled is g with its defaults.
func (g Guardrails) filled() Guardrails {
	if g.Marketing == "" {
		g.Marketing = ConsentNeeded
	}
	g.Patience = journey.Duration(g.patience())
	if g.Quiet != nil && g.Quiet.Then == "" {
		quiet := *g.Quiet
		quiet.Then = journey.QuietDelay
		g.Quiet = &quiet
	}
	return g
}

// SetGuardrails replaces those of the actor's workspace. They hold for every
// message from then on, also those that wait. A *ValidationError names every
// problem. It is audited.
func (s *Service) SetGuardrails(ctx context.Context, a Actor, g Guardrails) (Guardrails, error) {
	if err := a.may(); err != nil {
		return Guardrails{}, err
	}
	g = g.filled()
	if err := checkGuardrails(g); err != nil {
		return Guardrails{}, err
	}
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.SetGuardrails(ctx, a.Workspace, g); err != nil {
			return err
		}
		return s.audit(ctx, a, "guardrail.set", a.Workspace, g)
	})
	return g, err
}

// EnsureGuardrails sets those of a workspace that has none of its own.
func (s *Service) EnsureGuardrails(ctx context.Context, a Actor, g Guardrails) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		_, ok, err := s.store.Guardrails(ctx, a.Workspace)
		if err != nil || ok {
			return err
		}
		_, err = s.SetGuardrails(ctx, a, g)
		return err
	})
}

func checkGuardrails(g Guardrails) error {
	k := check{subject: "guardrails"}
	oneOf(&k, "marketing", g.Marketing, []string{ConsentNeeded, ConsentAssumed})
	if len(g.Caps) > maxCaps {
		k.add("caps", "TOO_MANY", say("There are %d; at most %d are allowed.", len(g.Caps), maxCaps), say("Send fewer."))
		return k.err()
	}
	for i, c := range g.Caps {
		path := fmt.Sprintf("caps.%d", i)
		if c.Category != "" {
			oneOf(&k, path+".category", c.Category, []string{CategoryMarketing, CategoryService})
		}
		if c.Messages < 1 || c.Messages > journey.MaxCap {
			k.add(path+".messages", "OUT_OF_RANGE", say("A cap cannot be %d messages.", c.Messages), say("Use 1 to %d.", journey.MaxCap))
		}
		if c.Per < journey.Duration(time.Minute) || c.Per > journey.Duration(366*24*time.Hour) {
			k.add(path+".per", "OUT_OF_RANGE", say("A cap cannot be over %s.", c.Per), say("Use 1m to 366d."))
		}
	}
	checkQuiet(&k, g)
	if d := time.Duration(g.Patience); d < time.Minute || d > maxPatience {
		k.add("patience", "OUT_OF_RANGE", say("Messages cannot wait for %s.", g.Patience), say("Use 1m to 30d."))
	}
	for i, name := range g.Channels {
		path := fmt.Sprintf("channels.%d", i)
		if oneOf(&k, path, name, channelNames()); slices.Contains(g.Channels[:i], name) {
			k.add(path, "DUPLICATE", say("%.40q is named twice.", name), say("Name each channel once."))
		}
		if len(k.problems) > 100 {
			break // nobody reads more
		}
	}
	return k.err()
}

func checkQuiet(k *check, g Guardrails) {
	if _, err := time.LoadLocation(g.TimeZone); err != nil || g.TimeZone == "Local" {
		k.add("time_zone", "BAD_TIME_ZONE", say("%.40q is no time zone.", g.TimeZone), say("Use a name such as Asia/Shanghai."))
	}
	q := g.Quiet
	if q == nil {
		return
	}
	if _, _, err := q.Ends(time.Time{}.AddDate(2000, 0, 0), ""); err != nil {
		k.add("quiet", "BAD_TIME", say("The %v.", err), say("Write times of day such as 22:00 and 08:00."))
	} else if q.From == q.To {
		k.add("quiet", "BAD_WINDOW", say("Quiet hours that begin and end at one time are none, or all."), say("Write from and to that differ."))
	}
	oneOf(k, "quiet.then", q.Then, []string{journey.QuietDelay, journey.QuietWithhold})
}
