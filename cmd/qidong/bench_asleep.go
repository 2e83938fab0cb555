package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/qidong/qidong/orchestrator"
)

// benchAsleep measures what a sleeping enrollment costs in memory once the
// caches are full: 20,000 asleep against 10,000. It takes minutes.
func benchAsleep(ctx context.Context, b *bench) ([]measure, error) {
	y := entered("bench-asleep")
	y.WriteString("  - {id: sleep, wait: {arms: [{id: due, after: 300d}]}}\n")
	if _, err := b.service.PublishJourney(ctx, b.admin, []byte(y.String())); err != nil {
		return nil, fmt.Errorf("publishing the journey: %w", err)
	}
	return []measure{{name: "journey.asleep_bytes", unit: "B", goal: 2048, once: true, run: func(ctx context.Context) (float64, error) {
		const n = 10_000
		if err := b.sleep(ctx, n, n); err != nil {
			return 0, err
		}
		before, err := resident()
		if err != nil {
			return 0, err
		}
		if err := b.sleep(ctx, n, 2*n); err != nil {
			return 0, err
		}
		after, err := resident()
		return (after - before) / n, err
	}}}, nil
}

// sleep enrolls n more and waits until want are asleep.
func (b *bench) sleep(ctx context.Context, n int, want int64) error {
	for range n / 100 {
		events := make([]orchestrator.Event, 100)
		for i := range events {
			events[i] = b.event("bench-asleep")
		}
		if _, err := b.service.AcceptEvents(ctx, b.admin, events); err != nil {
			return err
		}
	}
	return until(ctx, func() (bool, error) {
		counts, err := b.service.StepCounts(ctx, b.admin, "bench-asleep")
		for _, c := range counts {
			if c.Step == "sleep" {
				return c.Here >= want, err
			}
		}
		return false, err
	})
}

// resident is the memory of this process that is in use, in bytes: what is
// resident without what Go has freed and not yet handed back or filled again.
// That part follows the peaks between collections, not what sleeps.
func resident() (float64, error) {
	debug.FreeOSMemory()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("reading this process's memory (Linux only): %w", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	line, _, _ := strings.Cut(rest, "\n")
	kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), "kB")), 64)
	if err != nil {
		return 0, fmt.Errorf("reading the resident memory: %w", err)
	}
	return kib*1024 - float64(heap.HeapInuse-heap.HeapAlloc), nil
}
