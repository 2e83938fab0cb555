// The YAML beside the canvas: the same draft, edited as text. The text is saved as
// an edit like any other as soon as it can be read; until then it stays here, over
// a reload too, and whatever changes on the canvas meanwhile is never overwritten.
const $ = (s, root = document) => root.querySelector(s)
const stage = $('[data-stage]'), url = $('[data-design]').dataset.design, kept = 'beside ' + url
let pane, text, push, base, saved, sent, timer, marked

const state = () => $('#beside-state')
const revision = () => $('#saved').dataset.revision
const fetched = async () => {
  const res = await fetch(url + '/source', { headers: { 'HX-Request': 'true' } })
  if (!res.ok) throw new Error(res.status)
  return new DOMParser().parseFromString(await res.text(), 'text/html').body.firstElementChild
}
const address = on => {
  const at = new URL(location)
  on ? at.searchParams.set('beside', 1) : at.searchParams.delete('beside')
  history.replaceState(null, '', at)
}
const dirty = () => text.value !== saved

// What is shown: line numbers, what is not saved, where the open step stands.
const show = () => {
  const n = text.value.split('\n').length, lines = $('pre', pane)
  if (lines.dataset.n !== '' + n) {
    lines.dataset.n = n
    lines.textContent = Array.from({ length: n }, (_, i) => i + 1).join('\n')
  }
  $('[data-unsaved]', pane).hidden = !dirty()
  keep()
  mark()
}
// What is not saved outlives the page, with what it was made from.
const keep = () => dirty() ? sessionStorage.setItem(kept, JSON.stringify({ base, text: text.value })) : sessionStorage.removeItem(kept)
const spans = () => JSON.parse(state().dataset.spans || '[]')
const mark = () => {
  const open = $('#panel')?.dataset.step || '', span = spans().find(s => s[0] === open)
  text.style.setProperty('--from', span ? span[1] - 1 : 0)
  text.style.setProperty('--lines', span ? span[2] - span[1] + 1 : 0)
  if (!span || marked === open) { marked = open; return }
  marked = open
  if (document.activeElement === text) return // it moves by the cursor
  const line = parseFloat(getComputedStyle(text).lineHeight), top = (span[1] - 1) * line
  if (top < text.scrollTop || top + line > text.scrollTop + text.clientHeight) text.scrollTop = top - 3 * line
}

// The card in whose lines the cursor is.
const point = () => {
  const line = text.value.slice(0, text.selectionStart).split('\n').length
  const around = spans().filter(s => s[1] <= line && line <= s[2]).sort((a, b) => b[1] - a[1] || a[2] - b[2])
  const card = around.map(s => $(`.card[value="${CSS.escape(s[0])}"]`)).find(Boolean) // the innermost that is not folded away
  for (const c of document.querySelectorAll('.card.pointed')) if (c !== card) c.classList.remove('pointed')
  if (!card || card.classList.contains('pointed')) return
  card.classList.add('pointed')
  stage.dispatchEvent(new CustomEvent('reveal', { detail: card }))
}

const save = () => {
  clearTimeout(timer)
  if (sent !== undefined || !dirty() || $('[data-over]', state())) return
  sent = text.value
  push(url + '/source', { source: sent, base }, {
    after: () => { saved = sent; base = revision() },
    done: () => {
      const again = pane && text.value !== sent
      sent = undefined
      keep() // also when the pane was closed meanwhile: what is saved does not come back
      if (!pane) return
      show()
      if (document.activeElement === text) point()
      if (again) save()
    },
  })
}
const soon = () => { clearTimeout(timer); timer = setTimeout(save, 500); show() }

// take shows the draft as the server has it, with the cursor where it was. What is
// written while it comes stays, unless one has chosen theirs.
const take = async theirs => {
  const now = await fetched()
  if (!pane || !theirs && (sent !== undefined || dirty())) return
  const from = text.selectionStart, to = text.selectionEnd, top = text.scrollTop
  state().replaceWith($('#beside-state', now))
  saved = text.value = $('textarea', now).value
  base = state().dataset.revision
  text.setSelectionRange(from, to)
  text.scrollTop = top
  show()
}
// What the canvas, or somebody else, has made of the draft.
const follow = async () => {
  if (!pane) return
  mark()
  if (sent !== undefined || dirty() || revision() === base) return
  const was = saved
  await take().catch(() => {}) // it is asked again with the next swap; until then base is what the text was made from
  if (saved !== was) point()
}
document.addEventListener('htmx:after:swap', follow)
addEventListener('beforeunload', e => { if (pane && dirty()) e.preventDefault() })

const begin = () => {
  const left = JSON.parse(sessionStorage.getItem(kept) || 'null')
  saved = text.value
  base = state().dataset.revision
  if (left && left.text !== saved) { text.value = left.text; base = left.base; soon() }
  show()
  text.addEventListener('input', soon)
  text.addEventListener('change', save)
  text.addEventListener('scroll', () => { $('pre', pane).style.translate = `0 ${-text.scrollTop}px` })
  for (const e of ['keyup', 'click']) text.addEventListener(e, point)
  text.addEventListener('keydown', e => {
    if ((e.ctrlKey || e.metaKey) && e.key === 's') { e.preventDefault(); save() }
    if (e.key !== 'Enter' || e.isComposing) return
    const line = text.value.slice(0, text.selectionStart).split('\n').pop()
    e.preventDefault()
    document.execCommand('insertText', false, '\n' + line.match(/^ */)[0] + (line.endsWith(':') ? '  ' : ''))
  })
  pane.addEventListener('click', e => {
    const over = e.target.closest('[data-over]')?.dataset.over
    if (e.target.closest('[data-theirs]')) take(true).catch(() => {})
    if (over) { base = over; delete $('[data-over]', state()).dataset.over; save() }
  })
}

// toggle opens or closes the pane; push sends an edit when those before it are
// through.
export const toggle = async (send, looks) => {
  push = send
  if (pane) {
    save()
    pane.remove()
    pane = undefined
    for (const c of document.querySelectorAll('.card.pointed')) c.classList.remove('pointed')
    address(false)
    return
  }
  if (!$(`link[href="${looks}"]`)) await new Promise(go => {
    document.head.append(Object.assign(document.createElement('link'), { rel: 'stylesheet', href: looks, onload: go, onerror: go }))
  })
  const came = await fetched()
  if (pane) return
  pane = came
  text = $('textarea', pane)
  marked = undefined
  stage.before(pane)
  address(true)
  begin()
}
