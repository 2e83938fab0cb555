package conformance

import (
	"encoding/json"
	"time"
)

// MarshalJSON writes the report for programs: fields are only ever added.
func (r *Report) MarshalJSON() ([]byte, error) {
	type finding struct {
		Path    string `json:"path,omitempty"`
		Code    string `json:"code,omitempty"`
		Message string `json:"message"`
		Mend    string `json:"mend,omitempty"`
		Warning bool   `json:"warning"`
	}
	type stage struct {
		Name     string    `json:"name"`
		Passed   bool      `json:"passed"`
		Skipped  bool      `json:"skipped"`
		TookMS   float64   `json:"took_ms"`
		Findings []finding `json:"findings"`
		More     int       `json:"more,omitempty"`
	}
	type usage struct {
		Limit string  `json:"limit"`
		Used  int64   `json:"used"`
		Of    int64   `json:"of"`
		Unit  string  `json:"unit,omitempty"`
		Share float64 `json:"share"`
		Path  string  `json:"path"`
	}
	out := struct {
		Conforms     bool    `json:"conforms"`
		Plugin       string  `json:"plugin,omitempty"`
		Version      string  `json:"version,omitempty"`
		Digest       string  `json:"digest"`
		Size         int     `json:"size"`
		ActivationMS float64 `json:"activation_ms"`
		Stages       []stage `json:"stages"`
		Usage        []usage `json:"usage"`
	}{
		Conforms: r.Conforms(), Plugin: r.Plugin, Version: r.Version, Digest: r.Digest, Size: r.Size,
		ActivationMS: millis(r.Activation), Stages: []stage{}, Usage: []usage{},
	}
	for i := range r.Stages {
		s := &r.Stages[i]
		all := []finding{}
		for _, f := range s.Findings {
			all = append(all, finding(f))
		}
		out.Stages = append(out.Stages, stage{s.Name, s.Passed(), s.Skipped, millis(s.Took), all, s.More})
	}
	for _, u := range r.Usage {
		out.Usage = append(out.Usage, usage{u.Limit, u.Used, u.Of, u.Unit, u.Share(), u.Path})
	}
	return json.Marshal(out)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
