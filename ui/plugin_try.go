package ui

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// tryPath is where an action is tried.
func tryPath(name, version, action, example string) string {
	q := url.Values{"version": {version}, "action": {action}}
	if example != "" {
		q.Set("example", example)
	}
	return "/plugins/" + url.PathEscape(name) + "/try?" + q.Encode()
}

// getPluginTry asks for the input of an action: that of an example to begin with.
func (u *UI) getPluginTry(w http.ResponseWriter, r *http.Request, a actor) error {
	page, action, err := u.tryPage(r, a)
	if err != nil {
		return err
	}
	typed := url.Values{}
	if page.Example < len(action.Examples) {
		typed = typedOf(action.Examples[page.Example].Input)
	}
	page.Form = schemaForm(r.Context(), jsonOf(action.Input), typed, nil)
	return render(w, r, http.StatusOK, view.TryPage(page))
}

// postPluginTry calls the action and shows what came of it below the form.
func (u *UI) postPluginTry(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	page, action, err := u.tryPage(r, a)
	if err != nil {
		return err
	}
	schema := jsonOf(action.Input)
	page.Form = schemaForm(ctx, schema, r.PostForm, nil)
	input := jsonOf(schemaValues(schema, r.PostForm))
	tried, err := u.service.TryPlugin(ctx, a, page.Name, page.Version, orchestrator.PluginTrial{
		Action: action.Name, Example: page.Example, Input: input, Locale: i18n.Lang(ctx),
	})
	if err != nil {
		return err
	}
	page.Tried = &view.Tried{
		Input: indented(input), Output: indented(tried.Output), Code: tried.Code, Text: tried.Text, Log: tried.Log, Asked: tried.Asked, Beside: tried.Beside,
		Fuel: strconv.FormatInt(tried.Fuel, 10), Memory: strconv.FormatInt(tried.Memory>>10, 10) + " KiB", Took: brief(tried.Took),
	}
	if tried.Code != "" {
		page.Tried.Retry = i18n.T(ctx, "plugin.try.retry."+cmp.Or(tried.Retry, "never"))
	}
	return render(w, r, http.StatusOK, view.TryPage(page))
}

// tryPage is the page of an action without its form.
func (u *UI) tryPage(r *http.Request, a actor) (view.Try, manifestAction, error) {
	ctx := r.Context()
	p, err := u.service.Plugin(ctx, a, r.PathValue("name"), bounded(r.FormValue("version"), maxQuery))
	if err != nil {
		return view.Try{}, manifestAction{}, err
	}
	m, name := readManifest(p.Manifest), r.FormValue("action")
	i := slices.IndexFunc(m.Actions, func(a manifestAction) bool { return a.Name == name })
	if i < 0 {
		return view.Try{}, manifestAction{}, orchestrator.ErrNotFound
	}
	action := m.Actions[i]
	page := view.Try{
		Name: p.Name, Version: p.Version, Action: action.Name, Title: action.title(ctx), Text: i18n.Pick(ctx, action.Description), Back: pluginPath(p.Name, p.Version),
	}
	if page.Example, err = strconv.Atoi(r.FormValue("example")); err != nil || page.Example < 0 {
		page.Example = 0
	}
	for n, e := range action.Examples {
		page.Examples = append(page.Examples, view.Link{
			Text: cmp.Or(i18n.Pick(ctx, e.Title), e.Error, i18n.T(ctx, "plugin.example")+" "+strconv.Itoa(n+1)), URL: tryPath(p.Name, p.Version, action.Name, strconv.Itoa(n)),
		})
	}
	return page, action, nil
}

// typedOf is an example's input as a form of its schema would have it.
func typedOf(input json.RawMessage) url.Values {
	var fields map[string]any
	d := json.NewDecoder(strings.NewReader(string(input)))
	d.UseNumber()
	_ = d.Decode(&fields) // the manifest was checked
	out := url.Values{}
	for name, v := range fields {
		if s, ok := v.(string); ok {
			out.Set("f."+name, s)
			continue
		}
		out.Set("f."+name, compact(v))
	}
	return out
}

func jsonOf(v map[string]any) json.RawMessage {
	b, _ := json.Marshal(v) // it came from JSON, or from texts
	return b
}
