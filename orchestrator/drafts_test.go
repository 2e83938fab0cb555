package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

const draftSource = `# kept
qidong: v1
journey: walk
title: {en: Walk, zh-CN: 散步}
entry: {event: {type: walk.begin}}
steps:
  - {id: rest, wait: {arms: [{id: due, after: 1h}]}}
  - {id: end, exit: {outcome: home}}
`

func set(field, value string) edit.Command {
	b, _ := json.Marshal(value)
	return edit.Command{Op: edit.Set, Field: field, Value: b}
}

func insert(kind, after string) edit.Command {
	return edit.Command{Op: edit.Insert, Kind: kind, Place: &edit.Place{After: after}}
}

func (h *harness) edit(t *testing.T, revision int64, session string, commands ...edit.Command) (orchestrator.DraftView, error) {
	t.Helper()
	return h.EditDraft(t.Context(), admin, "walk", orchestrator.DraftEdit{Revision: revision, Session: session, Commands: commands})
}

func TestDraft_FromBlankToPublished(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	v, err := h.NewDraft(ctx, admin, "walk", "")
	require.NoError(t, err)
	require.EqualValues(t, 1, v.Revision)
	require.NotEmpty(t, v.Problems, "a blank lacks an entry and steps")
	_, err = h.NewDraft(ctx, admin, "walk", "")
	require.ErrorIs(t, err, orchestrator.ErrConflict, "a name is taken once")
	_, err = h.PublishDraft(ctx, admin, "walk", v.Revision, orchestrator.PublishOptions{})
	require.ErrorIs(t, err, orchestrator.ErrInvalid, "an incomplete draft is not published")

	v, err = h.edit(t, v.Revision, "", set("entry.event.type", "walk.begin"), edit.Command{Op: edit.Insert, Kind: "wait"}, insert("exit", "wait"))
	require.NoError(t, err)
	require.Empty(t, v.Problems)
	require.Equal(t, []string{"wait", "end"}, v.Change.Added)
	p, err := h.PublishDraft(ctx, admin, "walk", v.Revision, orchestrator.PublishOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, p.Version.Number)

	v, err = h.Draft(ctx, admin, "walk")
	require.NoError(t, err)
	require.Equal(t, 1, v.Base)
	require.True(t, v.CanUndo, "undo works past a publish")
	require.Equal(t, p.Version.Source, v.Source)
}

func TestDraft_OfAPublishedJourney(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.PublishJourney(ctx, admin, []byte(draftSource))
	require.NoError(t, err)
	v, err := h.Draft(ctx, admin, "walk")
	require.NoError(t, err)
	require.Zero(t, v.Revision, "nobody has edited it")
	require.False(t, v.CanUndo)
	first := v.Source

	v, err = h.edit(t, 0, "", set("steps.rest.wait.arms.due.after", "2h"))
	require.NoError(t, err)
	require.True(t, v.CanUndo)
	require.Contains(t, v.Source, "# kept")
	v, err = h.UndoDraft(ctx, admin, "walk", v.Revision)
	require.NoError(t, err)
	require.Equal(t, first, v.Source, "undo leads back to what was published, byte by byte")
	require.EqualValues(t, 2, v.Revision)
	_, err = h.UndoDraft(ctx, admin, "walk", v.Revision)
	require.ErrorIs(t, err, orchestrator.ErrPrecondition)
	v, err = h.RedoDraft(ctx, admin, "walk", 0)
	require.NoError(t, err)
	require.Contains(t, v.Source, "after: 2h")

	require.NoError(t, h.DiscardDraft(ctx, admin, "walk"))
	v, err = h.Draft(ctx, admin, "walk")
	require.NoError(t, err)
	require.Equal(t, first, v.Source)
	require.ErrorIs(t, h.DiscardDraft(ctx, admin, "walk"), orchestrator.ErrNotFound)
}

