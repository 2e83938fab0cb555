// Package conformance tells whether a plugin does what its manifest says: it
// checks the module and the manifest, and runs every example of every action,
// twice, against the answers that the example scripts. Partners run it before
// an upload (qidong plugin check), the platform at the upload.
//
// What a plugin says of itself is not to be trusted either: all texts in a
// [Report] are cut and without characters that people do not see.
package conformance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// Budget is how long all examples of a plugin may take together.
const Budget = 60 * time.Second

// Check checks a module in a host of its own under cfg, whose Modules, Ledger
// and Recorder are not used; see [Run].
func Check(ctx context.Context, cfg plugins.Config, wasm []byte) (*Report, error) {
	cfg.Modules, cfg.Ledger = single(wasm), nil
	h, err := plugins.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.Close(context.WithoutCancel(ctx)) }()
	return Run(ctx, h, wasm)
}

// Run checks a module in a host that also does other work. Nothing outside is
// reached, and nothing is recorded. A plugin that does not conform is no error:
// the report says so. The error is about the check itself, which may be made
// again.
func Run(ctx context.Context, h *plugins.Host, wasm []byte) (*Report, error) {
	sum := sha256.Sum256(wasm)
	c := &checker{host: h, report: newReport(hex.EncodeToString(sum[:]), len(wasm))}
	c.used = used{hosts: map[string]bool{}, most: map[string]Usage{}}
	c.workspace = "conformance " + c.report.Digest[:12]
	manifest, err := c.describe(ctx, wasm)
	if err != nil {
		return nil, fmt.Errorf("checking a plugin: %w", err)
	}
	if manifest == nil {
		return c.report, nil
	}
	c.manifest, c.report.Manifest = manifest, manifest
	c.report.Plugin, c.report.Version = clean(manifest.Name), clean(manifest.Version)
	c.stage(StageManifest, c.texts, c.effects, c.examplesGiven)
	if err := c.examples(ctx); err != nil {
		return nil, fmt.Errorf("checking plugin %s: %w", manifest.Name, err)
	}
	c.needs()
	return c.report, nil
}

// single is a store of one module.
type single []byte

// Module is the one module.
func (s single) Module(context.Context, string) ([]byte, error) { return s, nil }

type checker struct {
	host      *plugins.Host
	workspace string // nobody else's: failures here suspend nobody
	manifest  *abi.Manifest
	grant     plugins.Grant
	report    *Report
	used      used
}

// stage runs the parts of a stage that has no trouble but findings.
func (c *checker) stage(name string, parts ...func(*Stage)) {
	start := time.Now()
	s := c.report.begin(name)
	for _, part := range parts {
		part(s)
	}
	s.Took = time.Since(start)
}

// describe has the host scan, compile and describe the module. The manifest is
// nil when the module is refused, which the report then says.
func (c *checker) describe(ctx context.Context, wasm []byte) (*abi.Manifest, error) {
	start := time.Now()
	manifest, err := c.host.Describe(ctx, wasm)
	took := time.Since(start)
	var refused *plugins.ModuleError
	if errors.As(err, &refused) {
		c.refuse(refused, took)
		return nil, nil //nolint:nilnil // a refused module has no manifest, and that is no error
	}
	if err != nil {
		return nil, err
	}
	start = time.Now()
	if _, err := c.host.Describe(ctx, wasm); err != nil { // the native code is there now
		return nil, err
	}
	c.report.Activation = time.Since(start)
	c.report.begin(StageModule).Took = max(0, took-c.report.Activation)
	c.report.begin(StageDescribe).Took = c.report.Activation
	return manifest, nil
}

// refuse puts the problems of a module into the stage that they belong to, and
// skips the stages after it.
func (c *checker) refuse(refused *plugins.ModuleError, took time.Duration) {
	at := StageModule
	for _, p := range refused.Problems {
		at = later(at, stageOf(p.Code))
	}
	for _, name := range stages {
		s := c.report.begin(name)
		if name != at {
			continue
		}
		s.Took = took
		for _, p := range refused.Problems {
			s.add(Finding{Path: p.Path, Code: p.Code, Message: p.Message})
		}
		return
	}
}

// stageOf is the stage that finds a code.
func stageOf(code string) string {
	switch code {
	case abi.CodeBadManifest:
		return StageManifest
	case abi.CodeCompile:
		return StageModule
	}
	for _, c := range abi.Codes() {
		if c.Code == code && (len(c.Seen) > 1 || c.Seen[0] != abi.Uploader) {
			return StageDescribe
		}
	}
	return StageModule
}
