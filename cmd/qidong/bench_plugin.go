package main

import (
	"context"
	"io"

	"github.com/qidong/qidong/examples"
	pluginbench "github.com/qidong/qidong/plugins/bench"
)

// benchPlugins measures the plugin host alone, without a server around it.
func benchPlugins(ctx context.Context, rounds int, asJSON, strict bool, out io.Writer) error {
	suite, err := pluginbench.Discount(examples.Module)
	if err != nil {
		return err
	}
	suite.Rounds = rounds
	report, err := pluginbench.Run(ctx, suite)
	if err != nil {
		return err
	}
	return report.Print(out, asJSON, strict)
}
