package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins/project"
)

func newPluginNewCommand(c *connection) *cobra.Command {
	var dir, language string
	cmd := &cobra.Command{
		Use: "new NAME", Short: "Begin a plugin: a project that builds without network", Args: cobra.ExactArgs(1),
		Long: `Begin a plugin: a project with one action, its schema and examples, a unit test,
a journey that calls it, a README and a CI file. It is made in a directory of its
name; nothing is overwritten.

The one in Go carries the SDK with it, those in Rust and C need no library. The
one in AssemblyScript gets its compiler with npm ci, which needs the network once.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir == "" {
				dir = args[0]
			}
			return createProject(cmd, c, dir, args[0], project.Language(language))
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "directory to make it in (default: NAME)")
	cmd.Flags().StringVar(&language, "lang", "go", "language: go, rust, as (AssemblyScript) or c")
	_ = cmd.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"go", "rust", "as", "c"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func createProject(cmd *cobra.Command, c *connection, dir, name string, l project.Language) error {
	p, files, err := project.Create(dir, name, l)
	if err != nil {
		return err
	}
	if c.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"dir": p.Dir, "language": p.Language, "files": files})
	}
	at := filepath.Clean(dir)
	first := ""
	if l == project.AssemblyScript {
		first = "  cd " + at + " && npm ci   gets the compiler: the network is needed this once\n"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), `Made the plugin %s, in %s, in %s: %d files.

%s  qidong plugin test %s   runs its tests, and what an upload checks
  qidong plugin dev %s    loads each save into the qidong dev that runs
`, name, l, at, len(files), first, at, at)
	return err
}

// projectAt opens the project that a command is about: its only argument, or
// the directory it is run in.
func projectAt(args []string) (*project.Project, error) {
	if len(args) > 0 {
		return project.Open(args[0])
	}
	return project.Open(".")
}
