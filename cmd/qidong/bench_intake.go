package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// intakeBench is a store that nobody takes events out of, beside a file of the
// same kind that is only written to.
type intakeBench struct {
	service *orchestrator.Service
	admin   orchestrator.Actor
	bare    *sql.DB
	insert  *sql.Stmt
	count   int
}

// newIntakeBench opens both in a directory of their own; they end with b.
func newIntakeBench(ctx context.Context, b *bench, dir string) (*intakeBench, error) {
	store, err := sqlite.Open(ctx, filepath.Join(dir, "intake.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	b.onClose(func() { _ = store.Close() })
	x := &intakeBench{
		service: orchestrator.NewService(orchestrator.Deps{Store: store}),
		admin:   orchestrator.Actor{Workspace: orchestrator.DemoWorkspace, Name: "bench", Scopes: []string{orchestrator.ScopeAdmin}},
	}
	// As the store opens its file: each commit is on disk.
	dsn := (&url.URL{Scheme: "file", Path: filepath.Join(dir, "bare.db"), RawQuery: url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"},
	}.Encode()}).String()
	if x.bare, err = sql.Open("sqlite", dsn); err != nil {
		return nil, fmt.Errorf("opening the file to compare with: %w", err)
	}
	b.onClose(func() { _ = x.bare.Close() })
	x.bare.SetMaxOpenConns(1)
	if _, err = x.bare.ExecContext(ctx, `CREATE TABLE bare (seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL,
		source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, queue TEXT NOT NULL, time INTEGER NOT NULL,
		data TEXT NOT NULL, received_at INTEGER NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL,
		retry_at INTEGER NOT NULL) STRICT`); err == nil {
		x.insert, err = x.bare.PrepareContext(ctx, `INSERT INTO bare (workspace, source, id, type, subject, queue, time, data, received_at,
			status, attempts, reason, retry_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, '', 0)`)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the file to compare with: %w", err)
	}
	return x, nil
}

// events are new ones about a thousand customers in turn.
func (x *intakeBench) events(n int) []orchestrator.Event {
	out := make([]orchestrator.Event, n)
	for i := range out {
		x.count++
		out[i] = orchestrator.Event{
			Source: "urn:bench", ID: strconv.Itoa(x.count), Type: "bank.payment.succeeded", Subject: fmt.Sprint("c_", x.count%1000),
			Time: time.Now(), Data: json.RawMessage(`{"payment_id":"p_1","amount":120}`),
		}
	}
	return out
}

// accept is intake: checked, deduplicated, put in line, on disk.
func (x *intakeBench) accept(ctx context.Context, events []orchestrator.Event) error {
	_, err := x.service.AcceptEvents(ctx, x.admin, events)
	return err
}

// write is nothing but the rows, on disk.
func (x *intakeBench) write(ctx context.Context, events []orchestrator.Event) error {
	tx, err := x.bare.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()  // does nothing after a commit
	stmt := tx.StmtContext(ctx, x.insert) //nolint:sqlclosecheck // with the transaction
	for _, e := range events {
		at := e.Time.UnixMicro()
		if _, err := stmt.ExecContext(ctx, x.admin.Workspace, e.Source, e.ID, e.Type, e.Subject, e.Subject, at, string(e.Data), at); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// over is intake's rate ÷ that of bare inserts, taking turns so that noise hits
// both alike.
func (x *intakeBench) over(ctx context.Context, turns, size int) (float64, error) {
	var ours, theirs time.Duration
	for range turns {
		for _, side := range []struct {
			do   func(context.Context, []orchestrator.Event) error
			took *time.Duration
		}{{x.accept, &ours}, {x.write, &theirs}} {
			events := x.events(size)
			began := time.Now()
			if err := side.do(ctx, events); err != nil {
				return 0, fmt.Errorf("storing %d events: %w", size, err)
			}
			*side.took += time.Since(began)
		}
	}
	return float64(theirs) / float64(ours), nil
}

// intakeMeasures compare intake with bare inserts, and say how long an event
// takes through the dispatcher.
func intakeMeasures(ctx context.Context, b *bench) ([]measure, error) {
	dir, err := os.MkdirTemp("", "qidong-bench-intake-")
	if err != nil {
		return nil, fmt.Errorf("making a data directory: %w", err)
	}
	b.onClose(func() { _ = os.RemoveAll(dir) })
	x, err := newIntakeBench(ctx, b, dir)
	if err != nil {
		return nil, err
	}
	signals, err := newSignalBench(ctx, b, dir)
	if err != nil {
		return nil, err
	}
	return []measure{
		{name: "intake.over_insert", unit: "ratio", goal: 0.5, more: true, run: func(ctx context.Context) (float64, error) {
			return x.over(ctx, 20, 100)
		}},
		{name: "intake.over_insert_single", unit: "ratio", goal: 0.5, more: true, run: func(ctx context.Context) (float64, error) {
			return x.over(ctx, 100, 1)
		}},
		{name: "intake.to_signal_p50", unit: "ms", goal: 20, run: func(ctx context.Context) (float64, error) {
			return signals.toSignal(ctx, 100, 0.50)
		}},
		{name: "intake.to_signal_p99", unit: "ms", goal: 100, run: func(ctx context.Context) (float64, error) {
			return signals.toSignal(ctx, 100, 0.99)
		}},
	}, nil
}
