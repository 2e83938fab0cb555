package main

import (
	"github.com/spf13/cobra"

	"github.com/qidong/qidong/docs"
)

func newJourneySchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of definitions, for editors", Args: cobra.NoArgs,
		Long: `Print the JSON Schema of definitions, for editors. It tells what can be told of
a field by itself; qidong journey validate judges a definition.`,
		Example: "  qidong journey schema > journey.schema.json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(docs.JourneySchema)
			return err
		},
	}
}
