package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// planFlags are the flags of a publish.
type planFlags struct {
	plan    string
	mapping []string
	rate    int32
}

func (f *planFlags) bind(cmd *cobra.Command) *cobra.Command {
	flags := cmd.Flags()
	flags.StringVar(&f.plan, "plan", "keep", "what those under way get: keep their version, move to the new one, or drain (nobody enters any more)")
	flags.StringSliceVar(&f.mapping, "map", nil, "with --plan move: OLD=NEW step, or OLD=remove; may be repeated")
	flags.Int32Var(&f.rate, "rate", 0, "with --plan move: enrollments a second, 1 to 1000 (default 100)")
	return cmd
}

func (f *planFlags) proto() (*qidongv1.InFlightPlan, error) {
	kind, ok := map[string]qidongv1.InFlightPlan_Kind{
		"keep": qidongv1.InFlightPlan_KIND_KEEP, "move": qidongv1.InFlightPlan_KIND_MOVE, "drain": qidongv1.InFlightPlan_KIND_DRAIN,
	}[f.plan]
	if !ok {
		return nil, fmt.Errorf("--plan %s is not one: say keep, move or drain", f.plan)
	}
	p := &qidongv1.InFlightPlan{Kind: kind, Rate: f.rate}
	for _, m := range f.mapping {
		old, target, ok := strings.Cut(m, "=")
		if !ok || old == "" || target == "" {
			return nil, fmt.Errorf("--map %s is not OLD=NEW; write it like --map ask=ask_again or --map ask=remove", m)
		}
		if p.Mapping == nil {
			p.Mapping = map[string]string{}
		}
		p.Mapping[old] = target
	}
	return p, nil
}

func newPublishCommand(c *connection) *cobra.Command {
	f := &planFlags{}
	return f.bind(&cobra.Command{
		Use: "publish FILE", Short: "Make a definition the newest version of its journey", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return publishJourney(cmd, c, f, args[0]) },
	})
}

func publishJourney(cmd *cobra.Command, c *connection, f *planFlags, file string) error {
	plan, err := f.proto()
	if err != nil {
		return err
	}
	source, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.PublishJourney(cmd.Context(), &qidongv1.PublishJourneyRequest{Source: source, Plan: plan})
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, file, problems)
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printPublished(cmd.OutOrStdout(), resp.GetVersion(), resp.GetMove(), f.plan)
	return nil
}

// refusedFile prints the problems of a file; the status is 1.
func refusedFile(cmd *cobra.Command, c *connection, file string, problems []*qidongv1.Problem) error {
	var err error
	if c.json {
		err = printJSON(cmd.OutOrStdout(), checkedFile{File: file, Problems: problems})
	} else {
		printProblems(cmd.ErrOrStderr(), file, problems)
	}
	return errors.Join(err, exitError{1})
}

func printPublished(w io.Writer, v *qidongv1.JourneyVersion, move *qidongv1.BulkJob, plan string) {
	fmt.Fprintf(w, "Published %s, version %d (%.12s).\n", v.GetJourney(), v.GetNumber(), v.GetDigest())
	switch {
	case move != nil:
		fmt.Fprintf(w, "%d enrollments are being moved: qidong journey migrations %s\n", move.GetTotal(), move.GetId())
	case plan == "drain":
		fmt.Fprintf(w, "Nobody enters until you say: qidong journey open %s\n", v.GetJourney())
	}
}

func newPlanCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "plan FILE", Short: "Show what publishing would change, and for whom; store nothing", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := readInput(cmd.InOrStdin(), args[0])
			if err != nil {
				return err
			}
			return planPublish(cmd, c, args[0], &qidongv1.PlanPublishRequest{What: &qidongv1.PlanPublishRequest_Source{Source: source}})
		},
	}
}

func planPublish(cmd *cobra.Command, c *connection, file string, req *qidongv1.PlanPublishRequest) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.PlanPublish(cmd.Context(), req)
	if err != nil {
		return c.explain(err)
	}
	if len(resp.GetProblems()) > 0 {
		return refusedFile(cmd, c, file, resp.GetProblems())
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	w := cmd.OutOrStdout()
	switch {
	case resp.GetNumber() == 0:
		fmt.Fprintf(w, "%s is new: this becomes version 1.\n", resp.GetJourney())
		return nil
	case resp.GetSame():
		fmt.Fprintf(w, "%s: version %d is this definition already.\n", resp.GetJourney(), resp.GetNumber())
	default:
		fmt.Fprintf(w, "%s: version %d becomes version %d.\n", resp.GetJourney(), resp.GetNumber(), resp.GetNumber()+1)
	}
	if err := printComparison(w, resp.GetDiff()); err != nil {
		return err
	}
	return printFlights(w, resp)
}

