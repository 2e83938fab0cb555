package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPauseCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "pause JOURNEY", Short: "Let nobody enter and everybody in it stand still", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Journeys.PauseJourney(cmd.Context(), &qidongv1.PauseJourneyRequest{Name: args[0]})
			if err != nil {
				return c.explain(err)
			}
			return printJob(cmd, c, resp, resp.GetJob(), "paused")
		},
	}
}

func newResumeCommand(c *connection) *cobra.Command {
	var overdue string
	cmd := &cobra.Command{
		Use: "resume JOURNEY --overdue resume|skip|rewait", Short: "Let a paused journey go on", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			choice, ok := map[string]qidongv1.Overdue{
				"resume": qidongv1.Overdue_OVERDUE_RESUME, "skip": qidongv1.Overdue_OVERDUE_SKIP, "rewait": qidongv1.Overdue_OVERDUE_REWAIT,
			}[overdue]
			if !ok {
				return fmt.Errorf("--overdue %s is not a choice: say resume, skip or rewait", overdue)
			}
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Journeys.ResumeJourney(cmd.Context(), &qidongv1.ResumeJourneyRequest{Name: args[0], Overdue: choice})
			if err != nil {
				return c.explain(err)
			}
			return printJob(cmd, c, resp, resp.GetJob(), "resumed")
		},
	}
	cmd.Flags().StringVar(&overdue, "overdue", "", "what happens to waits whose time came meanwhile: they end now (resume), they end and late messages are withheld (skip), they begin again (rewait)")
	_ = cmd.MarkFlagRequired("overdue") // fails only for an unknown flag
	return cmd
}

func newStatusCommand(c *connection, verb string, status qidongv1.JourneyStatus) *cobra.Command {
	short := map[string]string{
		"open":  "Let customers enter",
		"close": "Let nobody enter; those in it go on",
	}[verb]
	return &cobra.Command{
		Use: verb + " JOURNEY", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Journeys.SetJourneyStatus(cmd.Context(), &qidongv1.SetJourneyStatusRequest{Name: args[0], Status: status})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is %s.\n", args[0], shortEnum(status.String(), "JOURNEY_STATUS_"))
			return err
		},
	}
}

// printJob tells what a bulk job has begun to do.
func printJob(cmd *cobra.Command, c *connection, resp proto.Message, job *qidongv1.BulkJob, done string) error {
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d are being %s: qidong journey migrations %s\n", job.GetTotal(), done, job.GetId())
	return err
}

func newMigrationsCommand(c *connection) *cobra.Command {
	var journey, state string
	var stop bool
	cmd := &cobra.Command{
		Use: "migrations [JOB]", Aliases: []string{"jobs"}, Args: cobra.MaximumNArgs(1),
		Short: "Show what is being done to many enrollments: moves, pauses, resumes, resolutions",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && (stop || state != ""):
				return errors.New("--stop and --state are for one job: say which")
			case len(args) == 0:
				return listJobs(cmd, c, journey)
			case stop:
				return stopJob(cmd, c, args[0])
			case state != "":
				return listItems(cmd, c, args[0], state)
			}
			return showJob(cmd, c, args[0])
		},
	}
	cmd.Flags().StringVar(&journey, "journey", "", "only of this journey")
	cmd.Flags().StringVar(&state, "state", "", "list the job's enrollments that are pending, told, done, gone or failed")
	cmd.Flags().BoolVar(&stop, "stop", false, "stop the job; who has not been told yet is left alone")
	return cmd
}

func listJobs(cmd *cobra.Command, c *connection, journey string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.ListBulkJobs(cmd.Context(), &qidongv1.ListBulkJobsRequest{Journey: journey, PageSize: 100})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, j := range resp.GetJobs() {
		rows = append(rows, jobRow(j))
	}
	return printTable(cmd.OutOrStdout(), "There are none.", jobHeading, rows)
}

const jobHeading = "JOB | JOURNEY | ACTION | STATE | TOTAL | PENDING | TOLD | DONE | GONE | FAILED | BEGUN | BY"

func jobRow(j *qidongv1.BulkJob) []string {
	row := []string{j.GetId(), j.GetJourney(), j.GetAction(), j.GetState()}
	for _, n := range []int64{j.GetTotal(), j.GetPending(), j.GetTold(), j.GetDone(), j.GetGone(), j.GetFailed()} {
		row = append(row, strconv.FormatInt(n, 10))
	}
	return append(row, when(j.GetCreateTime()), j.GetCreatedBy())
}

func showJob(cmd *cobra.Command, c *connection, id string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.GetBulkJob(cmd.Context(), &qidongv1.GetBulkJobRequest{Id: id})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	return printTable(cmd.OutOrStdout(), "", jobHeading, [][]string{jobRow(resp.GetJob())})
}

func listItems(cmd *cobra.Command, c *connection, id, state string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.ListBulkItems(cmd.Context(), &qidongv1.ListBulkItemsRequest{Job: id, State: state, PageSize: 500})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, i := range resp.GetItems() {
		rows = append(rows, []string{i.GetEnrollmentId(), i.GetIncidentId(), i.GetState(), strconv.Itoa(int(i.GetAttempts())), i.GetReason()})
	}
	return printTable(cmd.OutOrStdout(), "There are none.", "ENROLLMENT | INCIDENT | STATE | ATTEMPTS | REASON", rows)
}

func stopJob(cmd *cobra.Command, c *connection, id string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.StopBulkJob(cmd.Context(), &qidongv1.StopBulkJobRequest{Id: id})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is stopped.\n", id)
	return err
}