func TestEditDraft_TwoPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		theirs, ours edit.Command
		want         error
	}{
		"different fields":             {set("steps.rest.note", "theirs"), set("steps.end.note", "ours"), nil},
		"the same field":               {set("steps.rest.note", "theirs"), set("steps.rest.note", "ours"), orchestrator.ErrConflict},
		"a field in what was replaced": {set("title.en", "Theirs"), edit.Command{Op: edit.Set, Field: "title", Value: json.RawMessage(`{"en":"O","zh-CN":"O"}`)}, orchestrator.ErrConflict},
		"a step that they removed":     {edit.Command{Op: edit.Delete, Steps: []string{"end"}}, set("steps.end.note", "ours"), orchestrator.ErrConflict},
		"a step that they changed":     {set("steps.end.note", "theirs"), edit.Command{Op: edit.Delete, Steps: []string{"end"}}, orchestrator.ErrConflict},
		"two steps at one place":       {insert("wait", "rest"), insert("wait", "rest"), nil},
		"after a step that they moved": {edit.Command{Op: edit.Move, Steps: []string{"rest"}, Place: &edit.Place{After: "end"}}, insert("wait", "rest"), nil},
		"a step that both move":        {edit.Command{Op: edit.Move, Steps: []string{"rest"}, Place: &edit.Place{After: "end"}}, edit.Command{Op: edit.Move, Steps: []string{"rest"}}, orchestrator.ErrConflict},
		"a block that they put a step into": {
			edit.Command{Op: edit.Insert, Kind: "send", Place: &edit.Place{In: "rest", Arm: "due"}}, edit.Command{Op: edit.Delete, Steps: []string{"rest"}}, orchestrator.ErrConflict,
		},
		"a block that they moved a step into": {
			edit.Command{Op: edit.Move, Steps: []string{"end"}, Place: &edit.Place{In: "rest", Arm: "due"}}, edit.Command{Op: edit.Delete, Steps: []string{"rest"}}, orchestrator.ErrConflict,
		},
		"an arm that they put a step into": {
			edit.Command{Op: edit.Insert, Kind: "send", Place: &edit.Place{In: "rest", Arm: "due"}},
			edit.Command{Op: edit.Set, Field: "steps.rest.wait", Value: json.RawMessage(`{"arms":[{"id":"due","after":"2h"}]}`)},
			orchestrator.ErrConflict,
		},
		"a step removed that they moved": {
			edit.Command{Op: edit.Move, Steps: []string{"end"}}, edit.Command{Op: edit.Delete, Steps: []string{"end"}}, orchestrator.ErrConflict,
		},
		"two blocks into each other": {
			edit.Command{Op: edit.Move, Steps: []string{"end"}, Place: &edit.Place{In: "rest", Arm: "due"}},
			edit.Command{Op: edit.Move, Steps: []string{"rest"}, Place: &edit.Place{After: "end"}},
			orchestrator.ErrConflict,
		},
		"an id that they took": {
			edit.Command{Op: edit.Rename, Steps: []string{"end"}, ID: "last"}, edit.Command{Op: edit.Rename, Steps: []string{"rest"}, ID: "last"}, orchestrator.ErrConflict,
		},
		"names that begin alike": {set("steps.rest.note", "theirs"), set("steps.rest.note2", "ours"), nil},
		"the whole source":       {set("steps.rest.note", "theirs"), edit.Command{Op: edit.Replace, Source: draftSource}, orchestrator.ErrConflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t)
			v, err := h.NewDraft(t.Context(), admin, "walk", draftSource)
			require.NoError(t, err)
			_, err = h.edit(t, v.Revision, "theirs", c.theirs)
			require.NoError(t, err)
			_, err = h.edit(t, v.Revision, "ours", c.ours)
			require.ErrorIs(t, err, c.want)
			_, err = h.UndoDraft(t.Context(), admin, "walk", v.Revision)
			require.ErrorIs(t, err, orchestrator.ErrConflict, "nobody takes back what they have not seen")
			_, err = h.edit(t, v.Revision, "theirs", set("steps.rest.note", "once more"))
			require.NoError(t, err, "nobody conflicts with what they did themselves")
		})
	}
}

