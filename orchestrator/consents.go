package orchestrator

import (
	"context"
	"slices"
	"strings"
)

// SetConsent records what a customer has decided about the messages of a
// category on a channel, "" for every one. What is so already is not recorded
// again. After a STOP nobody but the customer may grant it: then How must be
// page or keyword, else it is [ErrPrecondition]. It is audited, and told to the
// customer's open enrollments and to segments.
func (s *Service) SetConsent(ctx context.Context, a Actor, c Consent) (Consent, error) {
	if err := a.may(); err != nil {
		return Consent{}, err
	}
	if c.How == "" {
		c.How = ConsentByAPI
	}
	if err := checkConsent(c); err != nil {
		return Consent{}, err
	}
	c.Workspace, c.By, c.At = a.Workspace, a.Name, s.now()
	var kept Consent
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		old, err := s.store.Customer(ctx, c.Workspace, c.Customer)
		if err != nil {
			return err
		}
		known, err := s.store.Consents(ctx, c.Workspace, c.Customer)
		if err != nil {
			return err
		}
		same, err := compatible(known, c)
		if err != nil || same.Seq > 0 {
			kept = same
			return err
		}
		if kept, err = s.addConsent(ctx, c, known); err != nil {
			return err
		}
		if err := s.tellConsent(ctx, old); err != nil {
			return err
		}
		return s.audit(ctx, a, "consent.set", c.Customer, map[string]any{
			"channel": c.Channel, "category": c.Category, "state": c.State, "how": c.How, "note": c.Note,
		})
	})
	if err != nil {
		return Consent{}, err
	}
	s.wake()
	return kept, nil
}

// compatible tells whether a decision is known already (same is set then), or
// must not be made because the customer has said STOP.
func compatible(known []Consent, c Consent) (same Consent, err error) {
	var newest, stop Consent // of those that hold where c would
	for _, k := range known {
		if k.Category != c.Category || c.Channel != "" && k.Channel != "" && k.Channel != c.Channel {
			continue
		}
		if k.Seq > newest.Seq {
			newest = k
		}
		if k.State == ConsentStopped {
			stop = k
		}
	}
	ownAct := c.How == ConsentByPage || c.How == ConsentByKeyword
	switch {
	case newest.Channel == c.Channel && newest.State == c.State:
		return newest, nil
	case newest.Channel == c.Channel && newest.State == ConsentStopped && c.State == ConsentDenied: // a STOP says more
		return newest, nil
	case stop.Seq > 0 && c.State == ConsentGranted && !ownAct:
		return Consent{}, Refuse(ErrPrecondition, say("customer %s has said STOP to %s messages%s; only the customer takes that back, by writing START or on a page of theirs", c.Customer, c.Category, on(stop.Channel)))
	}
	return Consent{}, nil
}

// addConsent appends a decision. One that grants every channel takes back what
// was stopped on single ones.
func (s *Service) addConsent(ctx context.Context, c Consent, known []Consent) (Consent, error) {
	for _, k := range known {
		if c.State != ConsentGranted || c.Channel != "" || k.Channel == "" || k.Category != c.Category || k.State != ConsentStopped {
			continue
		}
		one := c
		one.Channel = k.Channel
		if _, err := s.store.AddConsent(ctx, one); err != nil {
			return Consent{}, err
		}
	}
	return s.store.AddConsent(ctx, c)
}

func on(channel string) string {
	if channel == "" {
		return ""
	}
	return " on " + channel
}

func checkConsent(c Consent) error {
	k := check{subject: "consent"}
	oneOf(&k, "category", c.Category, Categories())
	oneOf(&k, "state", string(c.State), []string{string(ConsentGranted), string(ConsentDenied), string(ConsentStopped)})
	oneOf(&k, "how", c.How, []string{ConsentByPage, ConsentByKeyword, ConsentByForm, ConsentByImport, ConsentByAPI})
	if c.Channel != "" {
		oneOf(&k, "channel", c.Channel, channelNames())
	}
	k.text("note", c.Note, 0, 500)
	return k.err()
}

func channelNames() (names []string) {
	for _, c := range channels {
		names = append(names, c.Name)
	}
	return names
}

// oneOf wants one of a few words.
func oneOf(k *check, path, word string, words []string) {
	if !slices.Contains(words, word) {
		k.add(path, "UNKNOWN_VALUE", say("%.40q is not possible here.", word), say("Use one of %s.", strings.Join(words, ", ")))
	}
}

// Standing is what holds for messages of a category on a channel.
type Standing struct {
	Channel  string
	Category string
	State    ConsentState
	// Decision is the customer's; nil when they have decided nothing, and the
	// workspace's guardrails say what holds.
	Decision *Consent
}

// Consents are what holds for a customer on every channel of the installation
// and in every category.
func (s *Service) Consents(ctx context.Context, a Actor, customer string) ([]Standing, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return nil, err
	}
	rails, _, err := s.store.Guardrails(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	var out []Standing
	for _, channel := range channelNames() {
		for _, category := range Categories() {
			st := Standing{Channel: channel, Category: category, State: rails.assumed(category)}
			c, ok, err := s.store.Consent(ctx, a.Workspace, customer, channel, category)
			if err != nil {
				return nil, err
			}
			if ok {
				st.State, st.Decision = c.State, &c
			}
			out = append(out, st)
		}
	}
	return out, nil
}

// ConsentHistory lists all decisions of a customer, newest first.
func (s *Service) ConsentHistory(ctx context.Context, a Actor, customer string, p Page) ([]Consent, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	if _, err := s.store.Customer(ctx, a.Workspace, customer); err != nil {
		return nil, "", err
	}
	return s.store.ConsentHistory(ctx, a.Workspace, customer, p)
}
