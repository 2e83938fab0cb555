package ui

import (
	"context"
	"net/url"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/ui/i18n"
)

// taskPath is a task's page; its id has slashes of its own.
func taskPath(id string) string {
	parts := strings.Split(id, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "/tasks/" + strings.Join(parts, "/")
}

func taskTitle(ctx context.Context, n *names, t orchestrator.Task) string {
	if title := i18n.Pick(ctx, t.Title); title != "" {
		return title
	}
	return n.step(t.Journey, t.Step)
}
