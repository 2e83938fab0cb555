package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// simulateService predicts what drafts do.
type simulateService interface {
	Simulate(ctx context.Context, a orchestrator.Actor, name string, r orchestrator.SimulationRequest) (orchestrator.SimulationReport, error)
	SimulatedCustomer(ctx context.Context, a orchestrator.Actor, name string, r orchestrator.SimulationRequest, index int) (orchestrator.SimulatedCustomer, error)
}

func (u *UI) simulateRoutes() routes {
	return routes{
		"GET /journeys/{name}/simulate":                   u.getSimulate,
		"GET /journeys/{name}/simulate/customers/{index}": u.getSimulatedCustomer,
	}
}

// Fields of a simulation's form. Those of replies and partners go on with what
// they are about.
const (
	fieldCustomers = "customers"
	fieldSeed      = "seed"
	fieldLocale    = "locale"
	fieldSilence   = "silence"
	fieldTraits    = "traits"
	replyField     = "reply:" // step:reply
	partnerField   = "partner:"
)

// maxTraits bounds the traits that a form gives, in bytes: they are in the address.
const maxTraits = 2000

// getSimulate asks what to simulate; an address with customers in it has the
// answer too. It changes nothing, and the same address gives the same answer as
// long as the draft stays the same.
func (u *UI) getSimulate(w http.ResponseWriter, r *http.Request, a actor) error {
	ctx, q, name := r.Context(), r.URL.Query(), r.PathValue("name")
	draft, err := u.service.Draft(ctx, a, name)
	if err != nil {
		return err
	}
	p := simulatePage(ctx, draft, q)
	p.Canvas, _ = picture(ctx, draft.Definition, "live")
	if len(draft.Problems) > 0 || q.Get(fieldCustomers) == "" {
		return render(w, r, http.StatusOK, view.SimulatePage(p))
	}
	report, err := u.simulate(ctx, a, name, q)
	status := http.StatusOK
	switch {
	case err == nil:
		p.Canvas = simulatedCanvas(ctx, p, report, q)
		p.Report = simulated(ctx, p.URL, report, q)
	case errors.Is(err, orchestrator.ErrInvalid), errors.Is(err, orchestrator.ErrPrecondition):
		var f view.Failure
		status, f = failure(ctx, err)
		p.Error, p.Refusals = f.Title, f.Problems
		if f.Detail != "" {
			p.Error = f.Detail
		}
	default:
		return err
	}
	return render(w, r, status, view.SimulatePage(p))
}

func (u *UI) simulate(ctx context.Context, a actor, name string, q url.Values) (orchestrator.SimulationReport, error) {
	request, err := readSimulation(q)
	if err != nil {
		return orchestrator.SimulationReport{}, err
	}
	return u.service.Simulate(ctx, a, name, request)
}

// readSimulation reads a form.
func readSimulation(q url.Values) (r orchestrator.SimulationRequest, err error) {
	wrong := func(field string) error {
		return fmt.Errorf("reading the simulation: %s is not a number: %w", field, orchestrator.ErrInvalid)
	}
	if r.Customers, err = strconv.Atoi(q.Get(fieldCustomers)); err != nil {
		return r, wrong(fieldCustomers)
	}
	if r.Seed, err = strconv.ParseUint(q.Get(fieldSeed), 10, 64); err != nil && q.Get(fieldSeed) != "" {
		return r, wrong(fieldSeed)
	}
	if locale := bounded(q.Get(fieldLocale), 20); locale != "" {
		r.Locales = []string{locale}
	}
	if text := q.Get(fieldSilence); text != "" {
		percent, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return r, wrong(fieldSilence)
		}
		share := percent / 100
		r.Silence = &share
	}
	if text := strings.TrimSpace(q.Get(fieldTraits)); text != "" {
		if len(text) > maxTraits || json.Unmarshal([]byte(text), &r.Traits) != nil {
			return r, fmt.Errorf("reading the simulation: the traits are no JSON object of at most %d bytes: %w", maxTraits, orchestrator.ErrInvalid)
		}
	}
	return r, readMoods(&r, q)
}

