package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

const taskStatePrefix = "TASK_STATE_"

func newTaskCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "task", Short: "List, show and complete people's tasks"})
	cmd.AddCommand(newTaskListCommand(c),
		&cobra.Command{
			Use: "show ID", Short: "Show a task with its form", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showTask(cmd, c, args[0]) },
		},
		&cobra.Command{
			Use: "complete ID [JSON]", Short: "Say that a task is done, with what its form asks for",
			Example: `  qidong task complete e_abc/call_back/1 '{"reached": true}'`, Args: cobra.RangeArgs(1, 2),
			RunE: func(cmd *cobra.Command, args []string) error { return completeTask(cmd, c, args) },
		},
	)
	return cmd
}

func newTaskListCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListTasksRequest{}
	var state string
	cmd := &cobra.Command{
		Use: "list", Short: "List tasks, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "any" {
				v, ok := qidongv1.TaskState_value[taskStatePrefix+strings.ToUpper(state)]
				if !ok || v == 0 {
					return fmt.Errorf("--state %s is not one: say open, done, overdue, cancelled or any", state)
				}
				req.State = qidongv1.TaskState(v)
			}
			return listTasks(cmd, c, req)
		},
	}
	f := cmd.Flags()
	f.StringVar(&req.Journey, "journey", "", "only of this journey")
	f.StringVar(&req.CustomerId, "customer", "", "only of this customer")
	f.StringVar(&req.EnrollmentId, "enrollment", "", "only of this enrollment")
	f.StringVar(&req.Assignee, "assignee", "", "only of this user or team")
	f.StringVar(&state, "state", "open", "open, done, overdue, cancelled or any")
	f.Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	f.StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func listTasks(cmd *cobra.Command, c *connection, req *qidongv1.ListTasksRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Tasks.ListTasks(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, t := range resp.GetTasks() {
		rows = append(rows, []string{
			t.GetId(), t.GetJourney(), t.GetCustomerId(), shortEnum(t.GetState().String(), taskStatePrefix), t.GetAssignee(), when(t.GetDueTime()),
		})
	}
	if err := printTable(cmd.OutOrStdout(), "There are no such tasks.", "TASK | JOURNEY | CUSTOMER | STATE | ASSIGNEE | DUE", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
	return nil
}

func showTask(cmd *cobra.Command, c *connection, id string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Tasks.GetTask(cmd.Context(), &qidongv1.GetTaskRequest{Id: id})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	return printTask(cmd.OutOrStdout(), resp.GetTask())
}

func printTask(w io.Writer, t *qidongv1.Task) error {
	fmt.Fprintf(w, "%s of %s\n", t.GetId(), t.GetJourney())
	for _, lang := range slices.Sorted(maps.Keys(t.GetInstructions())) {
		fmt.Fprintf(w, "%-9s %s\n", lang, printable(t.GetInstructions()[lang]))
	}
	fmt.Fprintf(w, "Customer  %s\n", t.GetCustomerId())
	fmt.Fprintf(w, "Assignee  %s\n", printable(t.GetAssignee()))
	fmt.Fprintf(w, "State     %s %s\n", shortEnum(t.GetState().String(), taskStatePrefix), printable(t.GetCompletedBy()))
	fmt.Fprintf(w, "Opened    %s\nDue       %s\nClosed    %s\n", when(t.GetOpenTime()), when(t.GetDueTime()), when(t.GetCloseTime()))
	for i, e := range t.GetEscalations() {
		what := "to come"
		if i < int(t.GetEscalated()) {
			what = "past"
		}
		fmt.Fprintf(w, "Escalates %s to %s (%s)\n", when(e.GetTime()), printable(e.GetAssignee()), what)
	}
	if t.GetResult() != nil {
		result, err := protojson.Marshal(t.GetResult())
		if err != nil {
			return fmt.Errorf("encoding the result: %w", err)
		}
		fmt.Fprintf(w, "Result    %s\n", result)
	}
	if t.GetForm() == nil {
		return nil
	}
	form, err := json.MarshalIndent(t.GetForm().AsMap(), "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the form: %w", err)
	}
	fmt.Fprintf(w, "Form\n%s\n", form)
	return nil
}

func completeTask(cmd *cobra.Command, c *connection, args []string) error {
	req := &qidongv1.CompleteTaskRequest{Id: args[0]}
	if len(args) == 2 {
		var err error
		if req.Result, err = jsonObject("the result", args[1]); err != nil {
			return err
		}
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Tasks.CompleteTask(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), "the result", problems)
		return errors.New("the result does not fit: see `qidong task show " + args[0] + "` for the form")
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is done; its journey goes on\n", resp.GetTask().GetId())
	return nil
}
