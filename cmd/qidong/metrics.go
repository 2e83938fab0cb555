package main

import (
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/qidong/qidong/orchestrator"
)

// newRegistry keeps the metrics of this process.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// metricsHandler answers GET /metrics for Prometheus. It asks for no token: it
// is for a server on loopback. It shows names of workspaces and plugins and how
// they do, nothing of customers.
func metricsHandler(r *prometheus.Registry, logger *slog.Logger) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: 4,
	})
}

// stalledGauge is told by the watchdog how many enrollments are stalled, by
// reason.
func stalledGauge(r *prometheus.Registry) func(map[orchestrator.StallReason]int64) {
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "qidong_stalled_enrollments", Help: "Enrollments past a deadline, by reason.",
	}, []string{"reason"})
	r.MustRegister(gauge)
	return func(counts map[orchestrator.StallReason]int64) {
		for reason, n := range counts {
			gauge.WithLabelValues(string(reason)).Set(float64(n))
		}
	}
}
