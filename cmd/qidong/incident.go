package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newIncidentCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "incident", Short: "List, group and resolve incidents"})
	cmd.AddCommand(newIncidentListCommand(c), newIncidentGroupsCommand(c), newIncidentResolveCommand(c))
	return cmd
}

// bindFilter adds the flags that narrow incidents.
func bindFilter(cmd *cobra.Command, f *qidongv1.IncidentFilter) *cobra.Command {
	flags := cmd.Flags()
	flags.StringVar(&f.Cause, "cause", "", "only of this group, as `incident groups` shows it")
	flags.StringVar(&f.Id, "id", "", "only this incident")
	flags.StringVar(&f.Journey, "journey", "", "only of this journey")
	flags.StringVar(&f.Step, "step", "", "only at this step")
	flags.StringVar(&f.Code, "code", "", "only with this code")
	flags.StringVar(&f.Plugin, "plugin", "", "only of this plugin, name@version")
	flags.StringVar(&f.CustomerId, "customer", "", "only of this customer")
	flags.StringVar(&f.EnrollmentId, "enrollment", "", "only of this enrollment")
	return cmd
}

func newIncidentListCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListIncidentsRequest{Filter: &qidongv1.IncidentFilter{}}
	cmd := bindFilter(&cobra.Command{
		Use: "list", Short: "List incidents, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Incidents.ListIncidents(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			if err := printIncidents(cmd.OutOrStdout(), resp.GetIncidents()); err != nil {
				return err
			}
			if next := resp.GetNextPageToken(); next != "" {
				fmt.Fprintf(cmd.ErrOrStderr(), "There are more: --page %s\n", next)
			}
			return nil
		},
	}, req.GetFilter())
	cmd.Flags().BoolVar(&req.IncludeResolved, "all", false, "also those that are resolved")
	cmd.Flags().Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func printIncidents(w io.Writer, list []*qidongv1.Incident) error {
	var rows [][]string
	for _, i := range list {
		rows = append(rows, []string{i.GetId(), i.GetJourney(), i.GetStep(), i.GetCode(), i.GetPlugin(), when(i.GetOpenTime()), i.GetResolution(), shorten(i.GetMessage())})
	}
	return printTable(w, "There are no such incidents.", "INCIDENT | JOURNEY | STEP | CODE | PLUGIN | OPENED | RESOLVED | MESSAGE", rows)
}

func newIncidentGroupsCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListIncidentGroupsRequest{Filter: &qidongv1.IncidentFilter{}}
	return bindFilter(&cobra.Command{
		Use: "groups", Short: "Group open incidents by cause, the largest group first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Incidents.ListIncidentGroups(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, g := range resp.GetGroups() {
				rows = append(rows, []string{
					g.GetCause(), strconv.FormatInt(g.GetCount(), 10), g.GetJourney(), g.GetStep(), g.GetCode(), g.GetPlugin(),
					when(g.GetFirstTime()), when(g.GetLastTime()), shorten(g.GetPattern()),
				})
			}
			return printTable(cmd.OutOrStdout(), "There are no open incidents.", "CAUSE | COUNT | JOURNEY | STEP | CODE | PLUGIN | FIRST | LAST | MESSAGE", rows)
		},
	}, req.GetFilter())
}

// resolutionFlags say what to do about incidents.
type resolutionFlags struct {
	arm, step, result string
	undo              bool
}

