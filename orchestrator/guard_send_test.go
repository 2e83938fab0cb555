package orchestrator_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// rails sets the workspace's guardrails.
func (h *harness) rails(t *testing.T, g orchestrator.Guardrails) {
	t.Helper()
	_, err := h.SetGuardrails(t.Context(), admin, g)
	require.NoError(t, err)
}

// writes accepts a customer's own words on the handset.
func (h *harness) writes(t *testing.T, id, text string) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"channel": "handset", "text": text})
	require.NoError(t, err)
	h.send(t, id, orchestrator.EventMessageReceived, "c_1", string(data))
}

// try asks to send a message of a category.
func (h *harness) try(t *testing.T, id, category string) orchestrator.SendDecision {
	t.Helper()
	r := marketing(id)
	r.Message.Category, r.Message.Enrollment = category, "e_1"
	d, err := h.Send(t.Context(), r, orchestrator.Progress{})
	require.NoError(t, err)
	return d
}

// texts are the messages that no journey sent.
func (h *harness) texts(t *testing.T) (texts []string) {
	t.Helper()
	all, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	for _, m := range all {
		if m.Enrollment == "" {
			var text string
			require.NoError(t, json.Unmarshal(m.Parts[0].Body, &text))
			require.Equal(t, orchestrator.CategoryTransactional, m.Category)
			texts = append(texts, text)
		}
	}
	return texts
}

func newGuarded(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	h.customer(t, "c_1")
	h.rails(t, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed})
	added, err := h.store.AddEnrollment(t.Context(), orchestrator.Enrollment{
		ID: "e_1", Workspace: acme, Journey: "welcome", Customer: "c_1", Status: orchestrator.EnrollmentOpen, Step: "hello", StartedAt: time.Now(),
	})
	require.NoError(t, err)
	require.True(t, added)
	return h
}

func TestW16_StopWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]orchestrator.OptWord{
		"STOP": "stop", " stop ": "stop", "Stop.": "stop", "ＳＴＯＰ": "stop", "\u3000ｓｔｏｐ\u3000": "stop", "stop!\n": "stop",
		"退订": "stop", " 退订。": "stop", "TD": "stop", "td": "stop", "ＴＤ": "stop", "T": "stop", "t": "stop", "R": "stop",
		"Unsubscribe": "stop", "QUIT": "stop", "cancel": "stop", "End": "stop",
		"STOP ALL": "stop_all", "stopall": "stop_all", "stop  all": "stop_all", "全部退订": "stop_all",
		"START": "start", "unstop": "start", "恢复": "start",
		"": "", "yes": "", "Stop texting me": "", "s t o p": "", "不退订": "", "TDD": "", "the end": "", "help": "",
	} {
		require.Equal(t, want, orchestrator.OptWordOf(text), "%q", text)
	}
	long := make([]byte, 1<<20)
	require.Empty(t, orchestrator.OptWordOf(string(long)))
}

func TestW16_StopIsObeyedAtOnceAndConfirmedOnce(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "marketing").Delivery)

	h.writes(t, "1", "ＳＴＯＰ ")
	d := h.try(t, "m_2", "marketing")
	require.Equal(t, orchestrator.DeliveryWithheld, d.Delivery, "nobody has dispatched the event yet")
	require.Equal(t, orchestrator.ReasonStopped, d.Reason)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_3", "service").Delivery)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "marketing").Delivery, "it was sent before")
	require.Len(t, h.texts(t), 1)
	require.Contains(t, h.texts(t)[0], "START")

	h.writes(t, "2", "退订")
	h.writes(t, "1", "ＳＴＯＰ ") // delivered twice
	require.Len(t, h.texts(t), 1, "one last message only")

	h.writes(t, "3", "stop all")
	require.Equal(t, orchestrator.ReasonStopped, h.try(t, "m_4", "service").Reason)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_5", "transactional").Delivery)
	require.Len(t, h.texts(t), 2)

	h.writes(t, "4", "恢复")
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_6", "service").Delivery)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_7", "marketing").Delivery)
	require.Len(t, h.texts(t), 3)

	history, _, err := h.ConsentHistory(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	require.Len(t, history, 4)
	first := history[3]
	require.Equal(t, orchestrator.ConsentByKeyword, first.How)
	require.Equal(t, "c_1", first.By)
	require.Equal(t, "ＳＴＯＰ", first.Note)
	require.False(t, first.At.IsZero())
}

func TestW16_StopAndStartEndInTheOrderOfAcceptance(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			text := "stop"
			if i%2 == 0 {
				text = "start"
			}
			h.writes(t, strconv.Itoa(i), text)
		})
	}
	wg.Wait()
	events, _, err := h.Events(t.Context(), admin, "c_1", orchestrator.Page{})
	require.NoError(t, err)
	last := slices.IndexFunc(events, func(e orchestrator.Event) bool { return e.Type == orchestrator.EventMessageReceived }) // not what tells of a change
	want := orchestrator.DeliverySent
	if string(events[last].Data) == `{"channel":"handset","text":"stop"}` {
		want = orchestrator.DeliveryWithheld
	}
	require.Equal(t, want, h.try(t, "m_1", "marketing").Delivery)
}

