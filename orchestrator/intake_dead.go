package orchestrator

import "context"

// Inbox is how the inbox of a workspace is.
type Inbox struct {
	Pending, Dead int64 // of all workspaces
	// Conflicts are sources that sent known ids with other content, the latest first.
	Conflicts []EventConflict
}

// Inbox tells how the inbox is.
func (s *Service) Inbox(ctx context.Context, a Actor) (Inbox, error) {
	if err := a.may(); err != nil {
		return Inbox{}, err
	}
	var in Inbox
	var err error
	if in.Pending, in.Dead, err = s.store.Backlog(ctx); err == nil {
		in.Conflicts, err = s.store.EventConflicts(ctx, a.Workspace)
	}
	return in, err
}

// DeadEvents lists events that were given up, newest first; Reason says why.
func (s *Service) DeadEvents(ctx context.Context, a Actor, p Page) ([]Event, string, error) {
	if err := a.may(); err != nil {
		return nil, "", err
	}
	return s.store.DeadEvents(ctx, a.Workspace, p)
}

// ReplayEvent hands a dead event out again, as if it had just come: who was not
// let in by it is judged anew, who was stays in.
func (s *Service) ReplayEvent(ctx context.Context, a Actor, source, id string) error {
	if err := a.may(); err != nil {
		return err
	}
	err := s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.ReplayEvent(ctx, a.Workspace, source, id); err != nil {
			return err
		}
		return s.audit(ctx, a, "event.replay", id, map[string]any{"source": source})
	})
	if err == nil {
		s.wake()
	}
	return err
}
