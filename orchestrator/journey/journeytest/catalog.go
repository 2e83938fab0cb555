// Package journeytest gives tests a catalog of the example partners' actions,
// with the inputs that their manifests declare.
package journeytest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

type catalog map[string]journey.ActionSpec

func (c catalog) Action(name string) (journey.ActionSpec, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Actions() []string                             { return slices.Sorted(maps.Keys(c)) }

func (catalog) Fragments() []string { return []string{"ask-nps@1"} }

// Fragment has one: a question, and a word of thanks for an answer.
func (catalog) Fragment(name string, version int) ([]*journey.Step, bool) {
	if name != "ask-nps" || version != 1 {
		return nil, false
	}
	f, problems := journey.CompileFragment([]byte(askNPS), nil)
	if len(problems) > 0 {
		panic(problems[0].String()) //nolint:forbidigo // the literal below
	}
	return f.Steps, true
}

const askNPS = `
qidong: v1
fragment: ask-nps
title: {en: Ask for a recommendation, zh-CN: 询问推荐意愿}
steps:
  - id: ask
    survey:
      kind: nps
      question: {en: "Would you recommend us? (0 no, 10 yes)", zh-CN: 您会推荐我们吗？（0 不会，10 会）}
      wait: 2d
  - id: answered
    choose:
      arms:
        - id: "yes"
          when: steps.ask.answered
          steps:
            - id: thanks
              send: {category: service, text: {en: "Thank you for your ${steps.ask.score}.", zh-CN: "感谢您的评分：${steps.ask.score}。"}}
      otherwise: {}
`

// segments are those that tests may name.
var segments = map[string]string{"members": `"member" in customer.tags`, "everyone": "true"}

func (catalog) Segment(name string) (string, bool) { rule, ok := segments[name]; return rule, ok }
func (catalog) Segments() []string                 { return slices.Sorted(maps.Keys(segments)) }

// journeys are those that tests may name.
func (catalog) Journey(name string) bool { return name == "movie-night" || name == "welcome" }

// Leads has a journey that ends in another one.
func (catalog) Leads(name string) []string {
	return map[string][]string{"welcome": {"movie-night"}, "movie-night": {"film-club"}}[name]
}

func (catalog) Channels() []string { return []string{"handset"} }

const place = `{"type":"object","additionalProperties":false,"required":["address","latitude","longitude"],
	"properties":{"address":{"type":"string"},"latitude":{"type":"number"},"longitude":{"type":"number"}}}`

// Catalog holds the actions of cinema, bank, ride and points, and test.echo,
// which has no effect and takes anything. Each call gives one of its own.
func Catalog() journey.Catalog {
	c := catalog{}
	c.add("cinema.list_shows", "read", "", `"film_id":{"type":"string"},"count":{"type":"integer","minimum":1,"maximum":10},"locale":{"type":"string"}`)
	c.add("cinema.hold_seats", "write", "release_seats", `"show_id":{"type":"string"},"seats":{"type":"integer","minimum":1,"maximum":6},"customer_ref":{"type":"string"},"locale":{"type":"string"}`)
	c.add("cinema.release_seats", "write", "", `"hold_key":{"type":"string"}`)
	c.add("cinema.issue_ticket", "write", "void_ticket", `"hold_id":{"type":"string"},"payment_id":{"type":"string"},"customer_ref":{"type":"string"}`)
	c.add("cinema.void_ticket", "write", "", `"ticket_key":{"type":"string"}`)
	c.add("bank.charge", "write", "refund", `"amount":{"type":"integer","minimum":1},"currency":{"enum":["CNY"]},"customer_ref":{"type":"string"},"description":{"type":"string"}`)
	c.add("bank.refund", "write", "", `"charge_key":{"type":"string"}`)
	c.add("ride.order", "write", "cancel", `"pickup":`+place+`,"destination":`+place+`,"arrive_by":{"type":"string"},"customer_ref":{"type":"string"}`)
	c.add("ride.cancel", "write", "", `"order_key":{"type":"string"}`)
	c.add("points.grant", "write", "", `"amount":{"type":"integer","minimum":1,"maximum":100000},"reason":{"type":"string"}`)
	c.add("test.echo", "none", "", "")
	return c
}

// add declares an action. properties is the inside of a JSON object, all of
// them required, or "" for an action that takes anything.
func (c catalog) add(name, effect, undo, properties string) {
	plugin, action, _ := strings.Cut(name, ".")
	input := map[string]any{"type": "object"}
	if properties != "" {
		known := map[string]any{}
		if err := json.Unmarshal([]byte("{"+properties+"}"), &known); err != nil {
			panic(err) //nolint:forbidigo // the literals above
		}
		required := []any{}
		for _, name := range slices.Sorted(maps.Keys(known)) {
			required = append(required, name)
		}
		input["properties"], input["required"], input["additionalProperties"] = known, required, false
	}
	c[name] = journey.ActionSpec{
		Action: journey.Action{
			Plugin: plugin, Version: "1.0.0", Digest: strings.Repeat("0", 64), Name: action, Effect: effect, Timeout: 5 * time.Second,
		},
		Undo: undo, Input: input, Output: map[string]any{"type": "object"},
	}
}
