package ui

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// maxModule bounds an upload: the most that a module may have (sdk/abi.MaxModule).
const maxModule = 8 << 20

// pluginCalls are the newest failures that a plugin's page shows.
const pluginCalls = 20

// pluginService is what the pages of plugins ask.
type pluginService interface {
	Plugins(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Plugin, error)
	Plugin(ctx context.Context, a orchestrator.Actor, name, version string) (orchestrator.Plugin, error)
	UploadPlugin(ctx context.Context, a orchestrator.Actor, module []byte, config, grant json.RawMessage) (orchestrator.Plugin, error)
	UpdatePlugin(ctx context.Context, a orchestrator.Actor, name, version string, p orchestrator.PluginUpdate) (orchestrator.Plugin, error)
	GrantPlugin(ctx context.Context, a orchestrator.Actor, name, version string, allowed []string) (orchestrator.Plugin, error)
	PluginUses(ctx context.Context, a orchestrator.Actor, name, version string) ([]orchestrator.PluginUse, error)
	YankPlugin(ctx context.Context, a orchestrator.Actor, name, version, reason string, force bool) (orchestrator.Plugin, error)
	Secrets(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Secret, error)
	PutSecret(ctx context.Context, a orchestrator.Actor, name string, value []byte) (orchestrator.Secret, error)
	DeleteSecret(ctx context.Context, a orchestrator.Actor, name string) error
	TryPlugin(ctx context.Context, a orchestrator.Actor, name, version string, t orchestrator.PluginTrial) (orchestrator.PluginTried, error)
	PluginCalls(ctx context.Context, a orchestrator.Actor, f orchestrator.CallFilter, p orchestrator.Page) ([]orchestrator.PluginCall, string, error)
}

func (u *UI) pluginRoutes() routes {
	return routes{
		"GET /plugins":                u.getPlugins,
		"POST /plugins":               u.postPlugin,
		"GET /plugins/{name}":         u.getPlugin,
		"GET /plugins/{name}/try":     u.getPluginTry,
		"POST /plugins/{name}/try":    u.postPluginTry,
		"POST /plugins/{name}/secret": u.postPluginSecret,
		"POST /plugins/{name}/grant":  u.postPluginGrant,
		"POST /plugins/{name}/config": u.postPluginConfig,
		"POST /plugins/{name}/state":  u.postPluginState,
	}
}

// pluginPath is where a version of a plugin is shown.
func pluginPath(name, version string) string {
	return "/plugins/" + url.PathEscape(name) + "?" + url.Values{"version": {version}}.Encode()
}

// getPlugins is the catalogue.
func (u *UI) getPlugins(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.showPlugins(w, r, a, http.StatusOK, nil)
}

func (u *UI) showPlugins(w http.ResponseWriter, r *http.Request, a actor, status int, bad []view.Problem) error {
	ctx, query := r.Context(), bounded(r.URL.Query().Get("q"), maxQuery)
	list, err := u.service.Plugins(ctx, a)
	if err != nil {
		return err
	}
	page := view.PluginList{Query: query, Problems: bad, Most: i18n.T(ctx, "plugin.most", "n", strconv.Itoa(maxModule>>20))}
	for i, p := range list {
		if i > 0 && list[i-1].Name == p.Name {
			page.Tiles[len(page.Tiles)-1].Versions++
			continue // the newest stands for all
		}
		page.Tiles = append(page.Tiles, pluginTile(ctx, p))
	}
	page.Tiles = slices.DeleteFunc(page.Tiles, func(t view.PluginTile) bool {
		return !strings.Contains(strings.ToLower(t.Search), strings.ToLower(query))
	})
	return render(w, r, status, view.PluginsPage(page))
}

func pluginTile(ctx context.Context, p orchestrator.Plugin) view.PluginTile {
	m := readManifest(p.Manifest)
	t := view.PluginTile{
		Name: p.Name, Version: p.Version, Versions: 1, URL: pluginPath(p.Name, ""), Title: m.title(ctx, p.Name), Partner: bounded(m.Partner, maxQuery),
		Text: i18n.Pick(ctx, m.Description), State: pluginState(ctx, p), Missing: len(p.Missing), Health: pluginRow(ctx, p),
	}
	words := []string{t.Name, t.Title, t.Partner, t.Text}
	for _, a := range m.Actions {
		title := a.title(ctx)
		t.Actions = append(t.Actions, title)
		words = append(words, a.Name, title)
	}
	t.Search = strings.Join(words, " ")
	return t
}

