package simulation

import "github.com/qidong/qidong/orchestrator"

// script says what happens in a test, instead of chance.
type script struct{}

func (*script) begin(*passage) error { return nil }

func (*script) messageSent(*passage, orchestrator.Message) {}
