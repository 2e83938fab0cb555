package ui

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

// The customer's page is read and answered on a small telephone, in the language
// of its browser, without a script.
func TestBrowser_CompanionWithoutAScript(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for _, tc := range []struct{ language, hello, question, other, otherHello string }{
		{"en", "Hello, Li Mei", "Ride wanted?", "zh-CN", "您好"},
		{"zh-CN", "您好，Li Mei", "是否叫车", "en", "Hello"},
	} {
		t.Run("in "+tc.language, func(t *testing.T) {
			t.Parallel()
			url, f := serveFake(t)
			p := b.Tab(t, browsertest.Language(tc.language), browsertest.Size(360, 780), browsertest.NoScript())
			p.Allow("ERR_CONNECTION_REFUSED") // posters of a cinema that is not there
			fits := func() {
				require.LessOrEqual(t, browsertest.Eval[int](p, "document.documentElement.scrollWidth"), 360, "wider than the screen")
			}
			p.Open(url + "/c/" + testToken)
			p.WaitText("h1", tc.hello)
			p.WaitText("h2", tc.question)
			require.Equal(t, tc.language, browsertest.Eval[string](p, "document.documentElement.lang"))
			fits()
			p.Click("[data-testid=history]")
			fits()
			p.Shot("companion-noscript-" + tc.language)

			p.Click("[data-testid=ask] [data-testid=reply-accept]")
			p.WaitVisible("[role=status]")
			f.mu.Lock()
			require.Equal(t, []string{"m_ride m_ride.0"}, f.replies)
			f.mu.Unlock()

			p.Click("[data-testid=lang]")
			p.WaitText("h1", tc.otherHello)
			require.Equal(t, tc.other, browsertest.Eval[string](p, "document.documentElement.lang"))
			fits()
			p.Click("[data-testid=write]")
			p.Press("二人 <b>")
			p.Click("[data-testid=write-send]")
			p.WaitVisible("[role=status]")
			require.Equal(t, tc.other, browsertest.Eval[string](p, "document.documentElement.lang"), "the choice stays")
			p.Click("[data-testid=history]")
			p.WaitText(".history", "二人 <b>")
			fits()
		})
	}
}

// A survey in words has its field beside the question.
func TestBrowser_CompanionAsksForWords(t *testing.T) {
	t.Parallel()
	url, f := serveFake(t)
	v := f.views["e_run"]
	for _, s := range steps(v.Version.Definition) {
		if s.Survey != nil {
			s.Survey.Kind = journey.SurveyText
			v.Enrollment.Step = s.ID
			break
		}
	}
	f.views["e_run"] = v
	m := surveyOf("c_mei", "e_run")
	m.Step, m.Parts, m.Replies = v.Enrollment.Step, m.Parts[:1], nil
	f.messages["c_mei"] = append(f.messages["c_mei"], m)
	p := browsertest.Start(t).Tab(t, browsertest.Size(360, 780), browsertest.NoScript())
	p.Allow("ERR_CONNECTION_REFUSED")
	p.Open(url + "/c/" + testToken)
	p.WaitVisible("[data-testid=ask] [data-testid=write]")
	require.Equal(t, 1, p.Count("[data-testid=write]"), "one field for words is enough")
	p.Shot("companion-words")
	p.Click("[data-testid=write]")
	p.Press("Wonderful")
	p.Click("[data-testid=write-send]")
	p.WaitVisible("[role=status]")
	f.mu.Lock()
	defer f.mu.Unlock()
	require.Len(t, f.words["c_mei"], 1)
	require.Equal(t, orchestrator.EventMessageReceived, f.words["c_mei"][0].Type)
	require.Contains(t, string(f.words["c_mei"][0].Data), "Wonderful")
}
