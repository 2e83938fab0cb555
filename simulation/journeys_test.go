package simulation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/simulation"
)

const parent = `
qidong: v1
journey: parent
title: {en: Parent, zh-CN: 父旅程}
entry: {api: true}
deadline: 60d
steps:
  - id: child
    journey: {journey: child, with: {days: 3}}
    on_failure: arm
    failed: {steps: [{id: end_failed, exit: {outcome: child_failed}}]}
  - id: tell
    update: {tags: {add: [told]}, emit: {type: parent.told, data: {by: parent}}}
  - id: over
    journey: {journey: heir, mode: handover}
`

const child = `
qidong: v1
journey: child
title: {en: Child, zh-CN: 子旅程}
entry: {api: true}
variables: {type: object, additionalProperties: false, properties: {days: {type: integer, default: 1}}}
deadline: 10d
steps:
  - id: sleep
    wait: {arms: [{id: over, until: "now + duration(string(vars.days * 24) + 'h')"}]}
  - {id: end_done, exit: {outcome: grown}}
`

const heir = `
qidong: v1
journey: heir
title: {en: Heir, zh-CN: 继任}
entry: {api: true}
steps:
  - {id: hello, send: {category: service, text: {en: Hello, zh-CN: 您好}}}
`

const listener = `
qidong: v1
journey: listener
title: {en: Listener, zh-CN: 监听}
entry: {event: {type: parent.told, match: event.data.by == "parent"}}
steps:
  - id: mark
    update: {traits: {heard: true}}
`

func TestSuite_JourneysBeginEachOther(t *testing.T) {
	t.Parallel()
	files := map[string]string{"parent.yaml": parent, "child.yaml": child, "heir.yaml": heir, "listener.yaml": listener}
	s, err := simulation.ReadSuite([]byte(`
qidong: test/v1
with: [child.yaml, heir.yaml, listener.yaml]
cases:
  - name: The child ends, the heir takes over, and who listens hears
    expect:
      outcome: handed_over
      path: [child, tell, over]
      bindings: {child.outcome: grown}
      tags: [told]
      traits: {heard: true}
      took: 72h..73h
      journeys:
        child: {outcome: grown, took: 72h..72h}
        heir: {outcome: completed, messages: [{text: Hello}]}
        listener: {outcome: completed, path: [mark]}
`))
	require.NoError(t, err)
	results, err := s.Run(t.Context(), simulation.TestOptions{
		Plugins: fakePlugins{}, File: "parent.test.yaml", Open: func(name string) ([]byte, error) { return []byte(files[name]), nil },
	})
	require.NoError(t, err)
	require.Empty(t, results[0].Mismatches)
}

// What a child did is undone by the parent that is undone after it.
func TestSuite_AParentUndoesWhatItsChildDid(t *testing.T) {
	t.Parallel()
	files := map[string]string{"trip.yaml": `
qidong: v1
journey: trip
title: {en: Trip, zh-CN: 出行}
entry: {api: true}
deadline: 30d
steps:
  - {id: lamp, call: {action: shop.order, with: {item: lantern, count: 1}, undo: {action: shop.cancel}}}
  - {id: rain, journey: {journey: umbrella}}
  - {id: end_sorry, exit: {outcome: sorry, undo: true}}
`, "umbrella.yaml": `
qidong: v1
journey: umbrella
title: {en: Umbrella, zh-CN: 雨伞}
entry: {api: true}
deadline: 10d
steps:
  - {id: order, call: {action: shop.order, with: {item: umbrella, count: 1}, undo: {action: shop.cancel}}}
`}
	s, err := simulation.ReadSuite([]byte(`
qidong: test/v1
with: [umbrella.yaml]
cases:
  - name: Both are given back
    expect:
      outcome: sorry
      undone: [shop.cancel, shop.cancel]
      journeys: {umbrella: {outcome: completed, undone: []}}
`))
	require.NoError(t, err)
	results, err := s.Run(t.Context(), simulation.TestOptions{
		Plugins: fakePlugins{}, File: "trip.test.yaml", Open: func(name string) ([]byte, error) { return []byte(files[name]), nil },
	})
	require.NoError(t, err)
	require.Empty(t, results[0].Mismatches)
}

func TestRun_ReportsEveryJourney(t *testing.T) {
	t.Parallel()
	r, err := simulation.Run(t.Context(), simulation.Options{
		Sources: [][]byte{[]byte(parent), []byte(child), []byte(heir), []byte(listener)}, Customers: 20, Plugins: fakePlugins{},
	})
	require.NoError(t, err)
	require.Len(t, r.Journeys, 4)
	for _, j := range r.Journeys {
		require.Equal(t, 20, j.Enrollments, j.Journey)
		require.Zero(t, j.Open, j.Journey)
	}
}

func TestRun_AMissingChildIsAProblemOfTheSource(t *testing.T) {
	t.Parallel()
	_, err := simulation.Run(t.Context(), simulation.Options{Sources: [][]byte{[]byte(parent)}, Customers: 1, Plugins: fakePlugins{}})
	require.ErrorContains(t, err, "child")
}

// Tasks are done by people whom the behavior describes, else by somebody.
func TestRun_TasksAreDone(t *testing.T) {
	t.Parallel()
	const source = `
qidong: v1
journey: work
title: {en: Work, zh-CN: 工作}
entry: {api: true}
deadline: 10d
steps:
  - id: check
    task:
      assignee: team
      form: {type: object, required: [ok], additionalProperties: false, properties: {ok: {type: boolean}}}
      due: 2d
      overdue: {steps: [{id: end_late, exit: {outcome: late}}]}
  - id: which
    choose:
      arms: [{id: fine, when: steps.check.result.ok, steps: [{id: end_fine, exit: {outcome: fine}}]}]
      otherwise: {}
`
	o := simulation.Options{Sources: [][]byte{[]byte(source)}, Customers: 300, Seed: 3, Plugins: fakePlugins{}}
	r, err := simulation.Run(t.Context(), o)
	require.NoError(t, err)
	got := outcomes(r)
	require.InDelta(t, 60, got["late"], 25, "one in five stays undone")
	require.InDelta(t, 120, got["fine"], 35)
	o.Behavior, err = simulation.ReadBehavior([]byte("qidong: behavior/v1\ntasks: {check: [{result: {ok: true}, by: Chen, delay: 1h..4h}]}\n"))
	require.NoError(t, err)
	r, err = simulation.Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"fine": 300}, outcomes(r))
}
