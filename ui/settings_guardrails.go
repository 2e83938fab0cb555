package ui

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// freeCaps is how many empty lines the form has for new caps.
const freeCaps = 2

// railsForm is the workspace's guardrails as a form.
func railsForm(ctx context.Context, g orchestrator.Guardrails) view.Rails {
	v := view.Rails{TimeZone: g.TimeZone, Patience: g.Patience.String(), From: "22:00", To: "08:00"}
	for _, m := range []string{orchestrator.ConsentNeeded, orchestrator.ConsentAssumed} {
		v.Marketing = append(v.Marketing, view.Option{Value: m, Text: i18n.T(ctx, "rails.marketing."+m), Selected: m == g.Marketing})
	}
	then := journey.QuietDelay
	if g.Quiet != nil {
		v.Quiet, v.From, v.To, then = true, g.Quiet.From, g.Quiet.To, g.Quiet.Then
	}
	for _, t := range []string{journey.QuietDelay, journey.QuietWithhold} {
		v.Then = append(v.Then, view.Option{Value: t, Text: i18n.T(ctx, "rails.then."+t), Selected: t == then})
	}
	for _, c := range orchestrator.Channels() {
		v.Channels = append(v.Channels, view.Option{Value: c.Name, Text: c.Name, Selected: len(g.Channels) == 0 || slices.Contains(g.Channels, c.Name)})
	}
	for _, c := range g.Caps {
		v.Caps = append(v.Caps, view.CapRow{Category: capCategories(ctx, c.Category), Messages: strconv.Itoa(c.Messages), Per: c.Per.String()})
	}
	for range freeCaps {
		v.Caps = append(v.Caps, view.CapRow{Category: capCategories(ctx, "")})
	}
	return v
}

func capCategories(ctx context.Context, chosen string) []view.Option {
	out := []view.Option{{Value: "", Text: i18n.T(ctx, "rails.any")}}
	for _, c := range []string{orchestrator.CategoryMarketing, orchestrator.CategoryService} {
		out = append(out, view.Option{Value: c, Text: i18n.T(ctx, "category."+c), Selected: c == chosen})
	}
	return out
}

// readRails reads the form. What cannot be read is a problem with its words.
func readRails(ctx context.Context, form url.Values) (orchestrator.Guardrails, error) {
	g := orchestrator.Guardrails{Marketing: bounded(form.Get("marketing"), 40), TimeZone: strings.TrimSpace(bounded(form.Get("zone"), 100))}
	bad := &orchestrator.ValidationError{Subject: "guardrails"}
	span := func(where, text string) (d journey.Duration) {
		if text = strings.TrimSpace(bounded(text, 40)); text == "" {
			return 0
		}
		d, err := journey.ParseDuration(text)
		if err != nil {
			bad.Problems = append(bad.Problems, orchestrator.Problem{Path: where, Message: bounded(err.Error(), 200)})
		}
		return d
	}
	g.Patience = span(i18n.T(ctx, "rails.patience"), form.Get("patience"))
	if form.Get("quiet") == "on" {
		g.Quiet = &journey.Quiet{From: bounded(form.Get("from"), 10), To: bounded(form.Get("to"), 10), Then: bounded(form.Get("then"), 20)}
	}
	if channels := form["channel"]; len(channels) < len(orchestrator.Channels()) {
		g.Channels = channels
	}
	per, categories := form["cap_per"], form["cap_category"]
	for i, text := range form["cap_messages"] {
		if strings.TrimSpace(text) == "" || i >= len(per) || i >= len(categories) {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			n = -1 // the domain says what is possible
		}
		g.Caps = append(g.Caps, orchestrator.GuardCap{Category: bounded(categories[i], 40), Messages: n, Per: span(i18n.T(ctx, "rails.span"), per[i])})
	}
	if len(bad.Problems) > 0 {
		return g, bad
	}
	return g, nil
}

// postGuardrails replaces the workspace's guardrails.
func (u *UI) postGuardrails(w http.ResponseWriter, r *http.Request, a actor) error {
	if err := parseForm(r); err != nil {
		return err
	}
	ctx := r.Context()
	g, err := readRails(ctx, r.PostForm)
	if err == nil {
		_, err = u.service.SetGuardrails(ctx, a, g)
	}
	if err != nil {
		return u.settingsAgain(w, r, a, err, func(p *view.Settings, bad []view.Problem) {
			p.Rails = railsForm(ctx, g)
			p.Rails.Problems = bad
		})
	}
	u.said(r, i18n.T(ctx, "rails.saved"))
	return redirect(w, r, "/settings#guardrails")
}
