package ui

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

func (f *fake) Week(context.Context, actor) (map[string][]int64, error) {
	return map[string][]int64{"movie-night": {2, 0, 5, 9, 4, 12, 7}}, f.err()
}

func (f *fake) Stalled(context.Context, actor) ([]orchestrator.Stall, error) {
	return f.op.stalled, f.err()
}
