package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/qidong/qidong/orchestrator"
)

func (f *fake) LatestMessages(_ context.Context, _ actor, customer string, _ int) ([]orchestrator.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]orchestrator.Message(nil), f.messages[customer]...), f.fail
}

func (f *fake) Events(_ context.Context, _ actor, customer string, _ orchestrator.Page) ([]orchestrator.Event, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.words[customer]), "", f.fail
}

func (f *fake) ReceiveMessage(_ context.Context, _ actor, customer, channel, text, id string) error {
	if text == "" {
		return fmt.Errorf("the text has 0 characters: %w", orchestrator.ErrInvalid)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := orchestrator.Event{ID: channel + "/" + id, Type: orchestrator.EventMessageReceived, ReceivedAt: testNow, Status: orchestrator.EventPending}
	e.Data, _ = json.Marshal(map[string]string{"channel": channel, "text": text})
	if slices.ContainsFunc(f.words[customer], func(known orchestrator.Event) bool { return known.ID == e.ID }) {
		return f.fail
	}
	if f.words == nil {
		f.words = map[string][]orchestrator.Event{}
	}
	f.words[customer] = append([]orchestrator.Event{e}, f.words[customer]...)
	return f.fail
}

func (f *fake) Receipt(_ context.Context, _ actor, customer string, r orchestrator.Receipt, ids ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.messages[customer])
	for i := range list {
		m := &list[i]
		if !slices.Contains(ids, m.ID) {
			continue
		}
		f.receipts = append(f.receipts, string(r)+" "+m.ID)
		if m.DeliveredAt.IsZero() {
			m.DeliveredAt = testNow
		}
		if r == orchestrator.ReceiptDisplayed && m.DisplayedAt.IsZero() {
			m.DisplayedAt = testNow
		}
	}
	f.messages[customer] = list
	return f.fail
}

func (f *fake) CompanionSay(ctx context.Context, _, text, id string) error {
	return f.ReceiveMessage(ctx, actor{}, "c_mei", orchestrator.ChannelHandset, text, id)
}
