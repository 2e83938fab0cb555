package orchestrator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// signInTime is how long a sign-in link works.
const signInTime = 15 * time.Minute

// newSecret is 256 random bits in base64url.
func newSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// minSecret is 128 bits in base64url.
const minSecret = 22

// hashSecret is all that is kept of a secret. Looking it up by hash, the time
// that takes says nothing about the secret.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Authenticate finds the actor of an API token; [ErrUnauthorized].
func (s *Service) Authenticate(ctx context.Context, secret string) (Actor, error) {
	t, err := s.store.TokenByHash(ctx, hashSecret(secret))
	switch {
	case errors.Is(err, ErrNotFound):
		return Actor{}, Refuse(ErrUnauthorized, say("the API token is not known; make one, or use the one in the data directory"))
	case err != nil:
		return Actor{}, fmt.Errorf("checking an API token: %w", err)
	case !t.ExpiresAt.IsZero() && !s.now().Before(t.ExpiresAt):
		return Actor{}, Refuse(ErrUnauthorized, say("the API token %q expired on %s; make a new one", t.Name, t.ExpiresAt.Format(time.DateOnly)))
	}
	return Actor{Workspace: t.Workspace, Name: t.Name, Scopes: t.Scopes}, nil
}

// NewToken makes an API token and returns its secret, which is not kept.
func (s *Service) NewToken(ctx context.Context, workspace, name string, scopes []string) (secret string, err error) {
	secret = newSecret()
	if err := s.putToken(ctx, workspace, name, secret, scopes); err != nil {
		return "", err
	}
	return secret, nil
}

// EnsureToken makes a known secret an API token; again changes nothing. It is
// for a secret that a file keeps, of 128 random bits or more.
func (s *Service) EnsureToken(ctx context.Context, workspace, name, secret string, scopes []string) error {
	if len(secret) < minSecret {
		return Refuse(ErrInvalid, say("the secret of a token has at least %d characters", minSecret))
	}
	_, err := s.store.TokenByHash(ctx, hashSecret(secret))
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	return s.putToken(ctx, workspace, name, secret, scopes)
}

func (s *Service) putToken(ctx context.Context, workspace, name, secret string, scopes []string) error {
	return s.storeToken(ctx, operator(workspace), Token{Workspace: workspace, Name: name, Scopes: scopes}, secret)
}

// storeToken checks and stores a token with the hash of its secret.
func (s *Service) storeToken(ctx context.Context, by Actor, t Token, secret string) error {
	c := check{subject: "token"}
	c.name("workspace", t.Workspace)
	c.text("name", t.Name, 1, 100)
	for _, scope := range t.Scopes {
		if scope != ScopeAdmin && scope != ScopeEvents {
			c.add("scopes", "UNKNOWN_SCOPE", say("%q is no scope.", scope), say("Use admin or events."))
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	t.Hash, t.CreatedAt = hashSecret(secret), s.now()
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.PutToken(ctx, t); err != nil {
			return err
		}
		return s.audit(ctx, by, "token.create", t.Name, map[string]any{"scopes": t.Scopes})
	})
}

// operator acts for whoever runs the process.
func operator(workspace string) Actor { return Actor{Workspace: workspace, Name: "qidong"} }

// NewSignInLink makes the secret of a link that signs in once, within 15 minutes.
func (s *Service) NewSignInLink(ctx context.Context, workspace string) (secret string, err error) {
	secret = newSecret()
	if err := s.store.AddSignInLink(ctx, hashSecret(secret), workspace, s.now().Add(signInTime)); err != nil {
		return "", err
	}
	return secret, nil
}

// SignIn spends a sign-in link; [ErrUnauthorized] when it is unknown, used or
// expired. The actor has the scope admin.
func (s *Service) SignIn(ctx context.Context, secret string) (Actor, error) {
	var a Actor
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		workspace, err := s.store.UseSignInLink(ctx, hashSecret(secret))
		if err != nil {
			return err
		}
		a = Actor{Workspace: workspace, Name: "admin", Scopes: []string{ScopeAdmin}}
		return s.audit(ctx, a, "session.start", a.Name, nil)
	})
	if errors.Is(err, ErrNotFound) {
		return Actor{}, Refuse(ErrUnauthorized, say("the sign-in link is unknown, used or older than 15 minutes; start qidong again for a new one"))
	}
	if err != nil {
		return Actor{}, fmt.Errorf("signing in: %w", err)
	}
	return a, nil
}
