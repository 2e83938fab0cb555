package orchestrator_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

const askFragment = `qidong: v1
fragment: ask
title: {en: Ask, zh-CN: 询问}
steps:
  - {id: wait, wait: {arms: [{id: due, after: 1h}]}}
  - {id: tell, send: {category: service, text: {en: One, zh-CN: 一}}}
`

const asker = `qidong: v1
journey: asker
title: {en: Asker, zh-CN: 询问者}
entry: {event: {type: test.entry}}
steps:
  - {id: first, fragment: {name: ask, version: 1}}
`

func TestPublishFragment(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	f, err := h.PublishFragment(ctx, admin, []byte(askFragment))
	require.NoError(t, err)
	require.Equal(t, 1, f.Version)
	require.Equal(t, 2, f.StepCount)
	require.Equal(t, "ada", f.PublishedBy)
	again, err := h.PublishFragment(ctx, admin, []byte("# a comment\n"+askFragment))
	require.NoError(t, err)
	require.Equal(t, f, again, "the same definition changes nothing")
	require.Equal(t, 1, h.actions(t, "fragment.publish"))

	v, err := h.PublishJourney(ctx, admin, []byte(asker))
	require.NoError(t, err)
	require.Equal(t, "first_wait", v.Definition.Steps[0].ID)

	t.Run("a new version changes no journey", func(t *testing.T) {
		f, err := h.PublishFragment(ctx, admin, []byte(strings.ReplaceAll(askFragment, "One", "Two")))
		require.NoError(t, err)
		require.Equal(t, 2, f.Version)
		again, err := h.PublishJourney(ctx, admin, []byte(asker))
		require.NoError(t, err)
		require.Equal(t, v.Digest, again.Digest)
		next, err := h.PublishJourney(ctx, admin, []byte(strings.ReplaceAll(asker, "version: 1", "version: 2")))
		require.NoError(t, err)
		require.NotEqual(t, v.Digest, next.Digest)
		old, err := h.Fragment(ctx, admin, "ask", 1)
		require.NoError(t, err)
		require.Equal(t, askFragment, old.Source)
	})
	t.Run("fragments may use fragments", func(t *testing.T) {
		f, err := h.PublishFragment(ctx, admin, []byte("qidong: v1\nfragment: twice\ntitle: {en: T, zh-CN: 两}\nsteps:\n- {id: a, fragment: {name: ask, version: 1}}\n- {id: b, fragment: {name: ask, version: 2}}\n"))
		require.NoError(t, err)
		require.Equal(t, 4, f.StepCount)
		list, err := h.Fragments(ctx, admin)
		require.NoError(t, err)
		require.Len(t, list, 2)
	})
	t.Run("an unknown version is a problem that names the known one", func(t *testing.T) {
		_, problems, err := h.ValidateJourney(ctx, admin, []byte(strings.ReplaceAll(asker, "version: 1", "version: 9")))
		require.NoError(t, err)
		require.Len(t, problems, 1)
		require.Equal(t, "UNKNOWN_FRAGMENT", problems[0].Code)
		require.Contains(t, problems[0].Mend, "ask@2")
	})
	t.Run("problems store nothing", func(t *testing.T) {
		_, err := h.PublishFragment(ctx, admin, []byte(strings.ReplaceAll(askFragment, "fragment: ask", "fragment: 'not a name'")))
		var invalid *orchestrator.ValidationError
		require.ErrorAs(t, err, &invalid)
		require.Equal(t, "fragment", invalid.Subject)
		_, err = h.Fragment(ctx, admin, "ask", -1)
		require.ErrorIs(t, err, orchestrator.ErrInvalid)
	})
	t.Run("other workspaces see nothing of it, and strangers may not", func(t *testing.T) {
		elsewhere := orchestrator.Actor{Workspace: "other", Name: "eve", Scopes: admin.Scopes}
		_, err := h.Fragment(ctx, elsewhere, "ask", 1)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
		_, err = h.PublishJourney(ctx, elsewhere, []byte(asker))
		require.Error(t, err)
		_, err = h.PublishFragment(ctx, orchestrator.Actor{Workspace: acme}, []byte(askFragment))
		require.ErrorIs(t, err, orchestrator.ErrForbidden)
	})
}

