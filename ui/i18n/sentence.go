package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/qidong/qidong/orchestrator/journey"
)

// The engine speaks English. What it says is said in another language by the
// English form: a file a language, the form first, then the translation, whose
// verbs stand in the same order or name their place, as in %[2]s.
//
//go:embed sentences/*.json
var sentenceFiles embed.FS

var sentences = mustLoadSentences()

func mustLoadSentences() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, l := range Languages[1:] {
		b, err := sentenceFiles.ReadFile("sentences/" + l + ".json")
		said := map[string]string{}
		if err == nil {
			err = json.Unmarshal(b, &said)
		}
		if err != nil {
			panic(fmt.Sprintf("reading the sentences in %s: %v", l, err)) //nolint:forbidigo // embedded: a bug, seen at the first start
		}
		all[l] = said
	}
	return all
}

// Sentence is s in the language of ctx, in English when it has no translation.
func Sentence(ctx context.Context, s journey.Sentence) string {
	form, ok := sentences[Lang(ctx)][s.Form]
	if !ok {
		return s.String()
	}
	said := journey.Sentence{Form: form, Args: make([]any, len(s.Args))}
	for i, a := range s.Args {
		switch a := a.(type) {
		case journey.Sentence:
			said.Args[i] = Sentence(ctx, a)
		case journey.Choice:
			said.Args[i] = strings.Join(a, "、")
		default:
			said.Args[i] = a
		}
	}
	return said.String()
}

// Problem is what a problem says, and its mend, in the language of ctx; as they
// came, when they were not made here.
func Problem(ctx context.Context, p journey.Problem) (message, mend string) {
	message, mend = p.Message, p.Mend
	if p.Said.Form != "" {
		message = Sentence(ctx, p.Said)
	}
	if p.Mended.Form != "" {
		mend = Sentence(ctx, p.Mended)
	}
	return message, mend
}
