package orchestrator

import (
	"slices"
	"sync"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/edit"
)

// maxKnownSources is how many bytes of sources are kept as trees, which take
// about twenty times as much.
const maxKnownSources = 4 << 20

// draftSources keeps the trees of the sources that were read or written last,
// for the next edit of them. It is safe for concurrent use.
type draftSources struct {
	mu    sync.Mutex
	known []knownSource // the last one used is the last
	bytes int
}

type knownSource struct {
	source string
	doc    *edit.Document // never changes
}

// read is [edit.Parse] of a source that may be known.
func (k *draftSources) read(source string) (*edit.Document, *journey.Problem) {
	k.mu.Lock()
	i := slices.IndexFunc(k.known, func(s knownSource) bool { return s.source == source })
	if i >= 0 {
		found := k.known[i]
		k.known = append(slices.Delete(k.known, i, i+1), found)
		k.mu.Unlock()
		return found.doc, nil
	}
	k.mu.Unlock()
	doc, problem := edit.Parse([]byte(source))
	if problem == nil {
		k.keep(source, doc)
	}
	return doc, problem
}

// keep remembers what a source reads as; those not used the longest go.
func (k *draftSources) keep(source string, doc *edit.Document) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.ContainsFunc(k.known, func(s knownSource) bool { return s.source == source }) {
		return
	}
	k.known, k.bytes = append(k.known, knownSource{source: source, doc: doc}), k.bytes+len(source)
	for k.bytes > maxKnownSources {
		k.bytes -= len(k.known[0].source)
		k.known = slices.Delete(k.known, 0, 1)
	}
}
