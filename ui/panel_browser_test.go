package ui

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/internal/browsertest"
	"github.com/qidong/qidong/orchestrator"
)

// panelOf is a tab with the panel of a step of the drawn journey open.
func panelOf(t *testing.T, name, step string) (*browsertest.Page, *orchestrator.Service) {
	t.Helper()
	url, s := newRealSite(t)
	p := designing(t, browsertest.Start(t), url, s, name)
	p.Open(url + "/journeys/" + name + "/design?step=" + step)
	p.WaitTrue("!!document.querySelector('.stage.ready')")
	return p, s
}

// saved waits until a field of the draft holds a value.
func saved(t *testing.T, p *browsertest.Page, s *orchestrator.Service, name, field string, want any) {
	t.Helper()
	p.WaitTrue(`document.querySelector('[data-design]').dataset.busy !== 'true'`)
	v, err := s.Draft(t.Context(), orchestrator.Actor{Workspace: "w", Name: "test", Scopes: []string{orchestrator.ScopeAdmin}}, name)
	require.NoError(t, err)
	require.Equal(t, want, v.Document.Value(field))
}

// asKeyboard sends a key down as keyboards do, so that a page that takes the key
// keeps its letter from being written.
func asKeyboard(k *input.DispatchKeyEventParams) {
	if k.Type == kb.KeyDown {
		k.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

const (
	inList       = `[...document.querySelectorAll('#listbox:popover-open [role=option] b')].map(e => e.textContent)`
	chosenInList = `document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.querySelector('b').textContent`
)

// TestBrowser_ExpressionsAreCompleted: with keys alone, in several lines, and
// with the mouse.
func TestBrowser_ExpressionsAreCompleted(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "completed", "answer")
	field := `[data-path="steps.answer.wait.arms.came.match"]`
	p.Click(field)
	p.WaitTrue(`document.activeElement.getAttribute('aria-autocomplete') === 'list'`)
	p.Press("cust")
	p.WaitTrue(chosenInList + ` === 'customer'`)
	require.Equal(t, "listbox", browsertest.Eval[string](p, `document.activeElement.getAttribute('aria-controls')`))
	p.Press(kb.Tab)
	p.WaitGone("#listbox")
	p.Press(".")
	p.WaitTrue(inList + `.includes('locale')`)
	p.Press(kb.ArrowDown)
	p.WaitTrue(chosenInList + ` === 'id'`)
	p.Press(kb.ArrowUp)
	p.Press("na")
	p.WaitTrue(chosenInList + ` === 'name'`)
	require.Empty(t, p.Violations())
	p.Shot("complete")
	p.Press(kb.Enter, asKeyboard)
	p.WaitGone("#listbox")
	p.Press(".con")
	p.WaitTrue(chosenInList + ` === 'contains()'`)
	p.Press(kb.Enter, asKeyboard)
	p.Press(`"a"`)
	require.Equal(t, `customer.name.contains("a")`, browsertest.Eval[string](p, `document.activeElement.value`))
	p.Press(kb.End)
	p.Press("\n&& mes")
	p.WaitTrue(inList + `.includes('steps.hello.message_id')`)
	p.Press(kb.Escape)
	p.WaitGone("#listbox")
	require.Equal(t, field[12:len(field)-2], browsertest.Eval[string](p, `document.activeElement.dataset.path`), "Escape closes the list alone")
	p.Press("sag")
	p.WaitTrue(inList + `.includes('steps.hello.message_id')`)
	p.Click("#listbox [role=option]:nth-child(1)")
	p.WaitGone("#listbox")
	p.Press(` != ""`)
	p.Press(kb.Tab)
	saved(t, p, s, "completed", "steps.answer.wait.arms.came.match", "customer.name.contains(\"a\")\n&& steps.hello.message_id != \"\"")
	require.Empty(t, p.Violations())
}

// TestBrowser_TextsAreCompletedWithinTheirExpressions: not around them, and not
// while an input method composes.
func TestBrowser_TextsAreCompletedWithinTheirExpressions(t *testing.T) {
	t.Parallel()
	p, s := panelOf(t, "texts", "hello")
	p.Fill(`[data-path="steps.hello.send.text.en"]`, "")
	p.Press("Dear customer ")
	require.Empty(t, browsertest.Eval[[]string](p, inList))
	p.Press("${")
	p.WaitTrue(inList + `.includes('customer')`)
	require.False(t, browsertest.Eval[bool](p, inList+`.includes('event')`))
	compose := func(event string) {
		browsertest.Eval[bool](p, `document.activeElement.dispatchEvent(new CompositionEvent('`+event+`', {bubbles: true}))`)
	}
	compose("compositionstart")
	p.Press("customer.na")
	compose("compositionend")
	p.WaitTrue(chosenInList + ` === 'name'`)
	p.Press(kb.Enter, asKeyboard)
	p.Press("}")
	p.Press(kb.Tab)
	saved(t, p, s, "texts", "steps.hello.send.text.en", "Dear customer ${customer.name}")
}

// TestBrowser_AProblemOfAnExpressionTellsItsPlace: by line and column, below its
// field.
func TestBrowser_AProblemOfAnExpressionTellsItsPlace(t *testing.T) {
	t.Parallel()
	p, _ := panelOf(t, "placed", "answer")
	p.Fill(`[data-path="steps.answer.wait.arms.came.match"]`, "customer.name == 'a'\n  && seats > 2")
	p.Press(kb.Tab)
	p.WaitText(`#m-f-steps-answer-wait-arms-came-match.err`, "Line 2, column 6")
}
