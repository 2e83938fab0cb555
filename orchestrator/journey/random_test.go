package journey_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

type object = map[string]any

// sketch draws random journeys of every kind of step that are right by
// construction.
type sketch struct {
	t *rapid.T
	n int // steps so far
}

func (k *sketch) journey() []byte {
	k.n = 0
	d := object{
		"qidong": "v1", "journey": "random", "title": "Random",
		"entry": rapid.SampledFrom([]object{
			{"api": true},
			{"event": object{"type": "a.b", "match": "event.data.x > 1"}, "key": "event.data.id"},
			{"segment": object{"segment": "members"}},
			{"schedule": object{"cron": "0 9 * * 5", "segment": "members"}},
			{"keyword": object{"words": []string{"go"}}},
			{"qr": object{}},
		}).Draw(k.t, "entry"),
		"variables": object{"type": "object", "properties": object{"n": object{"type": "integer", "default": 1}}},
		"goals":     []object{{"id": "g", "when": `"won" in customer.tags`}},
		"steps":     k.steps(3, 1),
	}
	if k.pick("exit") {
		d["exit"] = []object{{"id": "x", "event": "stop", "outcome": "stopped", "undo": true, "steps": k.steps(1, 0)}}
	}
	src, err := json.Marshal(d)
	require.NoError(k.t, err)
	return src
}

func (k *sketch) pick(what string) bool { return rapid.Bool().Draw(k.t, what) }

// steps draws least or more steps, with blocks as deep as depth.
func (k *sketch) steps(depth, least int) []object {
	out := []object{}
	for range rapid.IntRange(least, 3).Draw(k.t, "steps") {
		if k.n < 120 {
			out = append(out, k.step(depth))
		}
	}
	if len(out) < least {
		out = append(out, k.step(0))
	}
	return out
}

func (k *sketch) step(depth int) object {
	k.n++
	s := object{"id": fmt.Sprintf("s%d", k.n)}
	if rapid.IntRange(0, 9).Draw(k.t, "disabled") == 0 {
		s["disabled"] = true
	}
	kinds := []string{"call", "send", "delay", "survey", "update", "task", "journey"}
	if depth > 0 {
		kinds = append(kinds, "wait", "choose", "split", "parallel", "repeat", "form")
	}
	arm := func(id string, more object) object {
		a := object{"id": id, "steps": k.steps(depth-1, 0)}
		maps.Copy(a, more)
		return a
	}
	switch kind := rapid.SampledFrom(kinds).Draw(k.t, "kind"); kind {
	case "call":
		s["call"] = object{"action": "test.echo", "with": object{"id": "${customer.id}", "n": "${vars.n + 1}"}}
		if depth > 0 && k.pick("failed") {
			s["on_failure"], s["failed"] = "arm", object{"steps": k.steps(depth-1, 0)}
		}
	case "send":
		s["send"] = object{"category": "service", "text": "Dear ${customer.name}"}
	case "delay":
		s["wait"] = object{"arms": []object{{"id": "due", "window": object{"days": []string{"mon"}, "from": "09:00", "to": "18:00"}}}}
	case "survey":
		s["survey"] = object{"kind": "csat", "question": "How?", "wait": "1d"}
	case "update":
		s["update"] = object{"traits": object{"a": "${now}"}, "vars": object{"n": "${vars.n + 1}"}}
	case "task":
		s["task"] = object{"assignee": "team", "due": "1d"}
	case "journey":
		s["journey"] = object{"journey": "movie-night", "with": object{"seats": 2}}
	case "wait":
		s["wait"] = object{"arms": []object{
			arm("came", object{"event": "a.c", "match": "event.data.id == customer.id"}),
			arm("won", object{"when": "customer.traits.points > 5"}),
			arm("late", object{"date": object{"trait": "birthday", "offset": "-3d", "yearly": true}}),
		}}
	case "choose":
		s["choose"] = object{"arms": []object{arm("a", object{"when": "vars.n > 1"})}, "otherwise": object{"steps": k.steps(depth-1, 0)}}
	case "split":
		s["split"] = object{"arms": []object{arm("a", object{"weight": 1}), arm("b", object{"weight": 2})}}
	case "parallel":
		s["parallel"] = object{"join": rapid.SampledFrom([]string{"all", "any"}).Draw(k.t, "join"), "arms": []object{
			{"id": "a", "steps": k.steps(depth-1, 1)}, {"id": "b", "steps": k.steps(depth-1, 1)},
		}}
	case "repeat":
		s["repeat"] = object{"until": "vars.n > 3", "max": 3, "steps": k.steps(depth-1, 1)}
	case "form":
		s["task"] = object{"assignee": "team", "due": "1d", "overdue": object{"steps": k.steps(depth-1, 0)}}
	}
	return s
}

// TestCompile_WhateverCompilesRuns holds for random journeys of every kind:
// they compile, survive the store, run, and have a picture.
func TestCompile_WhateverCompilesRuns(t *testing.T) {
	t.Parallel()
	schema := journeySchema(t)
	rapid.Check(t, func(t *rapid.T) {
		k := &sketch{t: t}
		src := k.journey()
		def, problems := journey.Compile(src, journeytest.Catalog())
		require.Empty(t, problems, string(src))
		comesBack(t, def)
		p, err := journey.NewProgram(def)
		require.NoError(t, err)
		walks(t, p)
		apart(t, journey.Place(def))
		require.NoError(t, schema.Validate(asData(t, src)))
	})
}

// apart checks that no two cards of a picture overlap, that all are inside it,
// that every element has an id of its own, and that edges lead from card to card.
func apart(t require.TestingT, l *journey.Layout) {
	seen, boxes := map[string]bool{}, map[string]bool{}
	once := func(id string) {
		require.False(t, seen[id], "%s is used twice", id)
		seen[id] = true
	}
	for i, a := range l.Boxes {
		once(a.ID)
		boxes[a.ID] = true
		require.True(t, a.X >= 0 && a.Y >= 0 && a.X+journey.CardWidth <= l.W && a.Y+journey.CardHeight <= l.H, "%s is outside", a.ID)
		for _, b := range l.Boxes[i+1:] {
			require.True(t, a.X+journey.CardWidth <= b.X || b.X+journey.CardWidth <= a.X || a.Y+journey.CardHeight <= b.Y || b.Y+journey.CardHeight <= a.Y,
				"%s and %s overlap", a.ID, b.ID)
		}
	}
	for _, e := range l.Edges {
		once(e.ID)
		require.True(t, boxes[e.From] && (e.To == "" || boxes[e.To]), "edge %s leads nowhere", e.ID)
	}
	for _, g := range l.Tags {
		once(g.ID)
	}
}
