package plugins

import (
	"fmt"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/qidong/qidong/plugins/admission"
)

// maxSeries is how many actions of plugin versions are counted one by one; those
// beyond share the series "other", so that uploads cannot fill memory.
const maxSeries = 1000

// metrics are what operators see of the host. A nil *metrics measures nothing.
type metrics struct {
	calls                *prometheus.CounterVec
	seconds, fuel, queue *prometheus.HistogramVec

	mu     sync.Mutex
	series map[series]*observers
}

// series names an action of a version of a plugin.
type series struct{ plugin, version, action string }

// observers are the collectors of a series, so that a call looks up one thing.
type observers struct {
	series
	seconds, fuel, queue prometheus.Observer
	calls                map[string]prometheus.Counter // by code
}

// newMetrics registers the collectors; it fails if they are registered already.
// Without a registerer it returns nil.
func newMetrics(r prometheus.Registerer, c *admission.Control, instances func() (live, idle int)) (*metrics, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // a nil *metrics is one that measures nothing
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"plugin", "version", "action"})
	}
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "qidong_plugin_calls_total",
			Help: "Calls of plugins by how they ended: OK, declared (an error of the plugin's own) or the host's code.",
		}, []string{"plugin", "version", "action", "code"}),
		seconds: histogram("qidong_plugin_call_seconds", "How long guests ran.", prometheus.ExponentialBuckets(10e-6, 4, 12)),
		fuel:    histogram("qidong_plugin_fuel", "Instructions that calls used.", prometheus.ExponentialBuckets(1000, 10, 8)),
		queue:   histogram("qidong_plugin_queue_seconds", "How long calls waited for a place to run in.", prometheus.ExponentialBuckets(100e-6, 4, 10)),
		series:  map[series]*observers{},
	}
	for _, collector := range []prometheus.Collector{m.calls, m.seconds, m.fuel, m.queue, &gauges{c, instances}} {
		if err := r.Register(collector); err != nil {
			return nil, fmt.Errorf("registering the metrics of plugins: %w", err)
		}
	}
	return m, nil
}

// observe counts a call that ended with code, "" for a result.
func (m *metrics) observe(s series, code string, r *Result) {
	if m == nil {
		return
	}
	switch {
	case code == "":
		code = "OK"
	case code != strings.ToUpper(code): // codes of the host are upper-case, and few
		code = "declared"
	}
	o, calls := m.find(s, code)
	calls.Inc()
	if r.Duration > 0 { // it was admitted
		o.queue.Observe(r.Waited.Seconds())
		o.seconds.Observe(r.Duration.Seconds())
		o.fuel.Observe(float64(r.Fuel))
	}
}

// find returns where to count calls of s that end with code.
func (m *metrics) find(s series, code string) (*observers, prometheus.Counter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.series[s]
	if o == nil && len(m.series) >= maxSeries {
		s = series{"other", "other", "other"}
		o = m.series[s]
	}
	if o == nil {
		o = &observers{
			series: s, calls: map[string]prometheus.Counter{},
			seconds: m.seconds.WithLabelValues(s.plugin, s.version, s.action),
			fuel:    m.fuel.WithLabelValues(s.plugin, s.version, s.action),
			queue:   m.queue.WithLabelValues(s.plugin, s.version, s.action),
		}
		m.series[s] = o
	}
	c := o.calls[code]
	if c == nil {
		c = m.calls.WithLabelValues(s.plugin, s.version, s.action, code)
		o.calls[code] = c
	}
	return o, c
}

// gauges shows how plugins do at the moment. Their number is bounded as that of
// [admission.Control.State] is.
type gauges struct {
	control   *admission.Control
	instances func() (live, idle int)
}

var (
	stateLabels   = []string{"workspace", "plugin", "version"}
	runningDesc   = prometheus.NewDesc("qidong_plugin_running", "Calls that are admitted.", stateLabels, nil)
	waitingDesc   = prometheus.NewDesc("qidong_plugin_waiting", "Calls that wait for a place to run in.", stateLabels, nil)
	breakerDesc   = prometheus.NewDesc("qidong_plugin_breaker_state", "0: closed. 1: half open, one call tries the plugin. 2: open, it is suspended.", stateLabels, nil)
	instancesDesc = prometheus.NewDesc("qidong_plugin_instances", "Instances of plugins in memory: at work, or idle until the next call.", []string{"state"}, nil)
)

// Describe implements [prometheus.Collector].
func (g *gauges) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{runningDesc, waitingDesc, breakerDesc, instancesDesc} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (g *gauges) Collect(ch chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, v int, labels ...string) {
		metric, err := prometheus.NewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
		if err != nil {
			metric = prometheus.NewInvalidMetric(d, err)
		}
		ch <- metric
	}
	for _, s := range g.control.State() {
		plugin, version, _ := strings.Cut(s.Key.Plugin, "@")
		send(runningDesc, s.Admitted, s.Key.Workspace, plugin, version)
		send(waitingDesc, s.Waiting, s.Key.Workspace, plugin, version)
		send(breakerDesc, map[string]int{"half_open": 1, "open": 2}[s.Breaker], s.Key.Workspace, plugin, version)
	}
	live, idle := g.instances()
	send(instancesDesc, live-idle, "busy")
	send(instancesDesc, idle, "idle")
}
