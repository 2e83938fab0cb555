package view

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// carryOut does what canvas.js does with a list.
func carryOut(t *testing.T, was []Gap, l PatchList[Gap]) []Gap {
	t.Helper()
	was, fresh := slices.Clone(was), slices.Clone(l.New)
	var out []Gap
	for op := range strings.FieldsSeq(l.Script) {
		var n [3]int
		for i, part := range strings.Split(op[1:], ",") {
			v, err := strconv.Atoi(part)
			require.NoError(t, err)
			n[i] = v
		}
		for range n[0] {
			switch op[0] {
			case '+':
				out, fresh = append(out, fresh[0]), fresh[1:]
			case '-':
				was = was[1:]
			case '=':
				was[0].X, was[0].Y = was[0].X+n[1], was[0].Y+n[2]
				out, was = append(out, was[0]), was[1:]
			}
		}
	}
	require.Empty(t, was, "the script speaks of every element")
	require.Empty(t, fresh)
	return out
}

func comparedGaps(was, now []Gap) PatchList[Gap] {
	return NewPatch(Canvas{Gaps: was}, Canvas{Gaps: now}, 1).Gaps
}

func gapsOf(ids string, y int) []Gap {
	var out []Gap
	for i, id := range strings.Fields(ids) {
		out = append(out, Gap{ID: id, X: 100, Y: y + 124*i})
	}
	return out
}

func TestPatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ was, now, script string }{
		"nothing is new":                     {"a b c", "a b c", "=3,0,0"},
		"what is below a new one goes down":  {"a b c d", "a b x c d", "=2,0,0 +1 =2,0,124"},
		"what is below one that went, up":    {"a b c d", "a c d", "=1,0,0 -1 =2,0,-124"},
		"one that moves is taken and put in": {"a b c d e", "a c d e b", "=1,0,0 -1 =3,0,-124 +1"},
		"from nothing":                       {"", "a b", "+2"},
		"to nothing":                         {"a b", "", "-2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, now := gapsOf(c.was, 0), gapsOf(c.now, 0)
			l := comparedGaps(was, now)
			require.Equal(t, c.script, l.Script)
			require.Equal(t, now, carryOut(t, was, l))
		})
	}
	t.Run("an element that says something else is put in anew", func(t *testing.T) {
		t.Parallel()
		was, now := gapsOf("a b c", 0), gapsOf("a b c", 0)
		now[1].Label = "Add after Anna"
		l := comparedGaps(was, now)
		require.Equal(t, "=1,0,0 +1 -1 =1,0,0", l.Script)
		require.Equal(t, now, carryOut(t, was, l))
	})
	t.Run("a card that says something else keeps its element", func(t *testing.T) {
		t.Parallel()
		was := Canvas{Boxes: []Box{{ID: "a", Title: "Ask"}, {ID: "b", Y: 124, Selected: true}}}
		now := Canvas{Boxes: []Box{{ID: "a", Title: "Ask again"}, {ID: "b", Y: 248}}}
		p := NewPatch(was, now, 7)
		require.Equal(t, "=1,0,0 =1,0,124", p.Cards.Script)
		require.Equal(t, now.Boxes[:1], p.Changed)
		require.Equal(t, int64(7), p.From)
	})
	t.Run("a picture that is drawn in another way is shown whole", func(t *testing.T) {
		t.Parallel()
		require.Nil(t, NewPatch(Canvas{}, Canvas{Big: true}, 1))
		require.Nil(t, NewPatch(Canvas{}, Canvas{Exits: &Frameset{}}, 1))
	})
}

// TestPatch_AnyTwoPictures: whatever was done, the patch makes one list the other.
func TestPatch_AnyTwoPictures(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		list := func() []Gap {
			var out []Gap
			for _, id := range random.Perm(30)[:random.IntN(30)] {
				out = append(out, Gap{ID: fmt.Sprint(id), X: random.IntN(3), Y: random.IntN(3), Label: fmt.Sprint(random.IntN(8) / 7)})
			}
			return out
		}
		was, now := list(), list()
		require.Equal(t, now, carryOut(t, was, comparedGaps(was, now)), "seed %d", seed)
	}
}
