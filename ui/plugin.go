package ui

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// getPlugin shows one version of a plugin; without one, the newest.
func (u *UI) getPlugin(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, name := r.Context(), r.PathValue("name")
	p, err := u.service.Plugin(ctx, a, name, bounded(r.URL.Query().Get("version"), maxQuery))
	if err != nil {
		return err
	}
	m := readManifest(p.Manifest)
	page := view.Plugin{
		PluginTile: pluginTile(ctx, p), Reason: p.Reason, Digest: bounded(p.Digest, 12), Size: strconv.FormatInt((p.Size+1023)/1024, 10),
		Uploaded: i18n.Time(ctx, p.CreatedAt.Local(), u.now()), Needs: pluginNeeds(ctx, p), Limits: limitsOf(p.Grant), Config: configText(p.Config), Configurable: len(m.Config) > 0,
	}
	for _, state := range append([]orchestrator.PluginState{p.State}, p.Moves()...) {
		if state == orchestrator.PluginChecked && p.State == orchestrator.PluginInReview {
			continue // what takes the review back is another upload
		}
		page.States = append(page.States, view.Option{Value: string(state), Text: i18n.T(ctx, "plugin.state."+string(state)), Selected: state == p.State})
	}
	for _, action := range m.Actions {
		offer := action.shown(ctx)
		offer.Try = tryPath(p.Name, p.Version, action.Name, "")
		page.Offers = append(page.Offers, offer)
	}
	if page.Secrets, err = u.pluginSecrets(ctx, a, p); err != nil {
		return err
	}
	for _, part := range []func(context.Context, actor, string, *view.Plugin) error{u.pluginVersions, u.pluginFailures, u.pluginUses} {
		if err := part(ctx, a, p.Name, &page); err != nil {
			return err
		}
	}
	return render(w, r, http.StatusOK, view.PluginPage(page))
}

// configText is a configuration to edit: whole, and as people read JSON.
func configText(config json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, config, "", "  ") != nil {
		return string(config)
	}
	return b.String()
}

// pluginNeeds are what a version asks for, each with the partner's reason and
// whether it was granted.
func pluginNeeds(ctx context.Context, p orchestrator.Plugin) []view.PluginNeed {
	var out []view.PluginNeed
	for _, n := range p.Needs {
		missing := slices.ContainsFunc(p.Missing, func(m orchestrator.MissingGrant) bool { return m.String() == n.String() })
		out = append(out, view.PluginNeed{
			Value: n.String(), What: i18n.T(ctx, "plugin.need."+n.Need), Name: n.Value, Reason: i18n.Pick(ctx, n.Reason), Granted: !missing,
			Wrong: n.Need == "config" || n.Need == "grant",
		})
	}
	return out
}

func (u *UI) pluginVersions(ctx context.Context, a actor, name string, page *view.Plugin) error {
	list, err := u.service.Plugins(ctx, a)
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.Name == name {
			page.Versions = len(page.All) + 1
			page.All = append(page.All, view.PluginVersion{
				Version: p.Version, URL: pluginPath(p.Name, p.Version), State: pluginState(ctx, p), Missing: len(p.Missing),
				Uploaded: i18n.Time(ctx, p.CreatedAt.Local(), u.now()), Current: p.Version == page.Version,
			})
		}
	}
	return nil
}

// pluginFailures are the newest recorded calls that failed.
func (u *UI) pluginFailures(ctx context.Context, a actor, name string, page *view.Plugin) error {
	calls, _, err := u.service.PluginCalls(ctx, a, orchestrator.CallFilter{Plugin: name, Version: page.Version, Failed: true}, orchestrator.Page{Limit: pluginCalls})
	if err != nil {
		return err
	}
	for _, c := range calls {
		page.Failures = append(page.Failures, view.PluginFailure{
			ID: c.ID, Action: c.Action, Code: c.Code, At: i18n.Time(ctx, c.At.Local(), u.now()), Took: brief(c.Duration), Enrollment: c.Enrollment,
		})
	}
	return nil
}

// pluginUses are the versions of journeys that call this version.
func (u *UI) pluginUses(ctx context.Context, a actor, name string, page *view.Plugin) error {
	uses, err := u.service.PluginUses(ctx, a, name, page.Version)
	if err != nil || len(uses) == 0 {
		return err
	}
	journeys, err := u.service.Journeys(ctx, a)
	if err != nil {
		return err
	}
	titles := map[string]string{}
	for _, j := range journeys {
		titles[j.Name] = journeyTitle(ctx, j.Title, j.Name)
	}
	for _, use := range uses {
		page.Uses = append(page.Uses, view.PluginUse{
			Journey: view.Link{Text: cmp.Or(titles[use.Journey], use.Journey), URL: view.TabURL(use.Journey, "versions")},
			Version: "v" + strconv.Itoa(use.Number), Newest: use.Newest, Live: i18n.Count(ctx, "plugin.live", int(use.Live)),
		})
	}
	return nil
}