func TestEditDraft_Refuses(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	v, err := h.NewDraft(t.Context(), admin, "walk", draftSource)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		edit orchestrator.DraftEdit
		want error
	}{
		"no command":               {orchestrator.DraftEdit{Revision: 1}, orchestrator.ErrInvalid},
		"a revision of the future": {orchestrator.DraftEdit{Revision: 7, Commands: []edit.Command{set("title.en", "x")}}, orchestrator.ErrConflict},
		"another name":             {orchestrator.DraftEdit{Revision: 1, Commands: []edit.Command{set("journey", "run")}}, orchestrator.ErrInvalid},
		"a step that is gone":      {orchestrator.DraftEdit{Revision: 1, Commands: []edit.Command{{Op: edit.Delete, Steps: []string{"x"}}}}, orchestrator.ErrConflict},
		"nonsense":                 {orchestrator.DraftEdit{Revision: 1, Commands: []edit.Command{{Op: "sing"}}}, orchestrator.ErrInvalid},
		"half of several":          {orchestrator.DraftEdit{Revision: 1, Commands: []edit.Command{set("title.en", "x"), {Op: "sing"}}}, orchestrator.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.EditDraft(t.Context(), admin, "walk", c.edit)
			require.ErrorIs(t, err, c.want)
			now, err := h.Draft(t.Context(), admin, "walk")
			require.NoError(t, err)
			require.Equal(t, v.Source, now.Source, "nothing is changed")
		})
	}
}

// Two editors, each with a view that may be old, in random order: every edit
// that was accepted is there in the end, unless a later one that had seen it
// changed the same again.
func TestEditDraft_NoEditIsLost(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		name := fmt.Sprint("walk-", n)
		v, err := h.NewDraft(t.Context(), admin, name, draftSource)
		require.NoError(rt, err)
		seen := map[string]int64{"a": v.Revision, "b": v.Revision}
		notes := map[string]string{} // by step: the note that must be there
		steps := v.Change.Added
		steps = append(steps, "rest", "end")
		for i := range rapid.IntRange(2, 14).Draw(rt, "edits") {
			who := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "who")
			step := rapid.SampledFrom(steps).Draw(rt, "step")
			note := fmt.Sprint(who, i)
			var c edit.Command
			what := rapid.SampledFrom([]string{"note", "insert", "delete", "move", "look"}).Draw(rt, "what")
			switch what {
			case "note":
				c = set("steps."+step+".note", note)
			case "insert":
				c = insert("wait", step)
			case "delete":
				c = edit.Command{Op: edit.Delete, Steps: []string{step}}
			case "move":
				c = edit.Command{Op: edit.Move, Steps: []string{step}}
			case "look":
				now, err := h.Draft(t.Context(), admin, name)
				require.NoError(rt, err)
				seen[who] = now.Revision
				continue
			}
			v, err := h.EditDraft(t.Context(), admin, name, orchestrator.DraftEdit{Revision: seen[who], Session: who, Commands: []edit.Command{c}})
			if err != nil {
				require.ErrorIs(rt, err, orchestrator.ErrConflict)
				continue
			}
			steps = append(steps, v.Change.Added...)
			if rapid.Bool().Draw(rt, "look") { // else its answer is under way
				seen[who] = v.Revision
			}
			switch what {
			case "note":
				notes[step] = note
			case "delete":
				delete(notes, step)
				steps = slices.DeleteFunc(steps, func(s string) bool { return s == step })
			}
			if len(steps) == 0 {
				break
			}
		}
		last, err := h.Draft(t.Context(), admin, name)
		require.NoError(rt, err)
		doc, problem := edit.Parse([]byte(last.Source))
		require.Nil(rt, problem)
		require.ElementsMatch(rt, steps, doc.Steps())
		for step, note := range notes {
			require.Contains(rt, last.Source, note, "the note of %s", step)
		}
	})
}