// brokenFragments cannot read fragments.
type brokenFragments struct{ orchestrator.Store }

var errDisk = errors.New("the disk is gone")

func (brokenFragments) Fragment(context.Context, string, string, int) (orchestrator.Fragment, error) {
	return orchestrator.Fragment{}, errDisk
}

func TestPublishFragment_AStoreThatFailsIsNoProblemOfTheDefinition(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	_, err := h.PublishFragment(t.Context(), admin, []byte(askFragment))
	require.NoError(t, err)
	s := orchestrator.NewService(orchestrator.Deps{Store: brokenFragments{h.store}, Engine: h.engine, Plugins: fakeHost{}, Vault: h.vault})
	_, _, err = s.ValidateJourney(t.Context(), admin, []byte(asker))
	require.ErrorIs(t, err, errDisk)
}

// The examples can be published one after the other: first the fragments and
// the segments, then journeys that others begin.
func TestPublishJourney_TheExamples(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	h.partners(t)
	const dir = "../examples/journeys/"
	read := func(file string) []byte {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		return src
	}
	fragments, err := filepath.Glob(dir + "fragments/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, fragments)
	for _, file := range fragments {
		_, err := h.PublishFragment(ctx, admin, read(file))
		require.NoError(t, err, file)
	}
	_, err = h.PutSegment(ctx, admin, orchestrator.Segment{Name: "members", Rule: `"member" in customer.tags`})
	require.NoError(t, err)

	files, err := filepath.Glob(dir + "*.yaml")
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(file string) bool { return strings.Count(filepath.Base(file), ".") != 1 })
	files = append(files, "../examples/worker/journey.yaml") // written in Go; another begins it
	published := map[string]bool{}
	for len(files) > 0 {
		before := len(files)
		var last []journey.Problem
		files = slices.DeleteFunc(files, func(file string) bool {
			_, problems, err := h.ValidateJourney(ctx, admin, read(file))
			require.NoError(t, err, file)
			if len(problems) > 0 {
				last = problems
				return false // until what it begins is there
			}
			v, err := h.PublishJourney(ctx, admin, read(file))
			require.NoError(t, err, file)
			published[v.Journey] = true
			return true
		})
		require.Less(t, len(files), before, "%v: %v", files, last)
	}
	require.True(t, published["movie-night"])

	g, err := h.Journeys(ctx, admin)
	require.NoError(t, err)
	require.Len(t, g, len(published))
	_, v, err := h.Journey(ctx, admin, "super-friday-invitation")
	require.NoError(t, err)
	require.Equal(t, `"member" in customer.tags`, v.Definition.Segments["members"], "the rule is pinned")
	_, err = h.PutSegment(ctx, admin, orchestrator.Segment{Name: "members", Rule: "false"})
	require.NoError(t, err)
	_, v, err = h.Journey(ctx, admin, "super-friday-invitation")
	require.NoError(t, err)
	require.Equal(t, `"member" in customer.tags`, v.Definition.Segments["members"])
}

// partners uploads plugins with the actions of journeytest's catalog.
func (h *harness) partners(t *testing.T) {
	t.Helper()
	type action struct {
		Name   string         `json:"name"`
		Effect string         `json:"effect"`
		Undo   string         `json:"undo,omitempty"`
		Input  map[string]any `json:"input"`
		Output map[string]any `json:"output"`
	}
	actions := map[string][]action{}
	known := journeytest.Catalog()
	for _, name := range known.Actions() {
		spec, _ := known.Action(name)
		actions[spec.Plugin] = append(actions[spec.Plugin], action{spec.Name, spec.Effect, spec.Undo, spec.Input, spec.Output})
	}
	for plugin, list := range actions {
		manifest, err := json.Marshal(map[string]any{"abi": 1, "name": plugin, "version": "9.0.0", "actions": list})
		require.NoError(t, err)
		_, err = h.UploadPlugin(t.Context(), admin, manifest, nil, nil)
		require.NoError(t, err, plugin)
	}
}
