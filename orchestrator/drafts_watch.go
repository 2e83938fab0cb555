package orchestrator

import (
	"context"
	"sync"
	"time"
)

// WatchDraft returns the revision of a draft as soon as it is not the given one:
// at once when it is not now. Edits of this process are heard at once, those of
// others within a second. It ends with ctx; [ErrNotFound] when there is neither
// a draft nor a published journey, also when it becomes so.
func (s *Service) WatchDraft(ctx context.Context, a Actor, name string, revision int64) (int64, error) {
	if err := a.may(); err != nil {
		return 0, err
	}
	for {
		rung := s.rings.bell(a.Workspace, name) // before looking, so that nothing is missed in between
		d, _, err := s.draft(ctx, a.Workspace, name)
		if err != nil || d.Revision != revision {
			return d.Revision, err
		}
		select {
		case <-ctx.Done():
			return revision, ctx.Err()
		case <-rung:
		case <-time.After(s.poll):
		}
	}
}

// bells tell those who watch a draft that it has changed.
type bells struct {
	mu   sync.Mutex
	hung map[[2]string]chan struct{} // by workspace and journey
}

// bell is closed when the draft changes next.
func (b *bells) bell(workspace, journey string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]string{workspace, journey}
	if b.hung == nil {
		b.hung = map[[2]string]chan struct{}{}
	}
	if b.hung[key] == nil {
		b.hung[key] = make(chan struct{})
	}
	return b.hung[key]
}

func (b *bells) ring(workspace, journey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := [2]string{workspace, journey}
	if bell := b.hung[key]; bell != nil {
		close(bell)
		delete(b.hung, key)
	}
}