func TestW16_NothingIsSentAfterAStopWasAccepted(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	sent := func() (n int) {
		all, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{Limit: 500})
		require.NoError(t, err)
		for _, m := range all {
			if m.Category == orchestrator.CategoryMarketing {
				n++
			}
		}
		return n
	}
	var wg sync.WaitGroup
	var tried atomic.Int64
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				h.try(t, fmt.Sprintf("m_%d_%d", w, i), "marketing")
				tried.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return tried.Load() >= 20 }, 20*time.Second, time.Millisecond)
	h.writes(t, "1", "TD")
	then := sent()
	wg.Wait()
	require.Equal(t, then, sent())
	require.Less(t, then, 160)
}

func TestW22_CapsHoldUnder64Senders(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	h.rails(t, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Caps: []orchestrator.GuardCap{perDay("", 5), perDay("marketing", 3)}})
	var wg sync.WaitGroup
	var sent, delayed [2]atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			kind := i % 2
			d := h.try(t, fmt.Sprintf("m_%d", i), []string{"marketing", "service"}[kind])
			switch d.Delivery {
			case orchestrator.DeliverySent:
				sent[kind].Add(1)
			case orchestrator.DeliveryDelayed:
				delayed[kind].Add(1)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, sent[0].Load(), int64(3))
	// A marketing message that waits, and was there first, keeps the room under the
	// cap of all: how many service messages pass depends on who came when.
	total := sent[0].Load() + sent[1].Load()
	require.LessOrEqual(t, total, int64(5))
	require.GreaterOrEqual(t, total, int64(3))
	require.Equal(t, 64-total, delayed[0].Load()+delayed[1].Load())
	all, _, err := h.Messages(t.Context(), admin, "c_1", orchestrator.Page{Limit: 500})
	require.NoError(t, err)
	require.Len(t, all, int(total))
}

func TestSend_IsOneTransactionWithTheProgress(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	p := orchestrator.Progress{Workspace: acme, Enrollment: "e_none", Status: orchestrator.EnrollmentOpen, LogSeq: 1}
	_, err := h.Send(t.Context(), marketing("m_1"), p)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = h.store.Message(t.Context(), acme, "m_1")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)

	r := marketing("m_2")
	r.Message.Customer = "c_none"
	p.Enrollment, p.Step = "e_1", "other"
	_, err = h.Send(t.Context(), r, p)
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	e, err := h.store.Enrollment(t.Context(), acme, "e_1")
	require.NoError(t, err)
	require.Equal(t, "hello", e.Step)
}

func TestSend_DelaysAndSeesAChangeOfZone(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	now := time.Now().UTC()
	local := func(hours int) string { return now.Add(time.Duration(hours) * time.Hour).Format("15:00") }
	h.rails(t, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Quiet: quiet(local(-1), local(2), journey.QuietDelay)})
	d := h.try(t, "m_1", "marketing")
	require.Equal(t, orchestrator.ReasonQuiet, d.Reason)
	wishes, err := h.store.Wishes(t.Context(), acme, "c_1")
	require.NoError(t, err)
	require.Len(t, wishes, 1)
	require.WithinDuration(t, d.Until, wishes[0].Until, 0)

	_, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", TimeZone: "Etc/GMT-12"})
	require.NoError(t, err)
	require.Equal(t, orchestrator.DeliverySent, h.try(t, "m_1", "marketing").Delivery, "J08: it is day where the customer has gone")
	wishes, err = h.store.Wishes(t.Context(), acme, "c_1")
	require.NoError(t, err)
	require.Empty(t, wishes)

	_, err = h.PutCustomer(t.Context(), admin, orchestrator.Customer{ID: "c_1", TimeZone: "Etc/GMT"})
	require.NoError(t, err)
	require.Equal(t, orchestrator.DeliveryDelayed, h.try(t, "m_2", "marketing").Delivery)
	require.NoError(t, h.DropSend(t.Context(), acme, "m_2", orchestrator.Progress{}))
	wishes, err = h.store.Wishes(t.Context(), acme, "c_1")
	require.NoError(t, err)
	require.Empty(t, wishes)
}

func TestSend_TestEnrollmentsCountTheirOwnOnly(t *testing.T) {
	t.Parallel()
	h := newGuarded(t)
	h.rails(t, orchestrator.Guardrails{Marketing: orchestrator.ConsentAssumed, Caps: []orchestrator.GuardCap{perDay("", 1)}})
	try := func(id string, shift time.Duration, test bool) orchestrator.Delivery {
		r := marketing(id)
		r.Message.Enrollment, r.Message.Test, r.Shift = "e_1", test, shift
		d, err := h.Send(t.Context(), r, orchestrator.Progress{})
		require.NoError(t, err)
		return d.Delivery
	}
	require.Equal(t, orchestrator.DeliverySent, try("m_1", 0, true))
	require.Equal(t, orchestrator.DeliverySent, try("m_2", 0, false), "a test takes no room from others")
	require.Equal(t, orchestrator.DeliveryDelayed, try("m_3", time.Hour, true))
	require.Equal(t, orchestrator.DeliverySent, try("m_3", 25*time.Hour, true), "a day of journey time has passed")
	require.Equal(t, orchestrator.DeliveryDelayed, try("m_4", 0, false))
}
