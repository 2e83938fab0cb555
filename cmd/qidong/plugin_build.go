package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins/project"
)

func newPluginBuildCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "build [DIR]", Short: "Compile the plugin in a directory to WebAssembly", Args: cobra.MaximumNArgs(1),
		Long: `Compile the plugin in a directory to WebAssembly, with the toolchain of its
language, to build/plugin.wasm.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := projectAt(args)
			if err != nil {
				return err
			}
			built, err := buildProject(cmd, p, "")
			if err != nil {
				return err
			}
			if c.json {
				return printJSON(cmd.OutOrStdout(), built)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Built %s: %s, sha256 %.12s, in %s.\n", built.File, kib(built.Size), built.Digest, short(built.Took))
			return err
		},
	}
}

// buildProject compiles p. What a compiler says has many lines: they are printed
// as they are, under a sentence.
func buildProject(cmd *cobra.Command, p *project.Project, version string) (*project.Built, error) {
	built, err := p.Build(cmd.Context(), version)
	if err != nil {
		return nil, fmt.Errorf("the plugin in %s, which is in %s, was not built:\n%w", p.Dir, p.Language, err)
	}
	return built, nil
}

func kib(size int) string { return fmt.Sprintf("%d KiB", (size+1023)>>10) }

// short is a duration as people compare it.
func short(d time.Duration) string {
	if d < time.Second {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
