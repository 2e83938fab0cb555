package ui

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// pluginSecrets are the secrets that a version asks for, and whether the workspace
// has them; never what they hold.
func (u *UI) pluginSecrets(ctx context.Context, a actor, p orchestrator.Plugin) ([]view.PluginSecret, error) {
	var out []view.PluginSecret
	for _, n := range p.Needs {
		if name, host, ok := strings.Cut(n.Value, " for "); ok && n.Need == "secret" {
			out = append(out, view.PluginSecret{Name: name, Host: host})
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	kept, err := u.service.Secrets(ctx, a)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if at := slices.IndexFunc(kept, func(s orchestrator.Secret) bool { return s.Name == out[i].Name }); at >= 0 {
			out[i].Set = i18n.Time(ctx, kept[at].UpdatedAt.Local(), u.now())
		}
	}
	return out, nil
}

// postPluginSecret sets, replaces or deletes a secret that the version asks for. It
// is written only: no page ever shows it.
func (u *UI) postPluginSecret(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	p, err := u.service.Plugin(ctx, a, r.PathValue("name"), bounded(r.PostFormValue("version"), maxQuery))
	if err != nil {
		return err
	}
	secret := r.PostFormValue("secret")
	if !slices.ContainsFunc(p.Needs, func(n orchestrator.MissingGrant) bool {
		return n.Need == "secret" && strings.HasPrefix(n.Value, secret+" for ")
	}) {
		return fmt.Errorf("setting a secret: %s %s asks for none called %.64q: %w", p.Name, p.Version, secret, orchestrator.ErrNotFound)
	}
	gone := r.PostFormValue("delete") != ""
	if gone {
		err = u.service.DeleteSecret(ctx, a, secret)
	} else {
		_, err = u.service.PutSecret(ctx, a, secret, []byte(r.PostFormValue("value")))
	}
	if err != nil {
		return err
	}
	said := map[bool]string{true: "plugin.secret.deleted", false: "plugin.secret.kept"}[gone]
	u.said(r, i18n.T(ctx, said, "name", secret))
	return redirect(w, r, pluginPath(p.Name, p.Version))
}
