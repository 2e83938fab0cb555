// Completes an expression with the names in scope and with functions. It is
// loaded when a field with expressions is first used.
const { suggest, put } = await import(document.querySelector('#words').dataset.listbox)
const url = document.querySelector('[data-design]').dataset.design

// What a field may speak of, until the draft changes.
const known = new Map()
const spokenOf = async field => {
  const key = field.dataset.path + ' ' + document.querySelector('#saved').dataset.revision
  if (!known.has(key)) {
    known.clear()
    known.set(key, fetch(`${url}/names?` + new URLSearchParams({ field: field.dataset.path })).then(r => r.ok ? r.json() : null, () => null))
  }
  return await known.get(key) || known.delete(key) && null
}

// begins is where the expression around the caret begins; -1 outside of one. In
// a text only what is within ${…} is one.
const begins = (text, template) => {
  let at = template ? -1 : 0, quote = '', depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (at < 0) { if (c === '$' && text[i + 1] === '{') { at = ++i + 1; depth = 0 } }
    else if (quote) { if (c === '\\') i++; else if (c === quote) quote = '' }
    else if (c === '"' || c === "'") quote = c
    else if (template && c === '{') depth++
    else if (template && c === '}' && depth-- === 0) at = -1
  }
  return quote ? -1 : at
}

const most = 60
const named = (n, label) => ({ label, hint: n.hint, text: n.text, insert: n.name })
const called = f => ({ label: f.name + '()', hint: f.hint, text: f.text, call: f.name })
const fits = (name, stem) => name.toLowerCase().startsWith(stem.toLowerCase())
const once = list => [...new Map(list.map(f => [f.name, f])).values()]

// candidates for the name that ends at the caret. What was written before its
// last point says what it is a field of.
const candidates = (all, chain, after, asked) => {
  const dot = chain.lastIndexOf('.'), stem = chain.slice(dot + 1), base = dot < 0 ? '' : chain.slice(0, dot)
  if (after || base) {
    const of = all.names.find(n => n.name === base), kind = after ? '' : of?.kind
    const fields = after ? [] : all.names.filter(n => n.name.startsWith(base + '.') && !n.name.includes('.', base.length + 1) && fits(n.name.slice(base.length + 1), stem))
    const methods = all.functions.filter(f => f.of && (kind ? f.of === kind : !of || !fields.length) && kind !== 'object' && fits(f.name, stem))
    return [...fields.map(n => named(n, n.name.slice(base.length + 1))), ...once(methods).map(called)]
  }
  if (!stem && !asked) return []
  const roots = all.names.filter(n => !n.name.includes('.') && fits(n.name, stem))
  const alone = all.functions.filter(f => !f.of && fits(f.name, stem))
  const deep = stem.length < 2 ? [] : all.names.filter(n => n.name.includes('.') && n.name.split('.').slice(1).some(part => fits(part, stem)))
  return [...roots.map(n => named(n, n.name)), ...alone.map(called), ...deep.map(n => named(n, n.name))]
}

const place = field => {
  const before = field.value.slice(0, field.selectionStart), begin = begins(before, field.dataset.complete === 'template')
  if (begin < 0 || field.selectionStart !== field.selectionEnd) return null
  const chain = before.slice(begin).match(/(?:[A-Za-z_][\w]*(?:\.\w*)*)?$/)[0]
  const from = before.length - chain.length
  const point = !chain.includes('.') && before[from - 1] === '.'
  return { chain, from, after: point, fresh: before.endsWith('${') }
}
const find = async (field, asked) => {
  if (!place(field)) return []
  const all = await spokenOf(field), at = place(field) // of now, not of when it was asked
  if (!all || !at) return []
  const list = candidates(all, at.chain, at.after, asked || at.fresh).slice(0, most)
  const stem = at.chain.slice(at.chain.lastIndexOf('.') + 1)
  return list.length === 1 && list[0].label === stem ? [] : list
}
const take = (item, field) => {
  const { chain, from, after } = place(field), to = from + chain.length
  const stem = after ? from : from + (chain.includes('.') ? chain.lastIndexOf('.') + 1 : 0)
  if (item.insert) { put(field, from, to, item.insert); return }
  const rest = field.value[to] === '(' ? '' : '()'
  put(field, stem, to, item.call + rest, stem + item.call.length + 1)
}

export default field => suggest(field, find, take, true)
