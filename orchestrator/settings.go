package orchestrator

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"golang.org/x/text/language"
)

// Settings are what a workspace has set about itself.
type Settings struct {
	Brand
	// Locales are the languages that the workspace writes in, the first for
	// customers who have none of them; empty is en and zh-CN.
	Locales []string `json:"locales,omitempty"`
	// Approval says that somebody else than who publishes has to approve first.
	Approval bool `json:"approval,omitempty"`
	// PluginSignatures says that only plugins are taken which a partner's key
	// signed.
	PluginSignatures bool `json:"plugin_signatures,omitempty"`
	// PluginReview says that somebody else than who uploaded a plugin version
	// decides what it may do.
	PluginReview bool `json:"plugin_review,omitempty"`
}

// Brand is who a workspace is to its customers.
type Brand struct {
	// Name is the brand, as customers see it; "" is the installation's.
	Name string `json:"name,omitempty"`
	// Color is that of the brand's mark, "#rrggbb"; "" is the installation's.
	Color string `json:"color,omitempty"`
}

// SettingsStore keeps what workspaces have set.
type SettingsStore interface {
	// Settings are the workspace's, zero when it has set nothing.
	Settings(ctx context.Context, workspace string) (Settings, error)
	SetSettings(ctx context.Context, workspace string, v Settings) error
}

// AuditFilter narrows the audit log; zero fields do not.
type AuditFilter struct {
	Workspace string
	Actor     string
	Action    string // exactly, or all that begin with it when it ends in "."
	Object    string
}

var color = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Settings are those of the actor's workspace.
func (s *Service) Settings(ctx context.Context, a Actor) (Settings, error) {
	if err := a.may(); err != nil {
		return Settings{}, err
	}
	v, err := s.store.Settings(ctx, a.Workspace)
	if len(v.Locales) == 0 {
		v.Locales = []string{"en", "zh-CN"}
	}
	return v, err
}

// SetSettings replaces those of the actor's workspace. It is audited.
func (s *Service) SetSettings(ctx context.Context, a Actor, v Settings) error {
	if err := a.may(); err != nil {
		return err
	}
	c := check{subject: "settings"}
	c.text("name", v.Name, 0, 100)
	if v.Color != "" && !color.MatchString(v.Color) {
		c.add("color", "BAD_COLOR", say("%.40q is no color.", v.Color), say("Write it as #3355cc."))
	}
	if len(v.Locales) > 20 {
		c.add("locales", "TOO_MANY", say("There are %d; at most 20 are allowed.", len(v.Locales)), say("Send fewer."))
		return c.err()
	}
	for i, l := range v.Locales {
		path := fmt.Sprintf("locales.%d", i)
		if _, err := language.Parse(l); err != nil || l == "" {
			c.add(path, "BAD_LOCALE", say("%.40q is no language tag.", l), say("Use one such as en or zh-CN."))
		}
		if slices.Contains(v.Locales[:i], l) {
			c.add(path, "DUPLICATE", say("%.40q is named twice.", l), say("Name each language once."))
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.SetSettings(ctx, a.Workspace, v); err != nil {
			return err
		}
		return s.audit(ctx, a, "settings.set", a.Workspace, v)
	})
}

// Tokens lists the API tokens of the actor's workspace, newest first, without
// anything of their secrets.
func (s *Service) Tokens(ctx context.Context, a Actor) ([]Token, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Tokens(ctx, a.Workspace)
}

// CreateToken makes an API token of the actor's workspace and returns its
// secret, which is not kept. Life 0 is for good; else it is 1 hour to 2 years.
func (s *Service) CreateToken(ctx context.Context, a Actor, name string, scopes []string, life time.Duration) (secret string, err error) {
	if err := a.may(); err != nil {
		return "", err
	}
	c := check{subject: "token"}
	if len(scopes) == 0 {
		c.add("scopes", "REQUIRED", say("A token without a scope may do nothing."), say("Choose admin or events."))
	}
	if life != 0 && (life < time.Hour || life > 2*366*24*time.Hour) {
		c.add("life", "OUT_OF_RANGE", say("A token cannot live for %s.", life), say("Use 1 hour to 2 years, or no end."))
	}
	if err := c.err(); err != nil {
		return "", err
	}
	t := Token{Workspace: a.Workspace, Name: name, Scopes: scopes}
	if life != 0 {
		t.ExpiresAt = s.now().Add(life)
	}
	secret = newSecret()
	return secret, s.storeToken(ctx, a, t, secret)
}

// RevokeToken deletes an API token: the next request with it is refused. It is
// audited. The token that the data directory keeps comes back when the server
// starts again.
func (s *Service) RevokeToken(ctx context.Context, a Actor, id string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		t, err := s.store.DropToken(ctx, a.Workspace, id)
		if err != nil {
			return err
		}
		return s.audit(ctx, a, "token.revoke", t.Name, map[string]any{"id": id, "scopes": t.Scopes})
	})
}

// InviteLink makes the secret of a link that signs somebody in to the actor's
// workspace, once, within 15 minutes. It is audited.
func (s *Service) InviteLink(ctx context.Context, a Actor) (secret string, err error) {
	if err := a.may(); err != nil {
		return "", err
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if secret, err = s.NewSignInLink(ctx, a.Workspace); err != nil {
			return err
		}
		return s.audit(ctx, a, "session.invite", a.Workspace, nil)
	})
	return secret, err
}

// AuditPage lists the audit log, newest first. [Service.CheckAudit] checks the
// chain.
func (s *Service) AuditPage(ctx context.Context, a Actor, f AuditFilter, p Page) ([]AuditRecord, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	f.Workspace = a.Workspace
	return s.store.AuditPage(ctx, f, p)
}

// CheckAudit reads the whole audit log and checks its chain; the error names the
// first bad record. It returns how many records there are.
func (s *Service) CheckAudit(ctx context.Context, a Actor) (int, error) {
	if err := a.may(); err != nil {
		return 0, err
	}
	list, err := s.store.AuditLog(ctx, a.Workspace)
	return len(list), err
}
