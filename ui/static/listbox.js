// A list of suggestions below a field, as the combobox pattern of ARIA has it:
// the focus stays in the field, whose aria-activedescendant is the one chosen.
// It is loaded when a field that has one is first used.
const looks = document.createElement('link')
looks.rel = 'stylesheet'
looks.href = document.querySelector('#words').dataset.listboxLooks
await new Promise(go => { looks.onload = looks.onerror = go; document.head.append(looks) })
const list = document.createElement('div')
list.id = 'listbox'
list.className = 'listbox'
list.setAttribute('role', 'listbox')
list.setAttribute('popover', 'manual')
document.querySelector('main').append(list)

let now // the field whose list is open, with what it offers

const close = () => {
  if (!now) return
  const { field } = now
  now = undefined
  list.hidePopover()
  for (const name of ['aria-activedescendant', 'aria-controls']) field.removeAttribute(name)
  if (oneLine(field)) field.setAttribute('aria-expanded', false)
}
// A field of several lines may be no combobox, and has nothing to expand: of it
// the one that is chosen is told, and that there is a list.
const oneLine = field => field.tagName === 'INPUT'
const choose = i => {
  const rows = [...list.children]
  now.at = (i + rows.length) % rows.length
  rows.forEach((row, i) => row.setAttribute('aria-selected', i === now.at))
  rows[now.at].scrollIntoView({ block: 'nearest' })
  now.field.setAttribute('aria-activedescendant', rows[now.at].id)
}
const accept = i => {
  const { field, items, take } = now
  close()
  take(items[i], field)
}
const row = (item, i) => {
  const e = document.createElement('div')
  e.id = 'listbox-' + i
  e.setAttribute('role', 'option')
  for (const [tag, text] of [['b', item.label], ['i', item.hint], ['span', item.text]]) {
    if (text) e.append(Object.assign(document.createElement(tag), { textContent: text }))
  }
  return e
}
// caret is where the caret of a field is on the screen: a copy of its text up
// to there is laid out as the field is.
const caret = field => {
  const r = field.getBoundingClientRect()
  if (oneLine(field)) return { left: r.left, top: r.top, bottom: r.bottom }
  const copy = document.createElement('div'), mark = document.createElement('span'), style = getComputedStyle(field)
  for (const name of ['font', 'letterSpacing', 'padding', 'border', 'boxSizing', 'tabSize', 'lineHeight']) copy.style[name] = style[name]
  Object.assign(copy.style, { position: 'fixed', visibility: 'hidden', whiteSpace: 'pre-wrap', overflowWrap: 'break-word', width: r.width + 'px', left: r.left + 'px', top: r.top - field.scrollTop + 'px' })
  copy.append(field.value.slice(0, field.selectionStart), mark)
  mark.textContent = '\u200b'
  document.body.append(copy)
  const at = mark.getBoundingClientRect()
  copy.remove()
  return { left: at.left, top: Math.max(at.top, r.top), bottom: Math.min(at.bottom, r.bottom) }
}
const show = (field, items, take) => {
  now = { field, items, take, at: 0 }
  list.setAttribute('aria-label', field.dataset.suggestions)
  list.replaceChildren(...items.map(row))
  list.showPopover()
  const at = caret(field), below = innerHeight - at.bottom - 12, up = below < Math.min(list.offsetHeight, 160) && at.top > below
  list.style.maxHeight = Math.min(280, up ? at.top - 12 : below) + 'px'
  list.style.left = Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8)) + 'px'
  list.style.top = (up ? at.top - list.offsetHeight - 4 : at.bottom + 4) + 'px'
  field.setAttribute('aria-controls', list.id)
  if (oneLine(field)) field.setAttribute('aria-expanded', true)
  choose(0)
  now.top = field.getBoundingClientRect().top
}

list.addEventListener('pointerdown', e => e.preventDefault()) // the field keeps the focus
list.addEventListener('click', e => {
  const i = [...list.children].indexOf(e.target.closest('[role=option]'))
  if (i >= 0 && now) accept(i)
})
addEventListener('keydown', e => {
  if (!now || e.target !== now.field || e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return
  const does = { ArrowDown: () => choose(now.at + 1), ArrowUp: () => choose(now.at - 1), Enter: () => accept(now.at), Tab: () => accept(now.at), Escape: close }[e.key]
  if (!does || (e.key === 'Tab' && (e.shiftKey || !now.tab))) return
  e.preventDefault()
  e.stopImmediatePropagation() // Escape closes the list alone
  does()
}, true)
addEventListener('focusin', e => { if (now && e.target !== now.field) close() })
// A field that is scrolled away leaves its list behind; one that was scrolled to as
// it got the focus hears of it late.
addEventListener('scroll', () => { if (now && Math.abs(now.field.getBoundingClientRect().top - now.top) > 1) close() }, true)

// suggest offers what a function finds for a field, as soon as something is
// typed, or by Ctrl+Space or ↓. It gives items with label, hint and text; take
// is told the one that was chosen. tab: the Tab key takes, too.
export const suggest = (field, find, take, tab = false) => {
  let turn = 0
  const offer = async asked => {
    const mine = ++turn, items = await find(field, asked)
    if (mine !== turn || document.activeElement !== field) return
    if (!items?.length) { if (now?.field === field) close(); return }
    show(field, items, take)
    now.tab = tab && !asked // what was not asked for by typing is not taken in passing
  }
  field.autocomplete = 'off'
  field.setAttribute('aria-autocomplete', 'list')
  field.setAttribute('aria-haspopup', 'listbox')
  if (oneLine(field)) { field.setAttribute('role', 'combobox'); field.setAttribute('aria-expanded', false) }
  field.addEventListener('input', e => { if (!e.isComposing) offer() })
  field.addEventListener('compositionstart', () => { turn++; close() })
  field.addEventListener('compositionend', () => offer())
  field.addEventListener('keydown', e => {
    if (e.isComposing || now || !(e.ctrlKey && e.key === ' ' || oneLine(field) && e.key === 'ArrowDown')) return
    e.preventDefault()
    offer(true)
  })
  field.addEventListener('blur', () => { turn++; if (now?.field === field) close() })
  if (oneLine(field)) field.addEventListener('click', () => { if (!now) offer(true) })
  if (field !== document.activeElement) return
  if (field.value !== field.defaultValue) offer() // typed while this was loaded
  else if (oneLine(field) && field.matches(':hover')) offer(true) // clicked
}

// put replaces a part of a field's text as typing does, so that it can be undone
// by the browser.
export const put = (field, from, to, text, caretAt = from + text.length) => {
  field.setSelectionRange(from, to)
  if (!document.execCommand('insertText', false, text)) field.setRangeText(text, from, to, 'end')
  field.setSelectionRange(caretAt, caretAt)
}
