package journey_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// CEL's checker writes into what it checks, and expressions are shared by all
// who compile: the race detector must find nothing here.
func TestCompile_SideBySide(t *testing.T) {
	t.Parallel()
	src := large(40)
	const n = 4
	definitions := make([]*journey.Definition, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if def, problems := journey.Compile(src, journeytest.Catalog()); len(problems) == 0 {
				if _, err := journey.NewProgram(def); err == nil {
					definitions[i] = def
				}
			}
		})
	}
	group.Wait()
	require.NotNil(t, definitions[0])
	for _, d := range definitions[1:] {
		require.Empty(t, cmp.Diff(definitions[0], d))
	}
}

// Whoever finds a problem first, on whichever processor: they are reported in
// the order of the source, and each time alike.
func TestCompile_ProblemsAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	src := []byte("qidong: v1\njourney: j\ntitle: j\nentry: {event: {type: a.b}, key: event.id}\nsteps:\n" +
		"  - {id: a, choose: {arms: [{id: x, when: '1 +'}, {id: y, when: 'size(5) > 1'}, {id: z, when: 'customer.id + 1'}], otherwise: {}}}\n" +
		"  - {id: b, choose: {arms: [{id: x, when: 'nobody == 2'}, {id: y, when: '1 + 1'}, {id: z, when: 'event.id == 2'}], otherwise: {}}}\n" +
		"  - {id: c, choose: {arms: [{id: x, when: 'now > 3'}, {id: y, when: '\"a\".matches(\"(\")'}, {id: z, when: '!true && 1'}], otherwise: {}}}\n")
	_, first := journey.Compile(src, nil)
	require.GreaterOrEqual(t, len(first), 8)
	for range 20 {
		journey.ForgetExpressions()
		_, again := journey.Compile(src, nil)
		require.Equal(t, first, again)
	}
}
