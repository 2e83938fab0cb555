package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "qidong.db")
	s := openAt(t, path)
	require.NoError(t, s.Sessions().Commit("token", []byte("data"), time.Now().Add(time.Hour)))
	require.NoError(t, s.Sessions().Commit("old", []byte("data"), time.Now().Add(-time.Hour)))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "again changes nothing")

	s = openAt(t, path)
	data, found, err := s.Sessions().Find("token")
	require.NoError(t, err)
	require.True(t, found, "a session outlives a restart")
	require.Equal(t, "data", string(data))
	_, found, err = s.Sessions().Find("old")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, s.Sessions().Delete("token"))
	_, found, err = s.Sessions().Find("token")
	require.NoError(t, err)
	require.False(t, found)
}
