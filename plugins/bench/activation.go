package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/scan"
	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// maxActivation is in ms, by language; the others are promised nothing.
var maxActivation = map[string]float64{"go": 60, "rust": 5}

// activation measures how long a host that just started takes from a module's
// bytes to its manifest, with native code in its cache: scan, rewrite, load,
// initialize, describe, snapshot.
func (s *session) activation(ctx context.Context) error {
	return s.each([]Result{{Name: "plugin.activation", Unit: "ms"}}, func(g Guest) error {
		activate := func(ctx context.Context) (float64, error) {
			h, err := s.host(ctx, plugins.Config{})
			if err != nil {
				return 0, err
			}
			start := time.Now()
			_, err = h.Describe(ctx, g.Module)
			took := time.Since(start)
			return took.Seconds() * 1e3, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
		}
		if _, err := activate(ctx); err != nil { // the cache is warm after it
			return err
		}
		took, err := Rounds(ctx, s.Rounds, Subject{Name: g.Language, Run: activate})
		if err != nil {
			return err
		}
		s.report.Add(Result{
			Name: "plugin.activation", Guest: g.Language, Value: took.Median(g.Language), Unit: "ms", Bound: maxActivation[g.Language],
			Detail: fmt.Sprintf("a module of %.2f MB", float64(len(g.Module))/1e6),
		})
		return nil
	})
}

// scan measures the scan of a module of 6 MB: a real guest whose functions are
// repeated.
func (s *session) scan(ctx context.Context) error {
	figure := Result{Name: "plugin.scan_6mb", Unit: "ms", Bound: 30}
	g, built := s.one(figure)
	if !built {
		return nil
	}
	const size = 6_000_000
	module, err := repeatCode(g.Module, size)
	if err != nil {
		return fmt.Errorf("making a module of 6 MB: %w", err)
	}
	allowed := imports()
	took, err := Rounds(ctx, s.Rounds, Subject{Name: "scan", Run: func(context.Context) (float64, error) {
		start := time.Now()
		_, err := scan.Module(module, allowed)
		return time.Since(start).Seconds() * 1e3, err
	}})
	if err != nil {
		return err
	}
	figure.Guest, figure.Value = g.Language, took.Median("scan")
	figure.Detail = fmt.Sprintf("%.2f MB: the guest with its functions repeated", float64(len(module))/1e6)
	s.report.Add(figure)
	return nil
}

// imports are the functions of ABI v1, and those of WASI that the host has.
func imports() map[string]scan.Import {
	all := map[string]scan.Import{}
	for name, signature := range map[string]scan.Signature{
		abi.ImportInput: "ii:i", abi.ImportOutput: "ii:", abi.ImportLog: "iii:", abi.ImportRequest: "ii:i", abi.ImportResult: "ii:i",
	} {
		all[abi.Module+"."+name] = scan.Import{Module: abi.Module, Name: name, Signature: signature}
	}
	for name, signature := range wasi.Signatures() {
		all[wasi.Module+"."+name] = scan.Import{Module: wasi.Module, Name: name, Signature: signature}
	}
	return all
}
