package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/conformance"
)

func newPluginTestCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "test [DIR]", Short: "Run the tests of the plugin in a directory, build it, and check it as an upload would", Args: cobra.MaximumNArgs(1),
		Long: `Run the tests of the plugin in a directory, build it, and check it as an upload
would. Nothing outside is reached, and no server is needed. The exit status is 0
when all is well.`,
		RunE: func(cmd *cobra.Command, args []string) error { return testProject(cmd, c.json, args) },
	}
}

func testProject(cmd *cobra.Command, asJSON bool, args []string) error {
	p, err := projectAt(args)
	if err != nil {
		return err
	}
	said := cmd.OutOrStdout()
	if asJSON {
		said = cmd.ErrOrStderr() // standard output is the report's
	}
	if err := p.Test(cmd.Context(), said); err != nil {
		return fmt.Errorf("the tests of the plugin in %s did not pass: %w", p.Dir, err)
	}
	built, err := buildProject(cmd, p, "")
	if err != nil {
		return err
	}
	report, err := conformance.Check(cmd.Context(), plugins.Config{}, built.Module)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(cmd.OutOrStdout(), report)
	} else {
		_, err = fmt.Fprint(cmd.OutOrStdout(), report)
	}
	if err == nil && !report.Conforms() {
		return exitError{1}
	}
	return err
}