// printFlights prints who is under way and which steps need a mapping.
func printFlights(w io.Writer, resp *qidongv1.PlanPublishResponse) error {
	var rows [][]string
	for _, f := range resp.GetFlights() {
		status := f.GetStatus()
		if f.GetPaused() {
			status += ", paused"
		}
		rows = append(rows, []string{strconv.Itoa(int(f.GetNumber())), f.GetStep(), status, strconv.FormatInt(f.GetCount(), 10)})
	}
	fmt.Fprintln(w)
	if err := printTable(w, "Nobody is under way.", "VERSION | STEP | STATUS | ENROLLMENTS", rows); err != nil {
		return err
	}
	var needed [][]string
	for _, u := range resp.GetUnmapped() {
		needed = append(needed, []string{strconv.Itoa(int(u.GetNumber())), u.GetStep(), strconv.FormatInt(u.GetHere(), 10), u.GetMessage()})
	}
	if len(needed) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nTo move those under way, map with --map OLD=NEW the steps where somebody is:")
	return printTable(w, "", "VERSION | STEP | HERE | WHY", needed)
}

// printComparison prints one line per difference.
func printComparison(w io.Writer, d *qidongv1.Comparison) error {
	var rows [][]string
	add := func(step, kind string, f *qidongv1.FieldDiff) {
		rows = append(rows, []string{kind, step, f.GetPath(), fieldValue(f.GetOld()), fieldValue(f.GetNew())})
	}
	for _, f := range d.GetFields() {
		add("", "changed", f)
	}
	for _, s := range d.GetSteps() {
		for _, f := range s.GetFields() {
			add(s.GetStep(), s.GetKind(), f)
		}
		if len(s.GetFields()) == 0 {
			rows = append(rows, []string{s.GetKind(), s.GetStep(), "", position(s.GetFrom()), position(s.GetTo())})
		}
	}
	return printTable(w, "Nothing differs.", "WHAT | STEP | FIELD | OLD | NEW", rows)
}

func position(p *qidongv1.StepPosition) string {
	if p == nil {
		return ""
	}
	at := "first"
	if p.GetAfter() != "" {
		at = "after " + p.GetAfter()
	}
	if p.GetWithin() != "" {
		at += " in " + p.GetWithin()
	}
	return at
}

// fieldValue is a value as one line, shortened.
func fieldValue(v *structpb.Value) string {
	if v == nil {
		return "–"
	}
	if s, ok := v.GetKind().(*structpb.Value_StringValue); ok {
		return shorten(s.StringValue)
	}
	raw, err := protojson.Marshal(v)
	if err != nil {
		return "?"
	}
	return shorten(string(raw))
}

func shorten(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func newVersionsCommand(c *connection) *cobra.Command {
	return &cobra.Command{
		Use: "versions JOURNEY", Short: "List the versions of a journey, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Journeys.ListJourneyVersions(cmd.Context(), &qidongv1.ListJourneyVersionsRequest{Name: args[0], PageSize: 500})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, v := range resp.GetVersions() {
				rows = append(rows, []string{strconv.Itoa(int(v.GetNumber())), v.GetDigest()[:12], when(v.GetPublishTime()), v.GetPublishedBy()})
			}
			return printTable(cmd.OutOrStdout(), "There are no versions.", "VERSION | DIGEST | PUBLISHED | BY", rows)
		},
	}
}

func newDiffCommand(c *connection) *cobra.Command {
	req := &qidongv1.DiffJourneyVersionsRequest{}
	cmd := &cobra.Command{
		Use: "diff JOURNEY", Short: "Compare two versions field by field", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Name = args[0]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Journeys.DiffJourneyVersions(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			return printComparison(cmd.OutOrStdout(), resp.GetDiff())
		},
	}
	cmd.Flags().Int32Var(&req.From, "from", 0, "the older version (default: the one before --to)")
	cmd.Flags().Int32Var(&req.To, "to", 0, "the newer version (default: the newest)")
	return cmd
}

func newRollbackCommand(c *connection) *cobra.Command {
	f := &planFlags{}
	req := &qidongv1.RollbackJourneyRequest{}
	var dry bool
	cmd := f.bind(&cobra.Command{
		Use: "rollback JOURNEY", Short: "Publish an earlier version again", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			req.Name = args[0]
			if req.Plan, err = f.proto(); err != nil {
				return err
			}
			if dry {
				return planPublish(cmd, c, req.GetName(), &qidongv1.PlanPublishRequest{
					What: &qidongv1.PlanPublishRequest_Rollback{Rollback: &qidongv1.Rollback{Name: req.GetName(), Number: req.GetNumber()}},
				})
			}
			return rollbackJourney(cmd, c, req, f.plan)
		},
	})
	cmd.Flags().Int32Var(&req.Number, "to", 0, "the version (default: the newest that differs from the one now)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what it would change, and for whom")
	return cmd
}

func rollbackJourney(cmd *cobra.Command, c *connection, req *qidongv1.RollbackJourneyRequest, plan string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Journeys.RollbackJourney(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, req.GetName(), problems)
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	printPublished(cmd.OutOrStdout(), resp.GetVersion(), resp.GetMove(), plan)
	return nil
}
