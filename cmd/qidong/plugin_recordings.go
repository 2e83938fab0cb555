package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// replayer runs recorded calls in a plugin host of its own, which reaches
// nothing outside.
type replayer struct {
	host    *plugins.Host
	modules moduleBytes
}

// moduleBytes is plugins.Modules in memory.
type moduleBytes map[string][]byte

func (m moduleBytes) Module(_ context.Context, digest string) ([]byte, error) {
	if b, ok := m[digest]; ok {
		return b, nil
	}
	return nil, errors.New("it is not at hand")
}

// add keeps a module and returns its digest. No call may be at work.
func (m moduleBytes) add(module []byte) string {
	sum := sha256.Sum256(module)
	digest := hex.EncodeToString(sum[:])
	m[digest] = module
	return digest
}

func newReplayer(ctx context.Context) (*replayer, error) {
	r := &replayer{modules: moduleBytes{}}
	var err error
	r.host, err = plugins.New(ctx, plugins.Config{Modules: r.modules}) // its cache goes with it
	return r, err
}

func (r *replayer) close(ctx context.Context) { _ = r.host.Close(context.WithoutCancel(ctx)) }

// cannot ends a command that could not do what it is for.
func cannot(cmd *cobra.Command, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "qidong: "+printable(err.Error()))
	return exitError{2}
}

// recordingOf fetches the recording of a call from the server.
func (c *connection) recordingOf(ctx context.Context, id string) (*plugins.Recording, error) {
	api, err := c.dial()
	if err != nil {
		return nil, err
	}
	resp, err := api.Plugins.GetPluginCall(ctx, &qidongv1.GetPluginCallRequest{Id: id})
	if err != nil {
		return nil, c.explain(err)
	}
	return plugins.ReadRecording(resp.GetRecording())
}

// moduleOf fetches a module from the server.
func (c *connection) moduleOf(ctx context.Context, digest string) ([]byte, error) {
	api, err := c.dial()
	if err != nil {
		return nil, err
	}
	resp, err := api.Plugins.GetPluginModule(ctx, &qidongv1.GetPluginModuleRequest{Digest: digest})
	if err != nil {
		return nil, c.explain(err)
	}
	return resp.GetModule(), nil
}

// readRecording reads the file of a recording, or standard input for "-".
func readRecording(cmd *cobra.Command, file string) (*plugins.Recording, error) {
	raw, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return nil, err
	}
	r, err := plugins.ReadRecording(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// isFile tells a file from the name of something on the server.
func isFile(name string) bool {
	info, err := os.Stat(name)
	return name == "-" || err == nil && !info.IsDir()
}

// brief is text for one line of a terminal.
func brief(s string, most int) string {
	if len(s) <= most {
		return printable(s)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes; --json shows all)", printable(s[:cut]), len(s))
}

// differenceText is a difference on one line.
func differenceText(d plugins.Difference) string {
	place := d.What
	switch {
	case d.Path == "":
	case d.What == "request":
		place += " " + d.Path
	case d.What == "log":
		place += " line " + d.Path
	case d.Path[0] == '[':
		place += d.Path
	default:
		place += "." + d.Path
	}
	text := ": " + side(d.Old) + " → " + side(d.New)
	if d.What == "request" || d.Old == nil && d.New == nil {
		text = ":"
	}
	if d.Message != "" {
		text += " " + d.Message
	}
	return printable(place) + brief(text, 2000)
}

func side(json []byte) string {
	if json == nil {
		return "nothing"
	}
	return brief(string(json), 300)
}
