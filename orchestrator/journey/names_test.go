package journey_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

const named = `qidong: v1
journey: named
title: {en: Named, zh-CN: 名}
entry: {event: {type: shop.order, match: "now"}}
events: {shop.order: {type: object, properties: {total: {type: number, title: What it costs}, items: {type: array}}}}
variables: {type: object, properties: {seats: {type: integer}}}
steps:
  - id: hello
    send:
      category: service
      text: {en: "Hello ${now}", zh-CN: 你好}
      suggestions: [{reply: "yes", text: {en: "Yes", zh-CN: 好}}]
  - id: answer
    wait:
      arms:
        - {id: came, reply: hello, match: "now"}
        - {id: late, after: 1h, steps: [{id: bye, exit: {outcome: done}}]}
  - {id: next, choose: {arms: [{id: a, when: "now"}], otherwise: {}}}
`

// namesAt are the names at a path, by path.
func namesAt(path string) map[string]journey.Name {
	out := map[string]journey.Name{}
	for _, n := range journey.Names([]byte(named), journeytest.Catalog(), path) {
		out[n.Path] = n
	}
	return out
}

func TestNames(t *testing.T) {
	t.Parallel()
	entry := namesAt("entry.event.match")
	require.Equal(t, journey.Name{Path: "event.data.total", Kind: journey.NumberValue, Title: "What it costs"}, entry["event.data.total"])
	require.Equal(t, journey.ListValue, entry["event.data.items"].Kind)
	require.Equal(t, journey.TextValue, entry["customer.name"].Kind)
	require.Equal(t, journey.ObjectValue, entry["customer.traits"].Kind)
	require.Equal(t, journey.MomentValue, entry["now"].Kind)
	require.Equal(t, journey.NumberValue, entry["vars.seats"].Kind)
	require.NotContains(t, entry, "steps.hello", "no step has ended when a customer enters")

	text := namesAt("steps.hello.send.text.en")
	require.Contains(t, text, "customer.name")
	require.NotContains(t, text, "event")

	match := namesAt("steps.answer.wait.arms.came.match")
	require.Contains(t, match, "event.data.reply", "a reply has data of its own")
	require.NotContains(t, match, "event.data.total")
	require.Contains(t, match, "steps.hello.message_id")
	require.NotContains(t, match, "steps.answer.arm")
	require.NotContains(t, match, "steps.next", "it comes later")

	when := namesAt("steps.next.choose.arms.a.when")
	require.Equal(t, journey.TextValue, when["steps.answer.arm"].Kind)
	require.NotContains(t, when, "steps.bye", "an exit binds nothing")

	require.Empty(t, namesAt("steps.hello.send.category"), "no expression can be here")
	require.Empty(t, journey.Names([]byte("{"), nil, "entry.key"))
}

// TestFunctions: what is offered can be used.
func TestFunctions(t *testing.T) {
	t.Parallel()
	for _, f := range journey.Functions() {
		src := []byte(`qidong: v1
journey: named
title: {en: Named, zh-CN: 名}
entry: {api: true}
steps: [{id: keep, update: {traits: {a: '${` + f.Example + `}'}}}]
`)
		_, problems := journey.Compile(src, nil)
		require.Empty(t, problems, f.Example)
		require.Contains(t, f.Example, f.Name+"(")
	}
}
