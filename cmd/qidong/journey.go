package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
	"github.com/qidong/qidong/simulation/program"
)

func newJourneyCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "journey", Short: "Check, publish and list journeys"})
	cmd.AddCommand(
		&cobra.Command{
			Use: "validate FILE...", Short: "Check definitions against the server's plugins; store nothing", Args: cobra.MinimumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return validateJourneys(cmd, c, args) },
		},
		&cobra.Command{
			Use: "list", Short: "List journeys", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return listJourneys(cmd, c) },
		},
	)
	cmd.AddCommand(newJourneySchemaCommand(), newJourneyTemplateCommand(c))
	cmd.AddCommand(simulationCommands(c)...)
	cmd.AddCommand(newPublishCommand(c), newPlanCommand(c), newVersionsCommand(c), newDiffCommand(c), newRollbackCommand(c))
	cmd.AddCommand(newPauseCommand(c), newResumeCommand(c), newStatusCommand(c, "close", qidongv1.JourneyStatus_JOURNEY_STATUS_CLOSED),
		newStatusCommand(c, "open", qidongv1.JourneyStatus_JOURNEY_STATUS_LIVE), newMigrationsCommand(c))
	return cmd
}

// simulationCommands are simulate and test, which need no server.
func simulationCommands(c *connection) []*cobra.Command {
	o := &program.Options{}
	commands := program.Commands(o)
	for _, cmd := range commands {
		cmd.PreRun = func(*cobra.Command, []string) { o.JSON = c.json }
	}
	return commands
}

// checkedFile is what `journey validate --json` says of one file.
type checkedFile struct {
	File     string              `json:"file"`
	Journey  string              `json:"journey,omitempty"` // set when valid
	Problems []*qidongv1.Problem `json:"problems"`
}

// validateJourneys prints all problems of all files; status 1 when there is any.
func validateJourneys(cmd *cobra.Command, c *connection, files []string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	checked := make([]checkedFile, 0, len(files))
	wrong := false
	for _, file := range files {
		one, err := validateJourney(cmd.Context(), cmd.InOrStdin(), c, api, file)
		if err != nil {
			return err
		}
		wrong = wrong || len(one.Problems) > 0
		checked = append(checked, one)
	}
	if c.json {
		err = printJSON(cmd.OutOrStdout(), map[string]any{"files": checked})
	} else {
		for _, one := range checked {
			printProblems(cmd.OutOrStdout(), one.File, one.Problems)
			if len(one.Problems) == 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: journey %s is valid\n", one.File, one.Journey)
			}
		}
	}
	if err == nil && wrong {
		return exitError{1}
	}
	return err
}

func validateJourney(ctx context.Context, stdin io.Reader, c *connection, api *client.Client, file string) (checkedFile, error) {
	source, err := readInput(stdin, file)
	if err != nil {
		return checkedFile{}, err
	}
	resp, err := api.Journeys.ValidateJourney(ctx, &qidongv1.ValidateJourneyRequest{Source: source})
	if err != nil {
		return checkedFile{}, c.explain(err)
	}
	return checkedFile{File: file, Journey: resp.GetJourney(), Problems: append([]*qidongv1.Problem{}, resp.GetProblems()...)}, nil
}

func listJourneys(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.ListJourneys(cmd.Context(), &qidongv1.ListJourneysRequest{PageSize: 500})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, j := range resp.GetJourneys() {
		rows = append(rows, []string{
			j.GetName(), shortEnum(j.GetStatus().String(), "JOURNEY_STATUS_"), strconv.Itoa(int(j.GetNumber())), strconv.Itoa(int(j.GetSteps())),
			strconv.FormatInt(j.GetOpen(), 10), strconv.FormatInt(j.GetCompleted(), 10), strconv.FormatInt(j.GetIncidents(), 10), when(j.GetUpdateTime()),
		})
	}
	return printTable(cmd.OutOrStdout(), "There are no journeys: publish one with `qidong journey publish FILE`.",
		"JOURNEY | STATUS | VERSION | STEPS | OPEN | ENDED | INCIDENTS | UPDATED", rows)
}

// shortEnum is an enum value as the vocabulary writes it: "live".
func shortEnum(value, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value, prefix))
}
