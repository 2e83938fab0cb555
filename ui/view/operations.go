package view

// Operations is the page of how everything runs.
type Operations struct {
	At      string
	Since   string // from when on the figures are whole, "" for all
	Queues  []Gauge
	Columns []string   // of the throughput's table
	Rows    [][]string // newest first
	Slow    []SlowRow
	Stalled []StallRow
	Plugins []PluginRow
	Jobs    []Job
}

// Gauge is one number that says how it is.
type Gauge struct {
	Label, Value, Note string
	URL                string
	Bad                bool
}

// SlowRow is a step that takes long.
type SlowRow struct {
	Journey, Step, Count, P50, P99 string
	Width                          int // of its bar, 0–100
	URL                            string
}

// StallRow is an enrollment past its deadline.
type StallRow struct {
	URL                                   string
	Customer, Journey, Step, Why, ForLong string
}

// PluginRow is how a plugin does.
type PluginRow struct {
	Name, Version           string
	Circuit                 Status
	Running, Waiting, Calls string
	P50, P99                string
	Errors                  []Field
	Limits                  string
}
