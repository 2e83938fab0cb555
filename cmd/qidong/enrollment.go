package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/durationpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const enrollmentStatusPrefix = "ENROLLMENT_STATUS_"

func newEnrollmentCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "enrollment", Short: "Start, list, show and mend enrollments"})
	cmd.AddCommand(newEnrollmentListCommand(c), newEnrollmentStartCommand(c),
		&cobra.Command{
			Use: "show ID", Short: "Show an enrollment with its journey log", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showEnrollment(cmd, c, args[0]) },
		},
	)
	cmd.AddCommand(newResolveCommands(c)...)
	cmd.AddCommand(newMoveCommand(c), newRemoveCommand(c), newStalledCommand(c))
	return cmd
}

func newEnrollmentListCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListEnrollmentsRequest{}
	var status string
	cmd := &cobra.Command{
		Use: "list", Short: "List enrollments, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if status != "" {
				v, ok := qidongv1.EnrollmentStatus_value[enrollmentStatusPrefix+strings.ToUpper(status)]
				if !ok {
					return fmt.Errorf("--status %s is not one: say starting, open, held or ended", status)
				}
				req.Status = qidongv1.EnrollmentStatus(v)
			}
			return listEnrollments(cmd, c, req)
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Journey, "journey", "", "only of this journey")
	f.StringVar(&req.CustomerId, "customer", "", "only of this customer")
	f.StringVar(&req.Step, "step", "", "only those at this step")
	f.StringVar(&status, "status", "", "only starting, open, held or ended")
	f.Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	f.StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func listEnrollments(cmd *cobra.Command, c *connection, req *qidongv1.ListEnrollmentsRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Enrollments.ListEnrollments(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, e := range resp.GetEnrollments() {
		rows = append(rows, []string{
			e.GetId(), e.GetJourney(), e.GetCustomerId(), shortEnum(e.GetStatus().String(), enrollmentStatusPrefix),
			e.GetStep() + e.GetOutcome(), when(e.GetStartTime()),
		})
	}
	if err := printTable(cmd.OutOrStdout(), "There are no such enrollments.", "ENROLLMENT | JOURNEY | CUSTOMER | STATUS | STEP OR OUTCOME | STARTED", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
	return nil
}

func showEnrollment(cmd *cobra.Command, c *connection, id string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Enrollments.GetEnrollment(cmd.Context(), &qidongv1.GetEnrollmentRequest{Id: id})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printEnrollment(cmd.OutOrStdout(), resp)
	var rows [][]string
	for _, l := range resp.GetLog() {
		detail, err := protojson.Marshal(l.GetDetail())
		if err != nil {
			return fmt.Errorf("encoding the journey log: %w", err)
		}
		text := string(detail)
		if len(l.GetDetail().GetFields()) == 0 {
			text = ""
		}
		rows = append(rows, []string{when(l.GetTime()), l.GetKind(), l.GetStep(), text})
	}
	return printTable(cmd.OutOrStdout(), "Its journey log is empty.", "TIME | WHAT | STEP | MORE", rows)
}

func printEnrollment(w io.Writer, resp *qidongv1.GetEnrollmentResponse) {
	e := resp.GetEnrollment()
	fmt.Fprintf(w, "%s of %s, version %d\n", e.GetId(), e.GetJourney(), e.GetNumber())
	fmt.Fprintf(w, "Customer  %s (%s)\n", printable(resp.GetCustomer().GetName()), e.GetCustomerId())
	fmt.Fprintf(w, "Status    %s %s\n", shortEnum(e.GetStatus().String(), enrollmentStatusPrefix), e.GetStep()+e.GetOutcome())
	fmt.Fprintf(w, "Started   %s\nEnded     %s\n", when(e.GetStartTime()), when(e.GetEndTime()))
	if i := resp.GetIncident(); i != nil {
		fmt.Fprintf(w, "Incident  %s: %s (%d attempts since %s)\n", i.GetStep(), printable(i.GetMessage()), i.GetAttempts(), when(i.GetOpenTime()))
		fmt.Fprintf(w, "          qidong enrollment retry %s, or supply, skip, move, remove\n", e.GetId())
	}
	fmt.Fprintln(w)
}

func newEnrollmentStartCommand(c *connection) *cobra.Command {
	req := &qidongv1.StartEnrollmentRequest{}
	var vars string
	var pace, answer time.Duration
	cmd := &cobra.Command{
		Use: "start JOURNEY --customer ID", Short: "Enroll a customer", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req.Journey = args[0]
			if req.Vars, err = jsonObject("--vars", vars); err != nil {
				return err
			}
			if (pace != 0 || answer != 0) && !req.Test {
				return errors.New("--pace and --answer are for test enrollments: say --test too")
			}
			req.Pace = newPace(pace, answer)
			return startEnrollment(cmd, c, req)
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.CustomerId, "customer", "", "who enrolls, a customer id")
	f.StringVar(&req.Key, "key", "", "tells several enrollments of one customer apart")
	f.StringVar(&vars, "vars", "", "the journey's variables, a JSON object")
	f.BoolVar(&req.Test, "test", false, "a test enrollment, which may have a pace")
	f.DurationVar(&pace, "pace", 0, "real time that a day of the journey takes, such as 2s")
	f.DurationVar(&answer, "answer", 0, "least real time that a wait for a person takes")
	_ = cmd.MarkFlagRequired("customer") // fails only for an unknown flag
	return cmd
}

// newPace is nil for real time.
func newPace(day, answer time.Duration) *qidongv1.Pace {
	if day == 0 && answer == 0 {
		return nil
	}
	p := &qidongv1.Pace{}
	if day != 0 {
		p.Day = durationpb.New(day)
	}
	if answer != 0 {
		p.Answer = durationpb.New(answer)
	}
	return p
}

func startEnrollment(cmd *cobra.Command, c *connection, req *qidongv1.StartEnrollmentRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Enrollments.StartEnrollment(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	e := resp.GetEnrollment()
	fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", e.GetId(), shortEnum(e.GetStatus().String(), enrollmentStatusPrefix))
	return nil
}
