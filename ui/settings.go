package ui

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

func (u *UI) settingsRoutes() routes {
	return routes{
		"GET /settings":                     u.getSettings,
		"POST /settings":                    u.postSettings,
		"POST /settings/guardrails":         u.postGuardrails,
		"POST /settings/tokens":             u.postToken,
		"POST /settings/tokens/{id}/revoke": u.postRevoke,
		"POST /settings/invite":             u.postInvite,
	}
}

// defaultColor is that of the mark when a workspace has set none.
const defaultColor = "#4455cc"

func (u *UI) getSettings(w http.ResponseWriter, r *http.Request, a actor) error {
	page, err := u.settingsPage(r.Context(), a)
	if err != nil {
		return err
	}
	return render(w, r, http.StatusOK, view.SettingsPage(page))
}

func (u *UI) settingsPage(ctx context.Context, a actor) (view.Settings, error) {
	page := view.Settings{Workspace: a.Workspace}
	s, err := u.service.Settings(ctx, a)
	if err != nil {
		return page, err
	}
	page.Name, page.Color, page.Locales = s.Name, cmp.Or(s.Color, defaultColor), strings.Join(s.Locales, ", ")
	page.Approval, page.PluginSignatures, page.PluginReview = s.Approval, s.PluginSignatures, s.PluginReview
	tokens, err := u.service.Tokens(ctx, a)
	if err != nil {
		return page, err
	}
	for _, t := range tokens {
		row := view.TokenRow{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Created: i18n.Time(ctx, t.CreatedAt.Local(), u.now()), Expires: i18n.T(ctx, "token.forever")}
		if !t.ExpiresAt.IsZero() {
			row.Expires, row.Expired = i18n.T(ctx, "token.until", "at", i18n.Time(ctx, t.ExpiresAt.Local(), u.now())), !u.now().Before(t.ExpiresAt)
		}
		page.Tokens = append(page.Tokens, row)
	}
	for _, days := range []int{30, 90, 365} {
		page.Lives = append(page.Lives, view.Option{Value: strconv.Itoa(days), Text: i18n.T(ctx, "unit.d", "n", strconv.Itoa(days)), Selected: days == 90})
	}
	page.Lives = append(page.Lives, view.Option{Value: "0", Text: i18n.T(ctx, "token.forever")})
	g, err := u.service.Guardrails(ctx, a)
	if err != nil {
		return page, err
	}
	page.Rails = railsForm(ctx, g)
	return page, nil
}

// again shows the page with what was refused.
func (u *UI) settingsAgain(w http.ResponseWriter, r *http.Request, a actor, err error, change func(*view.Settings, []view.Problem)) error {
	var invalid *orchestrator.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	page, failed := u.settingsPage(r.Context(), a)
	if failed != nil {
		return failed
	}
	change(&page, problems(r.Context(), invalid))
	return render(w, r, http.StatusUnprocessableEntity, view.SettingsPage(page))
}

// postSettings stores name, color and languages.
func (u *UI) postSettings(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	s := orchestrator.Settings{
		Brand:    orchestrator.Brand{Name: bounded(r.PostFormValue("name"), maxField), Color: bounded(r.PostFormValue("color"), 20)},
		Approval: r.PostFormValue("approval") != "", PluginSignatures: r.PostFormValue("plugin_signatures") != "",
		PluginReview: r.PostFormValue("plugin_review") != "",
	}
	locales := bounded(r.PostFormValue("locales"), maxField)
	s.Locales = strings.FieldsFunc(locales, func(c rune) bool { return c == ',' || c == ' ' || c == '、' || c == '，' })
	before, err := u.service.Settings(r.Context(), a)
	if err != nil {
		return err
	}
	if err := u.service.SetSettings(r.Context(), a, s); err != nil {
		return u.settingsAgain(w, r, a, err, func(p *view.Settings, bad []view.Problem) {
			p.Name, p.Locales, p.Problems = s.Name, locales, bad
		})
	}
	undo := url.Values{"name": {before.Name}, "color": {before.Color}, "locales": {strings.Join(before.Locales, " ")}}
	for box, on := range map[string]bool{"approval": before.Approval, "plugin_signatures": before.PluginSignatures, "plugin_review": before.PluginReview} {
		if on {
			undo.Set(box, "on")
		}
	}
	u.saidUndo(r, i18n.T(r.Context(), "settings.saved"), "/settings", undo)
	return redirect(w, r, "/settings")
}

// postToken makes a token. Its secret is in this answer and nowhere else.
func (u *UI) postToken(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 0 || days > 731 {
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	name := bounded(r.PostFormValue("name"), maxField)
	secret, err := u.service.CreateToken(r.Context(), a, name, []string{bounded(r.PostFormValue("scope"), 40)}, time.Duration(days)*24*time.Hour)
	if err != nil {
		return err
	}
	page, err := u.settingsPage(r.Context(), a)
	if err != nil {
		return err
	}
	page.Secret, page.SecretName = secret, name
	return render(w, r, http.StatusOK, view.SettingsPage(page))
}

func (u *UI) postRevoke(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := u.service.RevokeToken(r.Context(), a, r.PathValue("id")); err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), "token.revoked"))
	return redirect(w, r, "/settings")
}

// postInvite makes a link that signs somebody in, once.
func (u *UI) postInvite(w http.ResponseWriter, r *http.Request, a actor) error {
	secret, err := u.service.InviteLink(r.Context(), a)
	if err != nil {
		return err
	}
	page, err := u.settingsPage(r.Context(), a)
	if err != nil {
		return err
	}
	page.Link = u.base.String() + "/signin?link=" + url.QueryEscape(secret)
	return render(w, r, http.StatusOK, view.SettingsPage(page))
}