func (f *resolutionFlags) proto(action string) (*qidongv1.Resolution, error) {
	switch action {
	case "retry":
		return &qidongv1.Resolution{Action: &qidongv1.Resolution_Retry{Retry: &qidongv1.Retry{}}}, nil
	case "skip":
		return &qidongv1.Resolution{Action: &qidongv1.Resolution_Skip{Skip: &qidongv1.Skip{Arm: f.arm}}}, nil
	case "remove":
		return &qidongv1.Resolution{Action: &qidongv1.Resolution_Remove{Remove: &qidongv1.Remove{Undo: f.undo}}}, nil
	case "move":
		if f.step == "" {
			return nil, errors.New("to move, say where to with --to STEP")
		}
		return &qidongv1.Resolution{Action: &qidongv1.Resolution_Move{Move: &qidongv1.Move{Step: f.step}}}, nil
	case "supply":
		result, err := jsonObject("--result", f.result)
		if err != nil {
			return nil, err
		}
		return &qidongv1.Resolution{Action: &qidongv1.Resolution_Supply{Supply: &qidongv1.Supply{Result: result}}}, nil
	}
	return nil, fmt.Errorf("%s is no resolution: say retry, supply, skip, move or remove", action)
}

func newIncidentResolveCommand(c *connection) *cobra.Command {
	filter, f := &qidongv1.IncidentFilter{}, &resolutionFlags{}
	var yes, all bool
	cmd := bindFilter(&cobra.Command{
		Use: "resolve retry|supply|skip|move|remove", Args: cobra.ExactArgs(1),
		Short: "Resolve every open incident that the flags select; without --yes, show what would happen",
		RunE: func(cmd *cobra.Command, args []string) error {
			resolution, err := f.proto(args[0])
			if err != nil {
				return err
			}
			if !all && proto.Equal(filter, &qidongv1.IncidentFilter{}) {
				return errors.New("say which incidents, by --cause, --journey, --step … or --all")
			}
			return resolveIncidents(cmd, c, filter, resolution, yes)
		},
	}, filter)
	flags := cmd.Flags()
	flags.StringVar(&f.arm, "arm", "", "with skip: the arm to go on with")
	flags.StringVar(&f.step, "to", "", "with move: the step to go on at")
	flags.StringVar(&f.result, "result", "", "with supply: the step's output, a JSON object")
	flags.BoolVar(&f.undo, "undo", false, "with remove: first undo what was done")
	flags.BoolVar(&yes, "yes", false, "do it")
	flags.BoolVar(&all, "all", false, "every open incident")
	return cmd
}

func resolveIncidents(cmd *cobra.Command, c *connection, filter *qidongv1.IncidentFilter, resolution *qidongv1.Resolution, yes bool) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	preview, err := api.Incidents.PreviewResolution(cmd.Context(), &qidongv1.PreviewResolutionRequest{Filter: filter, Resolution: resolution})
	if problems := problemsOf(err); len(problems) > 0 {
		return refusedFile(cmd, c, "resolution", problems)
	}
	if err != nil {
		return c.explain(err)
	}
	if len(preview.GetProblems()) > 0 {
		return refusedFile(cmd, c, "resolution", preview.GetProblems())
	}
	if !yes {
		return printPreview(cmd, c, preview)
	}
	resp, err := api.Incidents.ResolveIncidents(cmd.Context(), &qidongv1.ResolveIncidentsRequest{
		Filter: filter, Resolution: resolution, ExpectedCount: &preview.Count,
	})
	if err != nil {
		return c.explain(err)
	}
	return printJob(cmd, c, resp, resp.GetJob(), "resolved")
}

func printPreview(cmd *cobra.Command, c *connection, p *qidongv1.PreviewResolutionResponse) error {
	if c.json {
		return printProto(cmd.OutOrStdout(), p)
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "%d open incidents are selected.\n\n", p.GetCount())
	var rows [][]string
	for _, e := range p.GetEffects() {
		next := e.GetNext()
		if next == "" {
			next = "the end"
		}
		rows = append(rows, []string{strconv.FormatInt(e.GetCount(), 10), e.GetJourney(), e.GetStep(), next, e.GetMessage()})
	}
	if err := printTable(w, "Nothing would happen.", "COUNT | JOURNEY | STEP | NEXT | WHAT HAPPENS", rows); err != nil {
		return err
	}
	fmt.Fprintln(w)
	if err := printIncidents(w, p.GetSample()); err != nil {
		return err
	}
	if p.GetCount() > 0 {
		fmt.Fprintln(w, "\nSay --yes to do it.")
	}
	return nil
}
