package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"
)

// Secret is a named value of a workspace that plugins use without seeing it:
// the plugin host puts it into a request where {{secret:name}} is written.
type Secret struct {
	Workspace string
	Name      string
	Sealed    []byte // the value, sealed for this workspace and name; nil in lists
	CreatedAt time.Time
	UpdatedAt time.Time   // when the value was last set
	UsedBy    []SecretUse // filled in by Service.Secrets; not stored
}

// SecretUse is a plugin version whose grant lists a secret.
type SecretUse struct {
	Plugin  string
	Version string
	Host    string // the only host that the secret is sent to
}

// Bounds of secrets.
const (
	MaxSecret  = 8 << 10 // bytes of a value
	maxSecrets = 200     // in a workspace
)

var secretNames = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// SecretStore keeps secrets, sealed. It never sees a value or a key.
type SecretStore interface {
	// PutSecret inserts a secret, or replaces the value of a known one, whose
	// CreatedAt then stays. Times that are zero are now.
	PutSecret(ctx context.Context, s Secret) error
	Secret(ctx context.Context, workspace, name string) (Secret, error)
	// Secrets lists by name, without Sealed.
	Secrets(ctx context.Context, workspace string) ([]Secret, error)
	DeleteSecret(ctx context.Context, workspace, name string) error
	// SealCheck returns what PutSealCheck stored last, nil before, and how many
	// rows hold something sealed.
	SealCheck(ctx context.Context) (check []byte, rows int64, err error)
	PutSealCheck(ctx context.Context, check []byte) error
}

// PutSecret sets a secret. The value is sealed before it is stored, and is in
// no log, error or audit record. Running enrollments use the new value from
// their next call on.
func (s *Service) PutSecret(ctx context.Context, a Actor, name string, value []byte) (Secret, error) {
	if err := a.may(); err != nil {
		return Secret{}, err
	}
	if err := checkSecret(name, value); err != nil {
		return Secret{}, err
	}
	if s.vault == nil {
		return Secret{}, errNoKey
	}
	v := Secret{Workspace: a.Workspace, Name: name, CreatedAt: s.now(), UpdatedAt: s.now()}
	s.vault.sealSecret(&v, value)
	var kept Secret
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		all, err := s.store.Secrets(ctx, a.Workspace)
		if err != nil {
			return err
		}
		if _, err := s.store.Secret(ctx, a.Workspace, name); errors.Is(err, ErrNotFound) && len(all) >= maxSecrets {
			return Refuse(ErrLimit, say("this workspace has %d secrets, and no more are possible; delete one first", maxSecrets))
		}
		if err := s.store.PutSecret(ctx, v); err != nil {
			return err
		}
		if kept, err = s.store.Secret(ctx, a.Workspace, name); err != nil {
			return err
		}
		return s.audit(ctx, a, "secret.put", name, nil)
	})
	if err != nil {
		return Secret{}, err
	}
	kept.Sealed = nil
	return kept, nil
}

// checkSecret never quotes the value.
func checkSecret(name string, value []byte) error {
	c := check{subject: "secret"}
	if !secretNames.MatchString(name) {
		c.add("name", "BAD_NAME", say("%.80q cannot be the name of a secret.", name), say("Use a small letter, then up to 63 small letters, digits and underscores."))
	}
	switch {
	case len(value) == 0:
		c.add("value", "REQUIRED", say("It is empty."), say("Give it a value."))
	case len(value) > MaxSecret:
		c.add("value", "TOO_LARGE", say("It has %d bytes; at most %d are allowed.", len(value), MaxSecret), say("Use a shorter one."))
	case !utf8.Valid(value):
		c.add("value", "BAD_TEXT", say("It is not UTF-8."), say("Encode it, for example in base64."))
	}
	return c.err()
}

// Secrets lists the workspace's secrets by name, and which grants use them;
// never what they hold.
func (s *Service) Secrets(ctx context.Context, a Actor) ([]Secret, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	list, err := s.store.Secrets(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	plugins, err := s.store.Plugins(ctx, a.Workspace)
	if err != nil {
		return nil, err
	}
	uses := map[string][]SecretUse{}
	for _, p := range plugins {
		var grant struct {
			Secrets []struct{ Name, Host string }
		}
		if len(p.Grant) > 0 {
			if err := json.Unmarshal(p.Grant, &grant); err != nil {
				return nil, fmt.Errorf("reading the grant of plugin %s %s: %w", p.Name, p.Version, err)
			}
		}
		for _, g := range grant.Secrets {
			uses[g.Name] = append(uses[g.Name], SecretUse{Plugin: p.Name, Version: p.Version, Host: g.Host})
		}
	}
	for i := range list {
		list[i].UsedBy = uses[list[i].Name]
	}
	return list, nil
}

// DeleteSecret forgets a secret for good. Calls of plugins that use it fail
// from then on, until it is set again.
func (s *Service) DeleteSecret(ctx context.Context, a Actor, name string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteSecret(ctx, a.Workspace, name); err != nil {
			return err
		}
		return s.audit(ctx, a, "secret.delete", name, nil)
	})
}
