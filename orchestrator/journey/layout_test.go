package journey

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// grow makes a journey of about n steps whose blocks are as deep and as wide
// as real ones.
func grow(n int) *Definition {
	next := 0
	send := func() *Step {
		next++
		return &Step{ID: fmt.Sprintf("s%d", next), Send: &Send{Category: "service"}}
	}
	var block func(depth int) *Step
	block = func(depth int) *Step {
		next++
		s := &Step{ID: fmt.Sprintf("w%d", next), Wait: &Wait{Arms: []Arm{
			{ID: "yes", Event: "paid", Steps: []*Step{send(), send()}},
			{ID: "no", Event: "failed"},
			{ID: "late", After: 1},
		}}}
		if depth > 0 {
			s.Wait.Arms[2].Steps = []*Step{block(depth - 1), send()}
		} else {
			next++
			s.Wait.Arms[2].Steps = []*Step{{ID: fmt.Sprintf("x%d", next), Exit: &ExitStep{Outcome: "late"}}}
		}
		return s
	}
	d := &Definition{Exit: []Exit{
		{ID: "cancelled", Steps: []*Step{send(), block(0), send()}},
		{ID: "stop"},
	}}
	for next < n {
		d.Steps = append(d.Steps, send())
		if next+14 < n {
			d.Steps = append(d.Steps, block(next%3))
		}
	}
	return d
}

func TestPlaceKeepsCardsApart(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 30, 200, 1000} {
		t.Run(fmt.Sprintf("%d steps do not overlap and stay inside the picture", n), func(t *testing.T) {
			t.Parallel()
			l := Place(grow(n))
			require.GreaterOrEqual(t, len(l.Boxes), n)
			for i, a := range l.Boxes {
				require.GreaterOrEqual(t, a.X, 0)
				require.GreaterOrEqual(t, a.Y, 0)
				require.LessOrEqual(t, a.X+CardWidth, l.W)
				require.LessOrEqual(t, a.Y+CardHeight, l.H)
				for _, b := range l.Boxes[i+1:] {
					apart := a.X+CardWidth <= b.X || b.X+CardWidth <= a.X || a.Y+CardHeight <= b.Y || b.Y+CardHeight <= a.Y
					require.True(t, apart, "%s and %s overlap", a.ID, b.ID)
				}
			}
		})
	}
}

func TestPlaceNamesEachElementOnce(t *testing.T) {
	t.Parallel()
	l := Place(grow(200))
	seen := map[string]bool{}
	add := func(id string) {
		require.False(t, seen[id], "%s is used twice", id)
		seen[id] = true
	}
	boxes := map[string]bool{}
	for _, b := range l.Boxes {
		add(b.ID)
		boxes[b.ID] = true
	}
	for _, e := range l.Edges {
		add(e.ID)
		require.True(t, boxes[e.From], "edge %s comes from no box", e.ID)
		require.True(t, e.To == "" || boxes[e.To], "edge %s leads to no box", e.ID)
	}
	for _, g := range l.Tags {
		add(g.ID)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	exit := func(id string) *Step { return &Step{ID: id, Exit: &ExitStep{Outcome: "done"}} }
	t.Run("the entry is on top, first in reading order, and leads to the first step", func(t *testing.T) {
		t.Parallel()
		l := Place(&Definition{Steps: []*Step{exit("end")}})
		require.Equal(t, EntryBox, l.Boxes[0].ID)
		require.Equal(t, "end", l.Boxes[1].ID)
		require.Less(t, l.Boxes[0].Y, l.Boxes[1].Y)
		require.Equal(t, []Edge{{ID: "e-" + EntryBox, From: EntryBox, To: "end", X: 172, Y: 120, D: "M0 0V60"}}, l.Edges)
		require.Nil(t, l.Exits)
	})
	t.Run("exit criteria stand to the right, inside their frame", func(t *testing.T) {
		t.Parallel()
		d := grow(30)
		l := Place(d)
		right := 0
		for _, b := range l.Boxes {
			if b.Exit != nil {
				break
			}
			right = max(right, b.X+CardWidth)
		}
		require.Greater(t, l.Exits.X, right)
		for _, b := range l.Boxes[len(l.Boxes)-1:] {
			require.Equal(t, ExitPrefix+"stop", b.ID)
			require.LessOrEqual(t, b.X+CardWidth, l.Exits.X+l.Exits.W)
		}
	})
	t.Run("a wait that only lets time pass has no arms to show", func(t *testing.T) {
		t.Parallel()
		s := &Step{ID: "before", Wait: &Wait{Arms: []Arm{{ID: "due", Until: "x"}}}}
		require.True(t, s.Delay())
		require.Empty(t, s.ShownArms())
		require.Empty(t, Place(&Definition{Steps: []*Step{s, exit("end")}}).Tags)
	})
	t.Run("the next round of a repeat leads back beside its steps", func(t *testing.T) {
		t.Parallel()
		round := []*Step{{ID: "ask", Send: &Send{}}}
		l := Place(&Definition{Steps: []*Step{{ID: "r", Repeat: &Repeat{Max: 3, Until: "done", Steps: round}}, exit("end")}})
		var back []Edge
		for _, e := range l.Edges {
			if e.Back {
				back = append(back, e)
			}
		}
		require.Len(t, back, 1)
		require.Equal(t, []string{"ask", "r"}, []string{back[0].From, back[0].To})
		require.Equal(t, "M0 0H-122Q-134 0 -134 -12V-164Q-134 -176 -122 -176H0", back[0].D)
	})
	t.Run("an arm that ends has no edge to the join", func(t *testing.T) {
		t.Parallel()
		s := &Step{ID: "w", Wait: &Wait{Arms: []Arm{
			{ID: "a", Event: "paid"},
			{ID: "b", After: 1, Steps: []*Step{exit("gone")}},
		}}}
		for _, e := range Place(&Definition{Steps: []*Step{s, exit("end")}}).Edges {
			require.NotEqual(t, "gone", e.From)
		}
	})
	t.Run("no edge leaves a block all of whose arms end", func(t *testing.T) {
		t.Parallel()
		s := &Step{ID: "c", Choose: &Choose{
			Arms:      []ChooseArm{{ID: "a", Steps: []*Step{exit("x")}}},
			Otherwise: ChooseArm{ID: "otherwise", Steps: []*Step{exit("y")}},
		}}
		for _, e := range Place(&Definition{Steps: []*Step{s, exit("end")}}).Edges {
			require.NotEqual(t, "end", e.To)
		}
	})
	t.Run("nothing is an empty picture", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, Place(nil).Boxes)
	})
}

