package conformance

import (
	"slices"
	"time"

	"github.com/qidong/qidong/sdk/abi"
)

// The stages of a check, in order.
const (
	StageModule      = "module"      // scanned, rewritten, compiled
	StageDescribe    = "describe"    // initialized, asked for its manifest
	StageManifest    = "manifest"    // the manifest and its schemas
	StageExamples    = "examples"    // each example gives what it says
	StageDeterminism = "determinism" // and gives it again, at the same price
	StageLimits      = "limits"      // and stays well below the limits
)

var stages = []string{StageModule, StageDescribe, StageManifest, StageExamples, StageDeterminism, StageLimits}

// later is the later one of two stages.
func later(a, b string) string { return stages[max(slices.Index(stages, a), slices.Index(stages, b))] }

// Report is what a check found. Plugin and Version are "" when the module
// could not say them. All texts but those of Manifest are safe to show.
type Report struct {
	Plugin, Version string
	Digest          string // sha256 of the module, lower-case hex
	Size            int    // bytes
	// Manifest is what the module says of itself, as it says it; nil when it
	// was refused before, and not to be changed.
	Manifest *abi.Manifest
	// Activation is how long the host takes to make the module ready when its
	// native code is there already.
	Activation time.Duration
	Stages     []Stage // all of them, in order
	Usage      []Usage // the most that any example took of each limit
}

// Stage is one part of a check.
type Stage struct {
	Name     string
	Skipped  bool // an earlier stage makes it pointless
	Took     time.Duration
	Findings []Finding
	More     int // further findings, which are left out
}

// Finding is one thing that a plugin does not do as it says, or should do
// better.
type Finding struct {
	Path    string // "actions.hold_seats.examples[0]", indexes from 0; "" for the module
	Code    string // of package abi, of the plugin itself, or ""
	Message string // a sentence
	Mend    string // a sentence: what to do; "" when Message says it
	Warning bool   // good to mend, no reason to refuse the plugin
}

// Usage is what one example took of a limit that an operator can change.
type Usage struct {
	Limit string // name of the limit
	Used  int64
	Of    int64  // the default
	Unit  string // as in abi.Limit
	Path  string // of the example
}

// Share is 0 to 1: how much of the limit is used.
func (u Usage) Share() float64 { return float64(u.Used) / float64(u.Of) }

// maxFindings bounds the findings of a stage.
const maxFindings = 100

func (s *Stage) add(f Finding) {
	if len(s.Findings) >= maxFindings {
		s.More++
		return
	}
	f.Path, f.Code, f.Message, f.Mend = clean(f.Path), clean(f.Code), clean(f.Message), clean(f.Mend)
	s.Findings = append(s.Findings, f)
}

// Passed tells whether nothing in the stage refuses the plugin.
func (s *Stage) Passed() bool {
	return !s.Skipped && !slices.ContainsFunc(s.Findings, func(f Finding) bool { return !f.Warning })
}

// Conforms tells whether every stage was passed.
func (r *Report) Conforms() bool {
	return !slices.ContainsFunc(r.Stages, func(s Stage) bool { return !s.Passed() })
}

// Findings are the findings of all stages.
func (r *Report) Findings() []Finding {
	var all []Finding
	for _, s := range r.Stages {
		all = append(all, s.Findings...)
	}
	return all
}

// Refusals are the findings that are no warnings.
func (r *Report) Refusals() []Finding {
	return slices.DeleteFunc(r.Findings(), func(f Finding) bool { return f.Warning })
}

func newReport(digest string, size int) *Report {
	r := &Report{Digest: digest, Size: size}
	for _, name := range stages {
		r.Stages = append(r.Stages, Stage{Name: name, Skipped: true})
	}
	return r
}

// begin is a stage, which is now not skipped.
func (r *Report) begin(name string) *Stage {
	s := &r.Stages[slices.Index(stages, name)]
	s.Skipped = false
	return s
}
