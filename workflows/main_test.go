package workflows

import (
	"os"
	"testing"

	"go.temporal.io/sdk/worker"
)

// TestMain spares the tests the SDK's hash of the test binary, 150 MB that are
// read in the middle of the first workflow task: on a busy machine that is
// taken for a deadlock.
func TestMain(m *testing.M) {
	worker.SetBinaryChecksum("test")
	os.Exit(m.Run())
}
