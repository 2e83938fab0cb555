package sqlite

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
)

func BenchmarkAcceptEvents(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d at a time", size), func(b *testing.B) {
			s := openAt(b, filepath.Join(b.TempDir(), "qidong.db"))
			n := 0
			for b.Loop() {
				events := make([]orchestrator.Event, size)
				for i := range events {
					n++
					events[i] = orchestrator.Event{
						Workspace: "w", Source: "urn:bench", ID: strconv.Itoa(n), Type: "t", Subject: fmt.Sprint("c_", n%1000),
						Time: time.Now(), Data: json.RawMessage(`{"payment_id":"p_1","amount":120}`),
					}
				}
				_, err := s.AcceptEvents(b.Context(), events)
				require.NoError(b, err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkAcceptEventsFromManySenders(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "qidong.db"))
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := s.AcceptEvents(b.Context(), []orchestrator.Event{{
				Workspace: "w", Source: "urn:bench", ID: strconv.FormatInt(time.Now().UnixNano(), 10), Type: "t", Subject: "c_1", Time: time.Now(),
			}})
			if err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	s := openAt(b, filepath.Join(b.TempDir(), "qidong.db"))
	_, err := s.AddEnrollment(b.Context(), orchestrator.Enrollment{ID: "e_1", Workspace: "w", Journey: "j", Customer: "c"})
	require.NoError(b, err)
	var seq int64
	for b.Loop() {
		p := orchestrator.Progress{Workspace: "w", Enrollment: "e_1", Status: orchestrator.EnrollmentOpen, Step: fmt.Sprint("s", seq%10)}
		for range 3 {
			seq++
			p.Log = append(p.Log, orchestrator.LogEntry{Seq: seq, At: time.Now(), Kind: orchestrator.LogDone, Step: p.Step, Detail: map[string]any{"arm": "a"}})
		}
		p.LogSeq = seq
		require.NoError(b, s.Record(b.Context(), p))
	}
}

// BenchmarkBareInsert is what BenchmarkAcceptEvents is measured by: the same
// rows, in batches of the same size, into a table of the same store that has
// nothing but its rows; no known id is noticed, nothing is found again.
func BenchmarkBareInsert(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d at a time", size), func(b *testing.B) {
			s := openAt(b, filepath.Join(b.TempDir(), "qidong.db"))
			_, err := s.w.ExecContext(b.Context(), `CREATE TABLE bare (seq INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL,
				source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, queue TEXT NOT NULL, time INTEGER NOT NULL,
				data TEXT NOT NULL, received_at INTEGER NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL,
				retry_at INTEGER NOT NULL) STRICT`)
			require.NoError(b, err)
			insert, err := s.w.PrepareContext(b.Context(), `INSERT INTO bare (workspace, source, id, type, subject, queue, time, data,
				received_at, status, attempts, reason, retry_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, '', 0)`)
			require.NoError(b, err)
			n := 0
			for b.Loop() {
				tx, err := s.w.BeginTx(b.Context(), nil)
				require.NoError(b, err)
				stmt := tx.StmtContext(b.Context(), insert) //nolint:sqlclosecheck // with the transaction
				for range size {
					n++
					at, subject := time.Now().UnixMicro(), fmt.Sprint("c_", n%1000)
					_, err := stmt.ExecContext(b.Context(), "w", "urn:bench", strconv.Itoa(n), "t", subject, subject, at,
						`{"payment_id":"p_1","amount":120}`, at)
					require.NoError(b, err)
				}
				require.NoError(b, tx.Commit())
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
