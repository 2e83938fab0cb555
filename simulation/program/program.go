// Package program is the command line of simulations: `simulate` and `test`, for
// the program qidong and for engineers' own workers, which alone have the code of
// their journeys.
package program

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/workflows"
)

// ErrReported is what a command returns when what is wrong has been printed: the
// program ends with status 1 and says no more.
var ErrReported = errors.New("exit status 1")

// Options are what the program around the commands knows.
type Options struct {
	// JSON asks for JSON instead of text. It is read when a command runs.
	JSON bool
	// Code are the journeys written in Go that the program has, by name; nil for
	// none.
	Code map[string]workflows.Code
}

// Commands makes the commands simulate and test. They read o when they run.
func Commands(o *Options) []*cobra.Command {
	return []*cobra.Command{newSimulate(o), newTest(o)}
}

// maxInput bounds a file that is read, in bytes.
const maxInput = 9 << 20

// readInput reads a file, or standard input for "-".
func readInput(stdin io.Reader, name string) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(raw) > maxInput {
		return nil, fmt.Errorf("%s is larger than %d MiB, the most that is read", name, maxInput>>20)
	}
	return raw, nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// printable takes control characters out of a text that somebody else wrote: a
// terminal would obey them.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}