func BenchmarkPlace(b *testing.B) {
	for _, n := range []int{30, 200, 1000} {
		d := grow(n)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Place(d)
			}
		})
	}
}

// A step can be put wherever one leads on: after each that does not end, and
// first in each arm. No two gaps are closer than a finger.
func TestPlace_Gaps(t *testing.T) {
	t.Parallel()
	doc, problems := Decode([]byte(`
steps:
  - id: ask
    choose:
      arms:
        - {id: a, when: "true", steps: [{id: inside, exit: {outcome: x}}]}
        - {id: b, when: "false"}
      otherwise: {steps: [{id: other, send: {category: service, text: {en: x, zh-CN: x}}}]}
  - {id: last, send: {category: service, text: {en: x, zh-CN: x}}}
`))
	require.Empty(t, problems)
	var got []string
	l := Place(doc.Definition)
	for _, g := range l.Gaps {
		got = append(got, g.In+"/"+g.Arm+"/"+g.After)
	}
	require.Equal(t, []string{"//", "ask/a/", "ask/b/", "ask/otherwise/", "//other", "//ask", "//last"}, got)
	for i, a := range l.Gaps {
		require.True(t, a.X > 0 && a.X < l.W && a.Y > 0 && a.Y < l.H, "%+v is in the picture", a)
		for _, b := range l.Gaps[:i] {
			require.Greater(t, max(a.X-b.X, b.X-a.X)+max(a.Y-b.Y, b.Y-a.Y), 36, "%+v and %+v", a, b)
		}
	}
	empty := Place(&Definition{})
	require.Len(t, empty.Gaps, 1, "a blank journey has a place for its first step")
	require.Less(t, empty.Gaps[0].Y, empty.H)
}

// TestPlaceFolded: what is in a folded block is not drawn, wherever it is folded;
// the card says what it holds, and what comes after it comes up.
func TestPlaceFolded(t *testing.T) {
	t.Parallel()
	d, problems := Decode([]byte(`qidong: v1
journey: folded
entry: {api: true}
exit: [{id: left, event: shop.left, steps: [{id: bye, exit: {outcome: left}}]}]
steps:
  - id: answer
    wait:
      arms:
        - {id: came, event: shop.answer, steps: [{id: which, choose: {arms: [{id: one, when: "true", steps: [{id: deep, send: {category: service, text: {en: x, zh-CN: x}}}]}]}}]}
        - {id: late, after: 1h}
  - {id: end, exit: {outcome: done}}
`))
	require.Empty(t, problems)
	ids := func(l *Layout) (shown []string, inside map[string][]string) {
		inside = map[string][]string{}
		for _, b := range l.Boxes {
			shown = append(shown, b.ID)
			for _, s := range b.Inside {
				inside[b.ID] = append(inside[b.ID], s.ID)
			}
		}
		return shown, inside
	}
	open := Place(d.Definition)
	for _, c := range []struct {
		folded string
		shown  []string
		inside map[string][]string
	}{
		{"answer", []string{"0-entry", "answer", "end", "0-exit-left", "bye"}, map[string][]string{"answer": {"which", "deep"}}},
		{"which", []string{"0-entry", "answer", "which", "end", "0-exit-left", "bye"}, map[string][]string{"which": {"deep"}}},
		{"0-exit-left", []string{"0-entry", "answer", "which", "deep", "end", "0-exit-left"}, map[string][]string{"0-exit-left": {"bye"}}},
		{"end", []string{"0-entry", "answer", "which", "deep", "end", "0-exit-left", "bye"}, map[string][]string{}},
	} {
		l := PlaceFolded(d.Definition, map[string]bool{c.folded: true, "nobody": true})
		shown, inside := ids(l)
		require.Equal(t, c.shown, shown, c.folded)
		require.Equal(t, c.inside, inside, c.folded)
		require.LessOrEqual(t, l.H, open.H)
		for _, g := range l.Gaps {
			require.True(t, g.In != c.folded || c.folded == "end", "no place in what is folded")
		}
	}
}
