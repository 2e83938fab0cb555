package sqlite

import (
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
)

// sessions looks sessions up with the read pool, so that a page does not queue
// behind writers, and changes them with the writer.
type sessions struct {
	scs.Store // the writer's
	reader    *sqlite3store.SQLite3Store
}

// Find looks a session up.
func (s *sessions) Find(token string) ([]byte, bool, error) { return s.reader.Find(token) }

// cleanupInterval is how often expired sessions are removed.
const cleanupInterval = 10 * time.Minute

// Sessions keeps the sign-ins of the pages, so that they outlive a restart.
// Expired ones are removed every ten minutes until Close.
func (s *Store) Sessions() scs.Store {
	s.sessionsOpen.Do(func() { s.sessionWriter = sqlite3store.NewWithCleanupInterval(s.w, cleanupInterval) })
	return &sessions{Store: s.sessionWriter, reader: sqlite3store.NewWithCleanupInterval(s.r, 0)}
}

// closeSessions ends the removal of expired ones.
func (s *Store) closeSessions() {
	s.sessionsOpen.Do(func() {}) // from now on there is none to open
	s.sessionsClose.Do(func() {
		if s.sessionWriter != nil {
			s.sessionWriter.StopCleanup()
		}
	})
}
