package program

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/simulation/hosted"
	"github.com/qidong/qidong/workflows"
)

// testSuffix is how files of journey tests end.
const testSuffix = ".test.yaml"

// maxSuites bounds the files that one command runs.
const maxSuites = 10_000

func newTest(o *Options) *cobra.Command {
	var match, pluginDir string
	var verbose bool
	cmd := &cobra.Command{
		Use: "test [FILE|DIR...]", Short: "Run the tests beside definitions, NAME.test.yaml; needs no server",
		Long: `Run journey tests: each case takes one customer through the definition NAME.yaml
beside NAME.test.yaml, with the real interpreter and the real plugins on a
virtual clock, and compares what happened with what is expected. Directories are
searched for tests; without arguments, the current one is.

The exit status is 0 when all passed, 1 when one failed or a file is wrong.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			only, err := regexp.Compile(match)
			if err != nil {
				return fmt.Errorf("--run is no regular expression: %w", err)
			}
			loaded, err := hosted.Load(cmd.Context(), pluginDir)
			if err != nil {
				return err
			}
			defer loaded.Close()
			return testJourneys(cmd, args, journeyTests{plugins: loaded, match: only, code: o.Code, json: o.JSON, verbose: verbose})
		},
	}
	cmd.Flags().StringVar(&match, "run", "", "run only the cases whose names match this regular expression")
	cmd.Flags().StringVar(&pluginDir, "plugins", "", "directory of .wasm files or of a server's data (default: the example plugins)")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name every case, and tell the paths of those that failed")
	return cmd
}

// journeyTests are tests at work.
type journeyTests struct {
	plugins       simulation.Plugins
	code          map[string]workflows.Code
	match         *regexp.Regexp
	json, verbose bool
}

// testedFile is what `test --json` says of one file.
type testedFile struct {
	File  string              `json:"file"`
	Error string              `json:"error,omitempty"` // the tests or the journey could not be read
	Cases []simulation.Result `json:"cases"`
}

func testJourneys(cmd *cobra.Command, args []string, t journeyTests) error {
	if len(args) == 0 {
		args = []string{"."}
	}
	files, err := testFiles(args)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	tested, failed, ran := []testedFile{}, 0, 0
	for _, file := range files {
		f := testedFile{File: file, Cases: []simulation.Result{}}
		cases, err := t.run(cmd.Context(), file)
		if err != nil {
			failed++
			f.Error = err.Error()
			if !t.json {
				_ = explainTests(out, file, err)
			}
		}
		for _, r := range cases {
			if ran++; !r.Passed() {
				failed++
			}
			if !t.json {
				t.print(out, file, r)
			}
			f.Cases = append(f.Cases, r)
		}
		tested = append(tested, f)
	}
	switch {
	case t.json:
		if err := printJSON(out, map[string]any{"files": tested}); err != nil {
			return err
		}
	case failed == 0:
		fmt.Fprintf(out, "%d passed\n", ran)
	default:
		fmt.Fprintf(out, "%d of %d failed\n", failed, max(ran, failed))
	}
	if failed > 0 {
		return ErrReported
	}
	return nil
}

// testFiles finds the tests in files and directories, each once, in order.
func testFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && name != arg && strings.HasPrefix(d.Name(), "."):
				return fs.SkipDir
			case name == arg && !d.IsDir() || d.Type().IsRegular() && strings.HasSuffix(name, testSuffix):
				files = append(files, name)
			}
			if len(files) > maxSuites {
				return fmt.Errorf("there are more than %d files of tests", maxSuites)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("looking for journey tests: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no journey tests in %s: they are files NAME%s beside NAME.yaml", strings.Join(args, ", "), testSuffix)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// run runs one file.
func (t journeyTests) run(ctx context.Context, file string) ([]simulation.Result, error) {
	source, err := readInput(nil, file)
	if err != nil {
		return nil, err
	}
	suite, err := simulation.ReadSuite(source)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("opening the directory of the tests: %w", err)
	}
	defer func() { _ = root.Close() }()
	return suite.Run(ctx, simulation.TestOptions{
		Plugins: t.plugins, Code: t.code, File: filepath.Base(file), Match: t.match, Open: func(name string) ([]byte, error) {
			f, err := root.Open(name)
			if err != nil {
				return nil, err
			}
			defer func() { _ = f.Close() }()
			return io.ReadAll(io.LimitReader(f, maxInput))
		},
	})
}

func (t journeyTests) print(w io.Writer, file string, r simulation.Result) {
	if r.Passed() {
		if t.verbose {
			fmt.Fprintf(w, "ok    %s: %s (%s)\n", file, printable(r.Name), r.Took.Round(time.Millisecond))
		}
		return
	}
	fmt.Fprintf(w, "FAIL  %s: %s\n", file, printable(r.Name))
	for _, m := range r.Mismatches {
		for i, line := range strings.Split(m.String(), "\n") {
			if i == 0 {
				line = file + ":" + line
			}
			fmt.Fprintln(w, "  "+printable(line))
		}
	}
	if t.verbose && r.Path != nil {
		_ = r.Path.Text(w)
	}
}

// explainTests says why a file of tests could not be run.
func explainTests(w io.Writer, file string, err error) error {
	if explained := explainSource(w, file, err); explained != err { //nolint:errorlint // the same error comes back unexplained
		return explained
	}
	_, err = fmt.Fprintf(w, "FAIL  %s: %s\n", file, printable(err.Error()))
	return err
}
