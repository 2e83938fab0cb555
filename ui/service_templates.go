package ui

import (
	"context"

	"github.com/qidong/qidong/orchestrator"
)

// templateService is what the pages of templates and pictures ask.
type templateService interface {
	Templates(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Template, error)
	Template(ctx context.Context, a orchestrator.Actor, name string) (orchestrator.Template, error)
	PutTemplate(ctx context.Context, a orchestrator.Actor, t orchestrator.Template, revision int64) (orchestrator.Template, error)
	DeleteTemplate(ctx context.Context, a orchestrator.Actor, name string) error
	Pictures(ctx context.Context, a orchestrator.Actor) ([]orchestrator.Picture, error)
	AddPicture(ctx context.Context, a orchestrator.Actor, name string, content []byte) (orchestrator.Picture, error)
	Picture(ctx context.Context, digest string) (orchestrator.Picture, []byte, error)
	DeletePicture(ctx context.Context, a orchestrator.Actor, digest string) error
}
