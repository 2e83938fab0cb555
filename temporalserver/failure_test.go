package temporalserver

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServer_TurnsAFatalIntoAnError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", address(0))
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	cfg := Config{File: filepath.Join(t.TempDir(), "t.db"), Namespace: "qidong", Retention: time.Hour}
	require.NoError(t, prepareFile(t.Context(), cfg))
	ports, err := reservePorts(4)
	require.NoError(t, err)
	ports[2] = taken.Addr().(*net.TCPAddr).Port

	s := newServerOn(cfg, ports)
	require.ErrorContains(t, s.run(t.Context(), cfg, ports), "address already in use")
	require.NoError(t, s.Close())
}
