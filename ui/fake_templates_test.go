package ui

import (
	"context"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// testDigest is that of the fake's picture.
var testDigest = strings.Repeat("ab", 32)

// fakeTemplates holds one template, which shows one picture.
type fakeTemplates struct {
	put     []orchestrator.Template
	added   []string
	putErr  error
	deleted []string
}

func aTemplate() orchestrator.Template {
	return orchestrator.Template{
		Name: "ticket", Title: journey.Text{"en": "Ticket <b>", "zh-CN": "影票"}, Revision: 3, UpdatedAt: testNow, UpdatedBy: "ada",
		Message: journey.Send{Category: "service", Card: &journey.Card{
			Title:       journey.Text{"en": "Row 7 <script>alert(1)</script>", "zh-CN": "第 7 排"},
			Description: journey.Text{"en": "For ${customer.name}", "zh-CN": "${customer.name} 的影票"},
			Media:       &journey.Media{URL: "${vars.base}/p/" + testDigest + ".png", Type: "image/png", Height: "TALL_HEIGHT"},
			Suggestions: []journey.Suggestion{
				{Text: journey.Text{"en": "Got it", "zh-CN": "收到"}, Reply: "ok"},
				{Text: journey.Text{"en": "Map", "zh-CN": "地图"}, OpenURL: "https://map.example/"},
			},
		}},
	}
}

func aPicture() orchestrator.Picture {
	return orchestrator.Picture{Digest: testDigest, Name: `<img src=x onerror="alert(1)">.png`, Type: "image/png", Size: 2048, Width: 3, Height: 2, AddedAt: testNow, AddedBy: "ada"}
}

func (f *fake) Templates(context.Context, actor) ([]orchestrator.Template, error) {
	return []orchestrator.Template{aTemplate()}, f.err()
}

func (f *fake) Template(_ context.Context, _ actor, name string) (orchestrator.Template, error) {
	if name != "ticket" {
		return orchestrator.Template{}, orchestrator.ErrNotFound
	}
	return aTemplate(), f.err()
}

func (f *fake) PutTemplate(_ context.Context, _ actor, t orchestrator.Template, _ int64) (orchestrator.Template, error) {
	f.templates.put = append(f.templates.put, t)
	return t, f.templates.putErr
}

func (f *fake) DeleteTemplate(_ context.Context, _ actor, name string) error {
	f.templates.deleted = append(f.templates.deleted, name)
	return f.err()
}

func (f *fake) Pictures(context.Context, actor) ([]orchestrator.Picture, error) {
	return []orchestrator.Picture{aPicture()}, f.err()
}

func (f *fake) AddPicture(_ context.Context, _ actor, name string, content []byte) (orchestrator.Picture, error) {
	f.templates.added = append(f.templates.added, name+": "+string(content))
	return aPicture(), f.templates.putErr
}

func (f *fake) Picture(_ context.Context, digest string) (orchestrator.Picture, []byte, error) {
	if digest != testDigest {
		return orchestrator.Picture{}, nil, orchestrator.ErrNotFound
	}
	return aPicture(), []byte("<html><script>alert(1)</script>"), f.err()
}

func (f *fake) DeletePicture(_ context.Context, _ actor, digest string) error {
	f.templates.deleted = append(f.templates.deleted, digest)
	return f.err()
}
