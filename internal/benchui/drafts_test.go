package benchui

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// drafts is the program's own pages over its own store, with drafts to edit.
type drafts struct {
	service *orchestrator.Service
	at      string
}

func newDrafts(t *testing.T) drafts {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	service := orchestrator.NewService(orchestrator.Deps{Store: s})
	return drafts{service: service, at: serve(t, service)}
}

// tab is a tab that is signed in.
func (d drafts) tab(t *testing.T, b *browsertest.Browser) *browsertest.Page {
	t.Helper()
	link, err := d.service.NewSignInLink(t.Context(), "w")
	require.NoError(t, err)
	p := b.Tab(t, browsertest.Size(1440, 900))
	p.Open(d.at + "/signin?link=" + link)
	p.Click("[data-testid=sign-in]")
	p.WaitGone("[data-testid=sign-in]")
	return p
}

// draft begins a draft of so many steps, and returns its name.
func (d drafts) draft(t *testing.T, steps int) string {
	t.Helper()
	name := fmt.Sprintf("draft-%d", steps)
	a := orchestrator.Actor{Workspace: "w", Name: "bench", Scopes: []string{orchestrator.ScopeAdmin}}
	v, err := d.service.NewDraft(t.Context(), a, name, manySteps(name, steps))
	require.NoError(t, err)
	require.Empty(t, v.Problems, "the draft could be published")
	return name
}

// manySteps is a journey as people write them: a message, then a wait for its
// answer with a message in either arm, and so on.
func manySteps(name string, steps int) string {
	var b strings.Builder
	send := func(indent string, n int) {
		fmt.Fprintf(&b, "%s- id: s%d\n%[1]s  title: {en: Say it once more, zh-CN: 再说一次}\n%[1]s  send: {category: service, text: {en: Message %[2]d, zh-CN: 消息 %[2]d}}\n", indent, n)
	}
	fmt.Fprintf(&b, "qidong: v1\njourney: %s\ntitle: {en: Many steps, zh-CN: 许多步骤}\nentry: {event: {type: many.begin}}\nsteps:\n", name)
	for n := 0; n < steps; n += 4 {
		send("  ", n)
		if n+4 > steps {
			if n+1 < steps {
				send("  ", n+1)
			}
			break
		}
		fmt.Fprintf(&b, "  - id: s%d\n    title: {en: Wait for the answer, zh-CN: 等待回复}\n    wait:\n      arms:\n", n+1)
		b.WriteString("        - id: answered\n          event: many.answered\n          steps:\n")
		send("            ", n+2)
		b.WriteString("        - id: late\n          after: 2h\n          steps:\n")
		send("            ", n+3)
	}
	b.WriteString("events: {many.begin: {type: object}, many.answered: {type: object}}\n")
	return b.String()
}

// spread tells how far the values of a figure are from each other.
func spread(values []float64) string {
	v := slices.Sorted(slices.Values(values))
	return fmt.Sprintf("(fastest %.1f, p95 %.1f)", v[0], v[len(v)*95/100])
}
