package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newSurveyCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "survey", Short: "See what customers said"})
	results := &surveyFlags{filter: &qidongv1.AnswerFilter{}}
	answers := &surveyFlags{filter: &qidongv1.AnswerFilter{}}
	page := &qidongv1.ListAnswersRequest{}
	show := &cobra.Command{
		Use: "results", Short: "Show NPS, CSAT and CES, and perception less expectation by driver and scene", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return surveyResults(cmd, c, results) },
	}
	list := &cobra.Command{
		Use: "answers", Short: "List answers, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listAnswers(cmd, c, answers, page) },
	}
	results.bind(show)
	answers.bind(list)
	list.Flags().Int32Var(&page.PageSize, "limit", 100, "how many at most, 1 to 500")
	list.Flags().StringVar(&page.PageToken, "page", "", "page token of the list before")
	cmd.AddCommand(show, list)
	return cmd
}

// surveyFlags narrow what is shown.
type surveyFlags struct {
	filter       *qidongv1.AnswerFilter
	since, until string
}

func (s *surveyFlags) bind(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.filter.Journey, "journey", "", "only of this journey")
	f.StringVar(&s.filter.Step, "step", "", "only of this step")
	f.StringVar(&s.filter.Kind, "kind", "", "only nps, csat, ces, expectation, perception or text")
	f.StringVar(&s.filter.Driver, "driver", "", "only of this driver of the matrix")
	f.StringVar(&s.filter.Scene, "scene", "", "only of this scene of the matrix")
	f.StringVar(&s.filter.Pair, "pair", "", "only of this pair")
	f.StringVar(&s.since, "since", "", "from this moment or day on, such as 2026-11-01")
	f.StringVar(&s.until, "until", "", "before this moment or day")
}

// read fills the moments in.
func (s *surveyFlags) read() (err error) {
	if s.filter.SinceTime, err = moment("--since", s.since); err != nil {
		return err
	}
	s.filter.UntilTime, err = moment("--until", s.until)
	return err
}

// moment reads a flag that is RFC 3339, or a day in local time; "" is nil.
func moment(flag, text string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return timestamppb.New(t), nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return nil, fmt.Errorf("%s %s is no moment: write it like 2026-11-28 or 2026-11-28T19:30:00+08:00", flag, text)
	}
	return timestamppb.New(t), nil
}

func surveyResults(cmd *cobra.Command, c *connection, flags *surveyFlags) error {
	if err := flags.read(); err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Surveys.GetSurveyResults(cmd.Context(), &qidongv1.GetSurveyResultsRequest{Filter: flags.filter})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	return printResults(cmd.OutOrStdout(), resp)
}

func printResults(w io.Writer, r *qidongv1.GetSurveyResultsResponse) error {
	n := r.GetNps()
	rating := func(name, favorable string, s *qidongv1.Rating) []string {
		figure := fmt.Sprintf("%.0f %% %s, mean %.2f", s.GetShare(), favorable, s.GetMean())
		return []string{name, figure, strconv.FormatInt(s.GetAnswers(), 10), strconv.FormatInt(s.GetAsked(), 10)}
	}
	rows := [][]string{
		{
			"NPS", fmt.Sprintf("%+.0f (%d promoters, %d passives, %d detractors)", n.GetScore(), n.GetPromoters(), n.GetPassives(), n.GetDetractors()),
			strconv.FormatInt(n.GetAnswers(), 10), strconv.FormatInt(n.GetAsked(), 10),
		},
		rating("CSAT", "satisfied", r.GetCsat()), rating("CES", "easy", r.GetCes()),
	}
	if err := printTable(w, "", "SURVEY | RESULT | ANSWERS | ASKED", rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%d answers in words; see `qidong survey answers --kind text`\n\n", r.GetTexts())
	rows = nil
	for _, g := range r.GetGaps() {
		gap := "–"
		if g.GetPairs() > 0 {
			gap = fmt.Sprintf("%+.2f", g.GetGap())
		}
		rows = append(rows, []string{
			g.GetDriver(), g.GetScene(), gap, fmt.Sprintf("%.2f", g.GetPerception()), fmt.Sprintf("%.2f", g.GetExpectation()),
			strconv.FormatInt(g.GetPairs(), 10), fmt.Sprintf("%d / %d", g.GetPerceptions(), g.GetExpectations()),
		})
	}
	return printTable(w, "No expectations or perceptions were given.", "DRIVER | SCENE | GAP | PERCEIVED | EXPECTED | PAIRS | ALL", rows)
}

func listAnswers(cmd *cobra.Command, c *connection, flags *surveyFlags, req *qidongv1.ListAnswersRequest) error {
	if err := flags.read(); err != nil {
		return err
	}
	req.Filter = flags.filter
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Surveys.ListAnswers(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, a := range resp.GetAnswers() {
		said := a.GetText()
		if said == "" {
			said = strconv.Itoa(int(a.GetScore()))
		}
		rows = append(rows, []string{when(a.GetTime()), a.GetCustomerId(), a.GetJourney(), a.GetStep(), a.GetKind(), said})
	}
	if err := printTable(cmd.OutOrStdout(), "There are no such answers.", "TIME | CUSTOMER | JOURNEY | STEP | KIND | SAID", rows); err != nil {
		return err
	}
	if next := resp.GetNextPageToken(); next != "" {
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
	}
	return nil
}