func pluginState(ctx context.Context, p orchestrator.Plugin) view.Status {
	class := map[orchestrator.PluginState]string{
		orchestrator.PluginActive: "live", orchestrator.PluginDeprecated: "paused", orchestrator.PluginDisabled: "held",
		orchestrator.PluginChecked: "paused", orchestrator.PluginInReview: "paused", orchestrator.PluginYanked: "held",
	}[p.State]
	return view.Status{Class: class, Text: i18n.T(ctx, "plugin.state."+string(p.State))}
}

// postPlugin takes a module, checks it and stores it. What is wrong with it comes
// back beside the form.
func (u *UI) postPlugin(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx := r.Context()
	refuse := func(status int, key string) error {
		return u.showPlugins(w, r, a, status, []view.Problem{{What: i18n.T(ctx, key, "n", strconv.Itoa(maxModule>>20))}})
	}
	if err := r.ParseMultipartForm(maxModule + maxForm); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return refuse(http.StatusRequestEntityTooLarge, "plugin.most")
		}
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	file, _, err := r.FormFile("module")
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "plugin.choose")
	}
	defer file.Close() //nolint:errcheck // it was read
	module, err := io.ReadAll(io.LimitReader(file, maxModule+1))
	if err != nil {
		return errors.Join(orchestrator.ErrInvalid, err)
	}
	if len(module) > maxModule {
		return refuse(http.StatusRequestEntityTooLarge, "plugin.most")
	}
	p, err := u.service.UploadPlugin(ctx, a, module, nil, nil)
	var invalid *orchestrator.ValidationError
	switch {
	case errors.As(err, &invalid):
		return u.showPlugins(w, r, a, http.StatusUnprocessableEntity, problems(ctx, invalid))
	case err != nil:
		return err
	}
	u.said(r, i18n.T(ctx, "plugin.uploaded", "plugin", p.Name, "version", p.Version))
	return redirect(w, r, pluginPath(p.Name, p.Version))
}

// postPluginGrant decides what a version may do.
func (u *UI) postPluginGrant(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.decidePlugin(w, r, "plugin.granted", func(name, version string) (orchestrator.Plugin, error) {
		return u.service.GrantPlugin(r.Context(), a, name, version, r.PostForm["allow"])
	})
}

// postPluginConfig changes a version's configuration.
func (u *UI) postPluginConfig(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.decidePlugin(w, r, "plugin.configured", func(name, version string) (orchestrator.Plugin, error) {
		return u.service.UpdatePlugin(r.Context(), a, name, version, orchestrator.PluginUpdate{Config: []byte(r.PostFormValue("config"))})
	})
}

// postPluginState switches a version on or off, lets it run out, or takes it back.
func (u *UI) postPluginState(w http.ResponseWriter, r *http.Request, a actor) error {
	return u.decidePlugin(w, r, "plugin.switched", func(name, version string) (orchestrator.Plugin, error) {
		state := orchestrator.PluginState(bounded(r.PostFormValue("state"), maxQuery))
		if state == orchestrator.PluginYanked { // not over those under way: that is for the command line, by force
			return u.service.YankPlugin(r.Context(), a, name, version, bounded(r.PostFormValue("reason"), maxField), false)
		}
		return u.service.UpdatePlugin(r.Context(), a, name, version, orchestrator.PluginUpdate{State: state})
	})
}

// decidePlugin changes the version that a form is about and shows it.
func (u *UI) decidePlugin(w http.ResponseWriter, r *http.Request, said string, do func(name, version string) (orchestrator.Plugin, error)) error {
	if err := parseForm(r); err != nil {
		return err
	}
	p, err := do(r.PathValue("name"), bounded(r.PostFormValue("version"), maxQuery))
	if err != nil {
		return err
	}
	u.said(r, i18n.T(r.Context(), said, "plugin", p.Name, "version", p.Version))
	return redirect(w, r, pluginPath(p.Name, p.Version))
}
