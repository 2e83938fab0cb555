package ui

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// formOf are the fields of a step of a source, by path.
func formOf(t *testing.T, lang, steps, step string, touched ...string) map[string]view.StepField {
	t.Helper()
	src := []byte("qidong: v1\njourney: formed\ntitle: {en: a, zh-CN: b}\nentry: {api: true}\nsteps:\n" + steps)
	def, problems := journey.Draft(src, nil)
	doc, problem := edit.Parse(src)
	require.Nil(t, problem)
	b := &formBuilder{ctx: i18n.With(context.Background(), lang), doc: doc, def: def, problems: problems, touched: touched}
	for _, s := range def.Steps {
		if s.ID == step {
			b.step(s)
		}
	}
	out := map[string]view.StepField{}
	for _, g := range b.finish() {
		for _, f := range g.Fields {
			require.NotContains(t, out, f.Path)
			out[f.Path] = f
		}
	}
	return out
}

const shared = `
  - {id: ab, split: {arms: [{id: a, weight: 70}, {id: b, weight: 50}, {id: c, weight: 10}]}}
  - {id: even, split: {arms: [{id: a, weight: 66}, {id: b, weight: 34}]}}
`

func TestForm_WeightsTellTheirSharesAndAddUp(t *testing.T) {
	t.Parallel()
	fields := formOf(t, "en", shared, "ab", "steps.ab.split.arms.a.weight")
	require.Equal(t, "53.8%", fields["steps.ab.split.arms.a.weight"].Help)
	sum := fields["steps.ab.split.arms#sum"]
	require.Contains(t, sum.Help, "add up to 130, not 100")
	require.True(t, sum.Warn)
	require.Equal(t, "Keep a, balance the rest", sum.DoText)
	var commands []edit.Command
	require.NoError(t, json.Unmarshal([]byte(sum.Do), &commands))
	require.Equal(t, []edit.Command{
		{Op: edit.Set, Field: "steps.ab.split.arms.b.weight", Value: []byte("25")},
		{Op: edit.Set, Field: "steps.ab.split.arms.c.weight", Value: []byte("5")},
	}, commands, "what was changed last stays, the others give way in proportion")

	even := formOf(t, "zh-CN", shared, "even")
	require.Equal(t, "66%", even["steps.even.split.arms.a.weight"].Help)
	require.Contains(t, even["steps.even.split.arms#sum"].Help, "合计 100")
	require.Empty(t, even["steps.even.split.arms#sum"].Do)
}

// TestBalanced: whatever the weights are, what comes out adds up to 100, keeps
// the one that is kept if it can be, and leaves what adds up alone.
func TestBalanced(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{34, 33, 33}, balanced([]int{1, 1, 1}, -1))
	require.Equal(t, []int{98, 1, 1}, balanced([]int{98, 5000, 1}, 0))
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.IntRange(0, journey.MaxWeight), 1, journey.MaxArms).Draw(t, "weights")
		kept := rapid.IntRange(-1, len(weights)-1).Draw(t, "kept")
		out := balanced(weights, kept)
		sum := 0
		for _, w := range out {
			require.GreaterOrEqual(t, w, 1)
			sum += w
		}
		require.Equal(t, 100, sum)
		if kept >= 0 && len(weights) > 1 && weights[kept] >= 1 && weights[kept] <= 101-len(weights) {
			require.Equal(t, weights[kept], out[kept])
		}
		require.Equal(t, out, balanced(out, -1), "what adds up stays")
	})
}

const timed = `
  - id: w
    wait:
      arms:
        - {id: a, after: 2d3h}
        - {id: b, until: 'local("2026-12-24T18:00", "Asia/Shanghai")'}
        - {id: c, until: 'timestamp("2026-12-24T18:00:00+08:00")'}
        - {id: d, until: steps.x.at}
        - {id: e, window: {days: [sat], from: "09:00", to: "24:00"}}
        - {id: f, date: {trait: birthday, offset: -3d}}
`

func TestForm_Times(t *testing.T) {
	t.Parallel()
	fields, zh := formOf(t, "en", timed, "w"), formOf(t, "zh-CN", timed, "w")
	arms := "steps.w.wait.arms."
	require.Equal(t, "2 days 3 hours", fields[arms+"a.after"].Help)
	require.Equal(t, "2 天 3 小时", zh[arms+"a.after"].Help)
	require.Equal(t, "3 days before", fields[arms+"f.date.offset"].Help)
	require.Equal(t, view.Moment{Of: arms + "b.until", Date: "2026-12-24", Time: "18:00", Zone: "Asia/Shanghai"}, fields[arms+"b.until#moment"].Moment)
	require.Equal(t, view.Moment{Of: arms + "c.until", Date: "2026-12-24", Time: "10:00", Zone: "UTC"}, fields[arms+"c.until#moment"].Moment)
	require.Equal(t, view.Moment{Of: arms + "d.until"}, fields[arms+"d.until#moment"].Moment, "what is written otherwise stays")
	to := fields[arms+"e.window.to"]
	require.Equal(t, "time", to.Widget)
	require.Equal(t, "00:00", to.Value, "as a browser's clock has it")
	require.True(t, to.Midnight)
	days := fields[arms+"e.window.days"]
	require.Len(t, days.Options, 7)
	require.Equal(t, view.Option{Value: "sat", Text: "Sat", Selected: true}, days.Options[6])
	require.Equal(t, "1 day 1 minute 1 second", (&formBuilder{ctx: i18n.With(context.Background(), "en")}).spelled(24*time.Hour+61*time.Second))
}

func TestForm_AProblemOfAnExpressionTellsItsPlace(t *testing.T) {
	t.Parallel()
	fields := formOf(t, "zh-CN", "\n  - {id: pick, choose: {arms: [{id: a, when: \"true &&\\n seats\"}], otherwise: {}}}\n", "pick")
	require.Contains(t, fields["steps.pick.choose.arms.a.when"].Error, "第 2 行第 2 列：")
}
