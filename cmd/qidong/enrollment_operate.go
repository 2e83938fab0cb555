package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// newResolveCommands are the answers to the open incident of one enrollment.
func newResolveCommands(c *connection) []*cobra.Command {
	f := &resolutionFlags{}
	var incident string
	resolve := func(action, done string) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				f.result = args[1]
			}
			resolution, err := f.proto(action)
			if err != nil {
				return err
			}
			return tellEnrollment(cmd, c, args[0], done, func(api *client.Client) (proto.Message, error) {
				return api.Enrollments.ResolveIncident(cmd.Context(), &qidongv1.ResolveIncidentRequest{
					EnrollmentId: args[0], Resolution: resolution, IncidentId: incident,
				})
			})
		}
	}
	retry := &cobra.Command{
		Use: "retry ID", Short: "Try the step of the open incident again", Args: cobra.ExactArgs(1), RunE: resolve("retry", "is tried again"),
	}
	supply := &cobra.Command{
		Use: "supply ID JSON", Short: "Go on as if the step of the open incident had given this result", Args: cobra.ExactArgs(2),
		RunE: resolve("supply", "goes on with the result supplied"),
	}
	skip := &cobra.Command{
		Use: "skip ID", Short: "Go on after the step of the open incident", Args: cobra.ExactArgs(1), RunE: resolve("skip", "goes on after the step"),
	}
	skip.Flags().StringVar(&f.arm, "arm", "", "the arm of the step to go on with")
	for _, cmd := range []*cobra.Command{retry, supply, skip} {
		cmd.Flags().StringVar(&incident, "incident", "", "which incident (default: the only open one)")
	}
	return []*cobra.Command{retry, supply, skip}
}

// tellEnrollment tells an enrollment something and says so.
func tellEnrollment(cmd *cobra.Command, c *connection, id, done string, tell func(*client.Client) (proto.Message, error)) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := tell(api)
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, id, problems)
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s.\n", id, done)
	return err
}

func newMoveCommand(c *connection) *cobra.Command {
	var step string
	cmd := &cobra.Command{
		Use: "move ID --to STEP", Short: "Go on at another step, held by an incident or not", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if step == "" {
				return errors.New("say where to with --to STEP")
			}
			return tellEnrollment(cmd, c, args[0], "goes on at "+step+" when the step under way lets go", func(api *client.Client) (proto.Message, error) {
				return api.Enrollments.MoveEnrollment(cmd.Context(), &qidongv1.MoveEnrollmentRequest{Id: args[0], Step: step})
			})
		},
	}
	cmd.Flags().StringVar(&step, "to", "", "the step")
	return cmd
}

func newRemoveCommand(c *connection) *cobra.Command {
	var undo bool
	cmd := &cobra.Command{
		Use: "remove ID", Short: `End an enrollment with the outcome "removed"`, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return tellEnrollment(cmd, c, args[0], "ends when the step under way lets go", func(api *client.Client) (proto.Message, error) {
				return api.Enrollments.RemoveEnrollment(cmd.Context(), &qidongv1.RemoveEnrollmentRequest{Id: args[0], Undo: undo})
			})
		},
	}
	cmd.Flags().BoolVar(&undo, "undo", false, "first undo what was done, newest first")
	return cmd
}

func newStalledCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "stalled", Short: "List enrollments past a deadline, longest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Enrollments.ListStalledEnrollments(cmd.Context(), &qidongv1.ListStalledEnrollmentsRequest{})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, st := range resp.GetStalls() {
				e := st.GetEnrollment()
				rows = append(rows, []string{e.GetId(), e.GetJourney(), e.GetStep(), st.GetReason(), when(st.GetSinceTime()), st.GetMessage()})
			}
			return printTable(cmd.OutOrStdout(), "Nothing is stalled.", "ENROLLMENT | JOURNEY | STEP | REASON | SINCE | WHAT TO DO", rows)
		},
	}
}
