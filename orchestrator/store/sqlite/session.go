package sqlite

import (
	"time"

	"github.com/alexedwards/scs/sqlite3store"
	"github.com/alexedwards/scs/v2"
)

// Sessions keeps the sign-ins of the pages, so that they outlive a restart.
// Expired ones are removed every ten minutes until the process ends.
func (s *Store) Sessions() scs.Store {
	return sqlite3store.NewWithCleanupInterval(s.w, 10*time.Minute)
}
