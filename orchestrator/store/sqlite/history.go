package sqlite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/qidong/qidong/orchestrator"
)

// historyRow is an item with its place in its own table.
type historyRow struct {
	item orchestrator.HistoryItem
	seq  int64
}

// history reads the rows of one kind before a place, newest first; before 0 is
// from the end.
func history(ctx context.Context, q querier, k orchestrator.HistoryKind, workspace, customer string, before int64, limit int) ([]historyRow, error) {
	of, args := `customer = ?`, []any{workspace, customer}
	if k == orchestrator.HistoryEvent {
		condition, more, err := newestOf(ctx, q, workspace, customer, before, limit)
		if err != nil {
			return nil, err
		}
		of, args = condition, append([]any{workspace}, more...)
	}
	if before > 0 {
		of, args = of+` AND seq < ?`, append(args, before)
	}
	read := func(columns, table string, scan func(scanner, *int64) (orchestrator.HistoryItem, error)) ([]historyRow, error) {
		return rows(ctx, q, func(r scanner) (h historyRow, err error) {
			h.item, err = scan(r, &h.seq)
			h.item.Kind = k
			return h, err
		}, `SELECT `+columns+` FROM `+table+` WHERE workspace = ? AND `+of+` ORDER BY seq DESC LIMIT ?`, append(args, limit)...)
	}
	switch k {
	case orchestrator.HistoryEvent:
		return read(eventColumns, "events", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			e, err := scanEvent(r, seq)
			return orchestrator.HistoryItem{At: e.ReceivedAt, Event: &e}, err
		})
	case orchestrator.HistoryMessage:
		return read(messageColumns, "messages", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			m, err := scanMessage(r, seq)
			return orchestrator.HistoryItem{At: m.SentAt, Message: &m}, err
		})
	case orchestrator.HistoryEnrollment:
		return read(enrollmentColumns, "enrollments", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			e, err := scanEnrollment(r, seq)
			return orchestrator.HistoryItem{At: e.StartedAt, Enrollment: &e}, err
		})
	case orchestrator.HistoryConsent:
		return read(consentColumns, "consents", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			c, err := scanConsent(r, seq)
			return orchestrator.HistoryItem{At: c.At, Consent: &c}, err
		})
	case orchestrator.HistoryTask:
		return read(taskColumns, "tasks", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			t, err := scanTask(r, seq)
			return orchestrator.HistoryItem{At: t.OpenedAt, Task: &t}, err
		})
	default:
		return read(answerColumns, "answers", func(r scanner, seq *int64) (orchestrator.HistoryItem, error) {
			a, err := scanAnswer(r, seq)
			return orchestrator.HistoryItem{At: a.At, Answer: &a}, err
		})
	}
}

// places are how far each kind has been listed.
type places map[orchestrator.HistoryKind]int64

// History merges the kinds by time. Each has its own place in the page's token,
// so that nothing is left out or listed twice, whatever the clocks said.
func (s *Store) History(ctx context.Context, workspace, customer string, kinds []orchestrator.HistoryKind, p orchestrator.Page) ([]orchestrator.HistoryItem, string, error) {
	const doing = "listing what happened with a customer"
	limit, _, err := bounds(orchestrator.Page{Limit: p.Limit})
	if err != nil {
		return nil, "", kind(err, doing)
	}
	at := places{}
	if p.After != "" {
		raw, err := base64.RawURLEncoding.DecodeString(p.After)
		if err != nil || json.Unmarshal(raw, &at) != nil {
			return nil, "", fmt.Errorf("%s: %w: the page token is not one of this server's; begin at the first page", doing, orchestrator.ErrInvalid)
		}
	}
	if len(kinds) == 0 {
		kinds = orchestrator.HistoryKinds()
	}
	lists := make([][]historyRow, len(kinds))
	for i, k := range kinds {
		if lists[i], err = history(ctx, s.read(ctx), k, workspace, customer, at[k], limit+1); err != nil {
			return nil, "", kind(err, doing)
		}
	}
	list, more := merge(lists, limit, at)
	if !more {
		return list, "", nil
	}
	token, err := json.Marshal(at)
	return list, base64.RawURLEncoding.EncodeToString(token), kind(err, doing)
}

// merge takes the newest head of the lists, again and again, and notes in at how
// far each has come: a kind keeps its own order where its clock went backwards.
func merge(lists [][]historyRow, limit int, at places) (list []orchestrator.HistoryItem, more bool) {
	for {
		newest := -1
		for i, l := range lists {
			if len(l) > 0 && (newest < 0 || l[0].item.At.After(lists[newest][0].item.At)) {
				newest = i
			}
		}
		switch {
		case newest < 0:
			return list, false
		case len(list) == limit:
			return list, true
		}
		head := lists[newest][0]
		lists[newest] = lists[newest][1:]
		list = append(list, head.item)
		at[head.item.Kind] = head.seq
	}
}
