package journey

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// minAhead is how many expressions are worth a goroutine.
const minAhead = 8

// ahead makes expressions ready on the processors that the caller leaves free:
// from the end of the list, as the caller comes from its front. Each is made
// ready once, whoever comes first, and what is wrong with it is told to whoever
// asks, so the caller finds the same with and without. stop must be called; it
// waits for those that are under way, and leaves the rest.
func ahead(list []*parsedExpression) (stop func()) {
	var group sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(len(list)))
	for range min(runtime.GOMAXPROCS(0)-1, len(list)/minAhead) {
		group.Go(func() {
			for i := left.Add(-1); i >= 0; i = left.Add(-1) {
				_, _ = list[i].ready()
			}
		})
	}
	return func() {
		left.Store(0)
		group.Wait()
	}
}

// distinct are the expressions of sites that are no chains, each once, in the
// order of the sites; [MaxExpressions] at most.
func distinct(list []site) []*parsedExpression {
	var out []*parsedExpression
	seen := map[string]bool{}
	add := func(source, loop string) {
		if key := loop + "\x00" + source; !seen[key] && len(seen) < MaxExpressions {
			seen[key] = true
			if x := knownExpression(source, loop); x.chain == nil {
				out = append(out, x)
			}
		}
	}
	for _, s := range list {
		switch {
		case slices.Contains(variableNames, s.loop): // reported elsewhere
		case !s.template:
			add(s.source, s.loop)
		default:
			parts, _ := splitTemplate(s.source) // an error is reported where it is used
			for _, part := range parts {
				if part.expression {
					add(part.text, s.loop)
				}
			}
		}
	}
	return out
}
