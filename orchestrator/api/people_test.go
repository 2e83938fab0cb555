package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/qidong/qidong/orchestrator"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// ask opens a task in the workspace demo.
func (i *installation) ask(t *testing.T, step string) string {
	t.Helper()
	task, err := i.svc.OpenTask(t.Context(), orchestrator.Task{
		ID: "e_1/" + step + "/1", Workspace: "demo", Enrollment: "e_1", Journey: "care", Customer: "c_1", Step: step, Visit: 1,
		Assignee: "desk", DueAt: time.Now().Add(time.Hour), Form: json.RawMessage(`{"type": "object", "required": ["reached"], "properties": {"reached": {"type": "boolean"}}}`),
	}, orchestrator.Progress{})
	require.NoError(t, err)
	return task.ID
}

func TestTasks(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	for _, step := range []string{"a", "b", "c"} {
		i.ask(t, step)
	}
	list, err := c.Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{PageSize: 2, State: qidongv1.TaskState_TASK_STATE_OPEN, Assignee: "desk"})
	require.NoError(t, err)
	require.Len(t, list.GetTasks(), 2)
	require.Equal(t, "e_1/c/1", list.GetTasks()[0].GetId())
	rest, err := c.Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{PageSize: 2, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetTasks(), 1)

	bad, err := structpb.NewStruct(map[string]any{"reached": "yes"})
	require.NoError(t, err)
	_, err = c.Tasks.CompleteTask(ctx, &qidongv1.CompleteTaskRequest{Id: "e_1/a/1", Result: bad})
	require.Equal(t, "result.reached", failure(t, err).GetProblems()[0].GetPath())

	good, err := structpb.NewStruct(map[string]any{"reached": true})
	require.NoError(t, err)
	done, err := c.Tasks.CompleteTask(ctx, &qidongv1.CompleteTaskRequest{Id: "e_1/a/1", Result: good})
	require.NoError(t, err)
	require.Equal(t, qidongv1.TaskState_TASK_STATE_DONE, done.GetTask().GetState())
	require.Equal(t, "admin", done.GetTask().GetCompletedBy())
	got, err := c.Tasks.GetTask(ctx, &qidongv1.GetTaskRequest{Id: "e_1/a/1"})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"reached": true}, got.GetTask().GetResult().AsMap())
	require.NotNil(t, got.GetTask().GetForm())
}

// TestW01_PeopleOfAnotherWorkspace: another workspace's tasks and answers are
// not found, whoever asks.
func TestW01_PeopleOfAnotherWorkspace(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	id := i.ask(t, "call")
	require.NoError(t, i.svc.RecordAnswer(ctx, orchestrator.Answer{
		Workspace: "demo", Customer: "c_1", Enrollment: "e_1", Step: "ask", Visit: 1, Kind: "nps", Answered: true, Score: 9,
	}, orchestrator.Progress{}))
	eve := i.as(i.other)
	_, err := eve.Tasks.GetTask(ctx, &qidongv1.GetTaskRequest{Id: id})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	_, err = eve.Tasks.CompleteTask(ctx, &qidongv1.CompleteTaskRequest{Id: id})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	list, err := eve.Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{EnrollmentId: "e_1"})
	require.NoError(t, err)
	require.Empty(t, list.GetTasks())
	answers, err := eve.Surveys.ListAnswers(ctx, &qidongv1.ListAnswersRequest{})
	require.NoError(t, err)
	require.Empty(t, answers.GetAnswers())
	results, err := eve.Surveys.GetSurveyResults(ctx, &qidongv1.GetSurveyResultsRequest{})
	require.NoError(t, err)
	require.Zero(t, results.GetNps().GetAsked())

	_, err = i.as(i.events).Tasks.ListTasks(ctx, &qidongv1.ListTasksRequest{})
	require.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err))
	_, err = i.as(i.events).Surveys.GetSurveyResults(ctx, &qidongv1.GetSurveyResultsRequest{})
	require.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err))
}

func TestSurveys(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	for n, a := range []orchestrator.Answer{
		{Kind: "nps", Score: 10, Answered: true},
		{Kind: "nps", Score: -1},
		{Kind: "text", Score: -1, Answered: true, Text: "<b>好</b>"},
		{Kind: "expectation", Score: 2, Answered: true, Pair: "p", Driver: "service", Scene: "use"},
		{Kind: "perception", Score: 4, Answered: true, Pair: "p", Driver: "service", Scene: "use"},
	} {
		a.Workspace, a.Customer, a.Journey, a.Enrollment, a.Step, a.Visit = "demo", "c_1", "care", "e_1", "s", n+1
		require.NoError(t, i.svc.RecordAnswer(ctx, a, orchestrator.Progress{}))
	}
	res, err := c.Surveys.GetSurveyResults(ctx, &qidongv1.GetSurveyResultsRequest{})
	require.NoError(t, err)
	require.InDelta(t, 100, res.GetNps().GetScore(), 1e-9)
	require.EqualValues(t, 2, res.GetNps().GetAsked())
	require.EqualValues(t, 1, res.GetTexts())
	require.InDelta(t, 2, res.GetGaps()[0].GetGap(), 1e-9)

	list, err := c.Surveys.ListAnswers(ctx, &qidongv1.ListAnswersRequest{Filter: &qidongv1.AnswerFilter{Kind: "text"}})
	require.NoError(t, err)
	require.Equal(t, "<b>好</b>", list.GetAnswers()[0].GetText())
	for name, f := range map[string]*qidongv1.AnswerFilter{
		"no such kind": {Kind: "poll"},
		"no moment":    {SinceTime: &timestamppb.Timestamp{Seconds: 1 << 60}},
		"no span":      {SinceTime: timestamppb.New(time.Unix(2, 0)), UntilTime: timestamppb.New(time.Unix(1, 0))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.Surveys.GetSurveyResults(ctx, &qidongv1.GetSurveyResultsRequest{Filter: f})
			require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err))
		})
	}
}
