package ui

import (
	"context"
	"slices"
	"sync"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
	"github.com/qidong/qidong/ui/view"
)

// maxPictures is how many pictures of drafts are kept, each up to a megabyte:
// one for each draft that people edit at the same time.
const maxPictures = 32

// pictures are those that browsers were shown last, so that the next answer
// needs to tell only what differs. Forgetting one costs a whole picture. It is
// safe for concurrent use; pictures in it are never changed.
type pictures struct {
	mu    sync.Mutex
	known []drawn // the newest is the last
}

type drawn struct {
	workspace, journey, lang string
	picked
	picture view.Canvas
}

// picked is which of the pictures of a draft: of which revision, with what folded.
type picked struct {
	revision int64
	folded   string
}

func (s drawn) is(o drawn) bool {
	return s.workspace == o.workspace && s.journey == o.journey && s.lang == o.lang && s.picked == o.picked
}

// patch keeps the picture of a draft, and tells what makes the one that the browser
// has this one: nil when that is not known any more.
func (p *pictures) patch(ctx context.Context, v orchestrator.DraftView, now view.Design, from picked) *view.Patch {
	next := drawn{workspace: v.Workspace, journey: v.Journey, lang: i18n.Lang(ctx), picked: picked{v.Revision, now.Folded}, picture: now.Canvas}
	before := next
	before.picked = from
	p.mu.Lock()
	i := slices.IndexFunc(p.known, before.is)
	if i >= 0 {
		before = p.known[i]
	}
	p.known = append(slices.DeleteFunc(p.known, next.is), next)
	p.known = p.known[max(0, len(p.known)-maxPictures):]
	p.mu.Unlock()
	if i < 0 {
		return nil
	}
	return view.NewPatch(before.picture, now.Canvas, from.revision)
}
