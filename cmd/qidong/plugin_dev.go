package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins/project"
	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginDevCommand(c *connection) *cobra.Command {
	d := &devLoop{connection: c}
	cmd := &cobra.Command{
		Use: "dev [DIR]", Short: "Load each save of the plugin in a directory into the qidong dev that runs", Args: cobra.MaximumNArgs(1),
		Long: `Load each save of the plugin in a directory into the qidong dev that runs. A
version never changes, so that each save is a version of its own before the next
release: 0.1.0-dev.1, 0.1.0-dev.2. The server runs every example as it takes it;
journeys that are published from then on call it. Settings and grant are those of
the version before, unless they are said.`,
		RunE: func(cmd *cobra.Command, args []string) error { return d.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&d.once, "once", false, "load it once, and end")
	cmd.Flags().StringVar(&d.config, "config", "", "the workspace's settings for it, a JSON object (default: those of the version before)")
	cmd.Flags().StringVar(&d.grant, "grant", "", "what the workspace allows it, a JSON object (default: that of the version before)")
	return cmd
}

// devLoop loads a project into a server, save after save.
type devLoop struct {
	*connection
	once          bool
	config, grant string
	cmd           *cobra.Command
	api           *client.Client
	project       *project.Project
}

// loaded is what `qidong plugin dev --json` prints for each save, a line each.
type loaded struct {
	Plugin   string        `json:"plugin"`
	Version  string        `json:"version"`
	Digest   string        `json:"digest"`
	Size     int           `json:"size"`
	Examples int           `json:"examples"` // calls that the server has made
	Build    time.Duration `json:"build_ns"`
	Took     time.Duration `json:"took_ns"` // from the save to the server's answer
}

func (d *devLoop) run(cmd *cobra.Command, args []string) error {
	d.cmd = cmd
	var err error
	if d.project, err = projectAt(args); err != nil {
		return err
	}
	if d.api, err = d.dial(); err != nil {
		return err
	}
	if d.once {
		return d.load(time.Now())
	}
	if !d.json {
		fmt.Fprintf(cmd.OutOrStdout(), "Watching %s. Ctrl-C ends it.\n", d.project.Dir)
	}
	return d.project.Watch(cmd.Context(), func(saved time.Time) error {
		if err := d.load(saved); err != nil && cmd.Context().Err() == nil {
			d.complain(err) // and the next save mends it
		}
		return nil
	})
}

func (d *devLoop) complain(err error) {
	var quiet exitError
	if !errors.As(err, &quiet) {
		fmt.Fprintln(d.cmd.ErrOrStderr(), "qidong: "+err.Error())
	}
}

// load builds the project and uploads it as the next version.
func (d *devLoop) load(saved time.Time) error {
	ctx := d.cmd.Context()
	base, err := d.project.Version()
	if err != nil {
		return err
	}
	list, err := d.api.Plugins.ListPlugins(ctx, &qidongv1.ListPluginsRequest{PageSize: 500})
	if err != nil {
		return d.explain(err)
	}
	// What the plugin is called only the module says, so the number is the next
	// one after those of all plugins that are developed here.
	version, err := nextDev(base, list.GetPlugins())
	if err != nil {
		return err
	}
	built, err := buildProject(d.cmd, d.project, version)
	if err != nil {
		return err
	}
	p, err := d.upload(built, version)
	if err != nil {
		return err
	}
	if !d.json {
		printMissing(d.cmd.OutOrStdout(), p)
	}
	l := loaded{
		Plugin: p.GetName(), Version: version, Digest: built.Digest, Size: built.Size,
		Examples: len(examplesOf(p)), Build: built.Took, Took: time.Since(saved),
	}
	if err := released(p.GetName(), base, list.GetPlugins()); err != nil {
		return err
	}
	return d.report(l)
}

// nextDev is the version of the next save before the release base.
func nextDev(base string, known []*qidongv1.Plugin) (string, error) {
	v, err := semver.StrictNewVersion(base)
	if err != nil || v.Prerelease() != "" || v.Metadata() != "" {
		return "", fmt.Errorf("the source gives the version %q, which is no release: write one like 0.1.0", base)
	}
	last := 0
	for _, p := range known {
		if n, ok := strings.CutPrefix(p.GetVersion(), base+"-dev."); ok {
			number, _ := strconv.Atoi(n)
			last = max(last, number)
		}
	}
	return fmt.Sprintf("%s-dev.%d", base, last+1), nil
}

// released refuses what no journey would be published with: a save that comes
// before a version that is there.
func released(name, base string, known []*qidongv1.Plugin) error {
	for _, p := range known {
		if v, err := semver.StrictNewVersion(p.GetVersion()); err == nil && p.GetName() == name && v.Prerelease() == "" && !v.LessThan(semver.MustParse(base)) {
			return fmt.Errorf("%s@%s is on the server already, and what is developed comes before %s: journeys would go on with it; raise the version in the source", name, p.GetVersion(), base)
		}
	}
	return nil
}

// upload hands the module over, granted what it asks for.
func (d *devLoop) upload(built *project.Built, version string) (*qidongv1.Plugin, error) {
	req := &qidongv1.UploadPluginRequest{Module: built.Module}
	var err error
	if req.Config, err = jsonObject("--config", d.config); err != nil {
		return nil, err
	}
	if req.Grant, err = jsonObject("--grant", d.grant); err != nil {
		return nil, err
	}
	resp, err := d.api.Plugins.UploadPlugin(d.cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(d.cmd.ErrOrStderr(), built.File, problems)
		return nil, exitError{1}
	}
	if err != nil {
		return nil, d.explain(err)
	}
	p := resp.GetPlugin()
	if p.GetVersion() != version {
		return nil, fmt.Errorf("the module says that it is version %s, not %s: give the variable version of package main to plugin.Info", p.GetVersion(), version)
	}
	return p, nil
}

func examplesOf(p *qidongv1.Plugin) []abi.Example {
	raw, err := p.GetManifest().MarshalJSON()
	var m abi.Manifest
	if err != nil || json.Unmarshal(raw, &m) != nil {
		return nil // it is shown only, and the server has read it
	}
	var all []abi.Example
	for _, a := range m.Actions {
		all = append(all, a.Examples...)
	}
	return all
}

func (d *devLoop) report(l loaded) error {
	if d.json {
		return json.NewEncoder(d.cmd.OutOrStdout()).Encode(l)
	}
	_, err := fmt.Fprintf(d.cmd.OutOrStdout(), "Loaded %s@%s (%s): the server has answered its %d examples. %s from the save, %s of them for the build.\n",
		l.Plugin, l.Version, kib(l.Size), l.Examples, short(l.Took), short(l.Build))
	return err
}
