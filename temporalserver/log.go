package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log/tag"
)

// logger gives Temporal's records of level Warn and above to slog. Once closing
// is set it is silent: services that stop one after the other complain about
// each other, and none of it means anything.
type logger struct {
	slog    *slog.Logger
	closing atomic.Bool
	fatal   chan error // holds the first fatal record
}

// benign is how the one warning begins that comes at every start: we offer no
// Nexus endpoints.
const benign = "HTTP API port has not been set."

func newLogger(l *slog.Logger) *logger {
	if l == nil {
		l = slog.New(slog.DiscardHandler)
	}
	return &logger{slog: l, fatal: make(chan error, 1)}
}

func (l *logger) Debug(string, ...tag.Tag) {}
func (l *logger) Info(string, ...tag.Tag)  {}

func (l *logger) Warn(msg string, tags ...tag.Tag)   { l.log(slog.LevelWarn, msg, tags) }
func (l *logger) Error(msg string, tags ...tag.Tag)  { l.log(slog.LevelError, msg, tags) }
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.log(slog.LevelError, msg, tags) }

func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.log(slog.LevelError, msg, tags)
	panic(sentence(msg, tags)) //nolint:forbidigo // Temporal relies on it: its Panic and Fatal must not return
}

// Fatal must not return: the server goes on with nil values if it does. It ends
// the goroutine instead of the process.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	if !l.closing.Load() {
		select {
		case l.fatal <- errors.New(sentence(msg, tags)):
		default: // the first one is the cause
		}
	}
	runtime.Goexit()
}

func (l *logger) log(level slog.Level, msg string, tags []tag.Tag) {
	if l.closing.Load() || strings.HasPrefix(msg, benign) || !l.slog.Enabled(context.Background(), level) {
		return
	}
	attrs := make([]slog.Attr, len(tags))
	for i, t := range tags {
		attrs[i] = slog.Any(t.Key(), t.Value())
	}
	l.slog.LogAttrs(context.Background(), level, "temporal server", slog.String("message", msg), slog.Attr{Key: "detail", Value: slog.GroupValue(attrs...)})
}

func sentence(msg string, tags []tag.Tag) string {
	for _, t := range tags {
		msg += fmt.Sprintf(" (%s: %v)", t.Key(), t.Value())
	}
	return msg
}
