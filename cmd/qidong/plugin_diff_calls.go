package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// pluginVersion is one that is compared.
type pluginVersion struct {
	name, version string // on the server; "" for a file
	module        []byte // nil when it was not fetched
	digest        string // "" when it is not known
}

// readVersion reads a file, or NAME@VERSION.
func readVersion(cmd *cobra.Command, s string) (*pluginVersion, error) {
	if isFile(s) || strings.HasSuffix(s, ".wasm") {
		module, err := readInput(cmd.InOrStdin(), s)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(module)
		return &pluginVersion{module: module, digest: hex.EncodeToString(sum[:])}, nil
	}
	v := &pluginVersion{}
	var err error
	v.name, v.version, err = nameAndVersion(s)
	return v, err
}

// fetch gets the module from the server.
func (v *pluginVersion) fetch(ctx context.Context, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.GetPlugin(ctx, &qidongv1.GetPluginRequest{Name: v.name, Version: v.version})
	if err != nil {
		return c.explain(err)
	}
	v.digest = resp.GetPlugin().GetDigest()
	v.module, err = c.moduleOf(ctx, v.digest)
	return err
}

// of tells whether a call was made with this version.
func (v *pluginVersion) of(r *plugins.Recording) bool {
	if v.digest != "" {
		return v.digest == r.Digest
	}
	return v.name == r.Plugin && v.version == r.Version
}

// keptCall is a recording with its name, or why it could not be read.
type keptCall struct {
	name      string
	recording *plugins.Recording
	err       error
}

// callsOfVersion yields at most count calls of a version, one in memory at a
// time.
func callsOfVersion(cmd *cobra.Command, c *connection, v *pluginVersion, o diffOptions) (iter.Seq[keptCall], error) {
	if o.recordings == "" {
		if v.name == "" {
			return nil, errors.New("a file has no recorded calls on the server: write OLD as NAME@VERSION, or say with --recordings where its recorded calls are")
		}
		return serverCalls(cmd.Context(), c, v, o.count)
	}
	if isFile(o.recordings) {
		return fileCalls(cmd, v, []string{o.recordings}, o.count), nil
	}
	entries, err := os.ReadDir(o.recordings)
	if err != nil {
		return nil, fmt.Errorf("reading recorded calls: %w", err)
	}
	var files []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".json" {
			files = append(files, filepath.Join(o.recordings, e.Name()))
		}
	}
	return fileCalls(cmd, v, files, o.count), nil
}

func serverCalls(ctx context.Context, c *connection, v *pluginVersion, count int) (iter.Seq[keptCall], error) {
	api, err := c.dial()
	if err != nil {
		return nil, err
	}
	resp, err := api.Plugins.ListPluginCalls(ctx, &qidongv1.ListPluginCallsRequest{Plugin: v.name, Version: v.version, PageSize: int32(count)})
	if err != nil {
		return nil, c.explain(err)
	}
	return func(yield func(keptCall) bool) {
		for _, call := range resp.GetCalls() {
			r, err := c.recordingOf(ctx, call.GetId())
			if !yield(keptCall{call.GetId(), r, err}) {
				return
			}
		}
	}, nil
}

// fileCalls reads files; recordings of other versions are passed over.
func fileCalls(cmd *cobra.Command, v *pluginVersion, files []string, count int) iter.Seq[keptCall] {
	return func(yield func(keptCall) bool) {
		for _, file := range files {
			r, err := readRecording(cmd, file)
			if err == nil && !v.of(r) {
				continue
			}
			if count--; count < 0 || !yield(keptCall{file, r, err}) {
				return
			}
		}
	}
}
