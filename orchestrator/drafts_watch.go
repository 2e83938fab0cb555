package orchestrator

import (
	"context"
	"sync"
	"time"
)

// MaxDraftWatches is how many may watch drafts at once in this process.
const MaxDraftWatches = 1000

// WatchDraft returns the revision of a draft as soon as it is not the given one:
// at once when it is not now. Edits of this process are heard at once, those of
// others within a second. It ends with ctx; [ErrNotFound] when there is neither
// a draft nor a published journey, also when it becomes so; [ErrLimit] when
// [MaxDraftWatches] wait already.
func (s *Service) WatchDraft(ctx context.Context, a Actor, name string, revision int64) (int64, error) {
	if err := a.may(); err != nil {
		return 0, err
	}
	for {
		bell, err := s.rings.hang(a.Workspace, name) // before looking, so that nothing is missed in between
		if err != nil {
			return revision, err
		}
		now, changed, err := s.listen(ctx, a, name, revision, bell.rung)
		s.rings.leave(bell)
		if changed || err != nil {
			return now, err
		}
	}
}

// listen looks at a draft once and, when it is at the revision, waits for its
// bell or until it is time to look again.
func (s *Service) listen(ctx context.Context, a Actor, name string, revision int64, rung <-chan struct{}) (now int64, changed bool, err error) {
	d, _, err := s.draft(ctx, a.Workspace, name)
	if err != nil || d.Revision != revision {
		return d.Revision, true, err
	}
	wait := time.NewTimer(s.poll)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return revision, false, ctx.Err()
	case <-rung:
	case <-wait.C:
	}
	return revision, false, nil
}

// bells tell those who watch a draft that it has changed. One hangs only as long
// as somebody listens to it.
type bells struct {
	mu        sync.Mutex
	hung      map[[2]string]*bell // by workspace and journey
	listening int                 // to all of them
}

// bell is rung once, when its draft changes next.
type bell struct {
	key       [2]string
	rung      chan struct{}
	listening int
}

// hang finds a draft's bell, for one who leaves it again.
func (b *bells) hang(workspace, journey string) (*bell, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listening >= MaxDraftWatches {
		return nil, Refuse(ErrLimit, say("%d watch drafts now, which is the limit of this process; try again later", MaxDraftWatches))
	}
	key := [2]string{workspace, journey}
	if b.hung == nil {
		b.hung = map[[2]string]*bell{}
	}
	at := b.hung[key]
	if at == nil {
		at = &bell{key: key, rung: make(chan struct{})}
		b.hung[key] = at
	}
	at.listening++
	b.listening++
	return at, nil
}

func (b *bells) leave(at *bell) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listening--
	if at.listening--; at.listening == 0 && b.hung[at.key] == at {
		delete(b.hung, at.key)
	}
}

func (b *bells) ring(workspace, journey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]string{workspace, journey}
	if at := b.hung[key]; at != nil {
		close(at.rung)
		delete(b.hung, key)
	}
}