// readMoods reads what customers and partners do other than by default.
func readMoods(r *orchestrator.SimulationRequest, q url.Values) error {
	for field := range q {
		value := q.Get(field)
		if of, ok := strings.CutPrefix(field, partnerField); ok && value != "" {
			if r.Partners == nil {
				r.Partners = map[string]orchestrator.PartnerMood{}
			}
			r.Partners[bounded(of, maxQuery)] = orchestrator.PartnerMood(bounded(value, 20))
		}
		of, ok := strings.CutPrefix(field, replyField)
		step, reply, named := strings.Cut(of, ":")
		if !ok || !named {
			continue
		}
		weight, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("reading the simulation: the weight of %s is not a number: %w", bounded(of, maxQuery), orchestrator.ErrInvalid)
		}
		if r.Replies == nil {
			r.Replies = map[string]map[string]float64{}
		}
		if r.Replies[step] == nil {
			r.Replies[step] = map[string]float64{}
		}
		r.Replies[step][reply] = weight
	}
	return nil
}

// simulatePage is the form, with what was asked for.
func simulatePage(ctx context.Context, draft orchestrator.DraftView, q url.Values) view.Simulate {
	name := draft.Journey
	p := view.Simulate{
		Name: name, Title: journeyTitle(ctx, draft.Definition.Title, name), URL: view.TabURL(name, "simulate"), Unready: len(draft.Problems) > 0,
		Customers: given(q, fieldCustomers, "200"), Seed: given(q, fieldSeed, "1"), Silence: given(q, fieldSilence, "20"), Traits: bounded(q.Get(fieldTraits), maxTraits),
		Most: strconv.Itoa(orchestrator.MaxSimulated),
	}
	for _, l := range []string{"", "en", "zh-CN"} {
		p.Locales = append(p.Locales, view.Option{Value: l, Text: i18n.T(ctx, "simulate.locale."+l), Selected: q.Get(fieldLocale) == l})
	}
	actions := map[string]bool{}
	for _, s := range steps(draft.Definition) {
		if choices := replyChoices(ctx, s, q); len(choices) > 1 {
			p.Replies = append(p.Replies, view.SimulatedReplies{Step: stepTitle(ctx, s), Choices: choices})
		}
		if s.Call == nil || actions[s.Call.Action] {
			continue
		}
		actions[s.Call.Action] = true
		partner := view.SimulatedPartner{Field: partnerField + s.Call.Action, Action: s.Call.Action}
		for _, mood := range []orchestrator.PartnerMood{"", orchestrator.PartnerFlaky, orchestrator.PartnerDown} {
			partner.Moods = append(partner.Moods, view.Option{
				Value: string(mood), Text: i18n.T(ctx, "simulate.mood."+string(mood)), Selected: q.Get(partner.Field) == string(mood),
			})
		}
		p.Partners = append(p.Partners, partner)
	}
	return p
}

func given(q url.Values, field, otherwise string) string {
	if v := bounded(q.Get(field), 40); v != "" {
		return v
	}
	return otherwise
}

// replyChoices are what a customer may answer to a message, each once.
func replyChoices(ctx context.Context, s *journey.Step, q url.Values) (out []view.SimulatedReply) {
	if s.Send == nil {
		return nil
	}
	list := slices.Clone(s.Send.Suggestions)
	if s.Send.Card != nil {
		list = append(list, s.Send.Card.Suggestions...)
	}
	if s.Send.Carousel != nil {
		list = append(list, s.Send.Carousel.Card.Suggestions...)
	}
	for _, suggestion := range list {
		field := replyField + s.ID + ":" + suggestion.Reply
		if suggestion.Reply == "" || slices.ContainsFunc(out, func(r view.SimulatedReply) bool { return r.Field == field }) {
			continue
		}
		out = append(out, view.SimulatedReply{Field: field, Text: armTitle(ctx, suggestion.Text, suggestion.Reply), Weight: given(q, field, "1")})
	}
	return out
}
