// Helps to fill in lengths of time, events, time zones, and dates. It is loaded
// when the first such field is used.
const words = document.querySelector('#words').dataset
const { suggest } = await import(words.listbox)
const url = document.querySelector('[data-design]').dataset.design, language = document.documentElement.lang

// A value that was chosen is saved as one that was typed.
const fill = (field, value) => {
  field.value = value
  field.dispatchEvent(new Event('change', { bubbles: true }))
}
const within = (typed, ...texts) => typed.toLowerCase().split(/\s+/).every(w => texts.join(' ').toLowerCase().includes(w))

// Lengths of time: "2d3h", "2 days 3 hours", "2天3小时".
const units = [
  ['d', 86400, 'day', /^(d|days?|天|日)$/i], ['h', 3600, 'hour', /^(h|hrs?|hours?|小?时)$/i],
  ['m', 60, 'minute', /^(m|mins?|minutes?|分钟?)$/i], ['s', 1, 'second', /^(s|secs?|seconds?|秒钟?)$/i],
  ['w', 604800, 'week', /^(w|weeks?|周|星期)$/i],
]
const asWritten = /^-?(\d+d(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))*|(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+|0)$/
const split = seconds => units.slice(0, 4).map(([unit, size, name]) => {
  const n = Math.floor(seconds / size)
  seconds -= n * size
  return [n, unit, name]
}).filter(([n]) => n)
const inWords = seconds => split(seconds).map(([n, , unit]) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(n)).join(' ')
const written = seconds => split(seconds).map(([n, unit]) => n + unit).join('')
// seconds of a text; NaN when it is no length of time.
const seconds = text => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]+|\p{Script=Han}+)/giu)]
  const rest = parts.reduce((left, [part]) => left.replace(part, ''), text)
  if (!parts.length || !/^(\s|,|，|、|and|和|-)*$/i.test(rest)) return NaN
  return Math.round(parts.reduce((sum, [, n, unit]) => sum + n * (units.find(u => u[3].test(unit))?.[1] ?? NaN), 0))
}
const duration = field => {
  const sign = text => (text.trim().startsWith('-') ? '-' : '')
  const item = (text, s) => ({ label: sign(text) + written(s), text: inWords(s) })
  suggest(field, (_, asked) => {
    const text = field.value.trim(), number = text.match(/^-?(\d+)$/)
    if (!text) return asked ? [1800, 3600, 14400, 86400, 259200, 604800].map(s => item('', s)) : []
    if (number) return +number[1] ? [86400, 3600, 60, 604800].map(size => item(text, number[1] * size)) : []
    return asWritten.test(text) || !(seconds(text) > 0) ? [] : [item(text, seconds(text))]
  }, item => fill(field, item.label), true)
  field.addEventListener('change', () => {
    const text = field.value.trim()
    if (!asWritten.test(text) && seconds(text) > 0) field.value = sign(text) + written(seconds(text))
  })
}

// Time zones, by their names; first the ones that are likely.
const zones = (field, likely) => {
  suggest(field, (_, asked) => {
    const typed = field.value.trim().replace(/_/g, ' ')
    if (!typed && !asked) return []
    const all = Intl.supportedValuesOf('timeZone').map(value => ({ value, label: value }))
    const seen = new Set()
    return [...likely, { value: 'UTC', label: 'UTC' }, ...all].filter(z => {
      const fits = (field.value === z.value || within(typed, z.label.replace(/_/g, ' '), z.hint || '')) && !seen.has(z.label)
      seen.add(z.label)
      return fits
    }).slice(0, 60)
  }, item => fill(field, item.value))
}
const workspaces = field => field.dataset.zone ? [{ value: field.dataset.zone, label: field.dataset.zone, hint: field.dataset.workspace }] : []

// A date, a time of day and a time zone are written as an expression.
const moment = field => {
  const group = field.closest('[data-moment]'), part = name => group.querySelector(`[data-part=${name}]`)
  if (field.dataset.part === 'zone') zones(field, [{ value: '', label: field.dataset.customer }, ...workspaces(field)])
  if (group.ready) return
  group.ready = true
  // A date and a time change with each digit: they are written when the last is
  // typed, or when the field is left.
  let soon
  const write = () => {
    clearTimeout(soon)
    soon = undefined
    const date = part('date').value, clock = part('time'), zone = part('zone').value.trim()
    if (date < '1900' || !clock.value && clock === document.activeElement) return // it is being typed
    const time = clock.value ||= '09:00'
    const expression = document.querySelector(`#panel [data-path="${CSS.escape(group.dataset.moment)}"]`)
    fill(expression, `local("${date}T${time.slice(0, 5)}"${zone ? `, ${JSON.stringify(zone)}` : ''})`)
  }
  const later = () => { clearTimeout(soon); soon = setTimeout(write, 500) }
  group.addEventListener('change', later)
  group.addEventListener('focusout', () => { if (soon) write() })
  if (field.value !== field.defaultValue) later() // changed while this was loaded
}

// Events: those declared here, those of other journeys, Qidong's own, or a new
// one. One that is not declared here is, with what is known of its data.
const type = /^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/
const event = (field, edit) => {
  let known = []
  const load = async () => { known = await fetch(`${url}/known`).then(r => r.ok ? r.json() : [], () => []) }
  const loaded = load()
  const take = (value, e) => {
    field.value = value
    const commands = [{ op: 'set', field: field.dataset.path, value }]
    if (e && !e.declared) {
      commands.push({ op: 'set', field: 'events.' + value, value: e.schema || { type: 'object' } })
      e.declared = true
    }
    // Where the schemas of events can be edited, too, they are shown as they are now.
    const shown = commands.length > 1 && document.querySelector('#panel [data-path="events"]')
    edit(commands, shown ? { after: () => document.querySelector(`#panel [data-path="${CSS.escape(field.dataset.path)}"]`)?.focus() } : { values: { panel: 'keep' } })
  }
  suggest(field, async (_, asked) => {
    await loaded
    const typed = field.value.trim(), own = field.dataset.path.endsWith('.emit.type')
    if (!typed && !asked) return []
    const chosen = known.some(e => e.type === typed) && asked
    const list = known.filter(e => (!own || !e.type.startsWith('qidong.')) && (chosen || within(typed, e.type, e.from, e.text || '')))
      .map(e => ({ label: e.type, hint: e.from, text: e.text, event: e }))
    if (type.test(typed) && !typed.startsWith('qidong.') && !known.some(e => e.type === typed)) list.push({ label: typed, hint: field.dataset.new, event: { schema: { type: 'object' } } })
    return list.length === 1 && list[0].label === typed && list[0].event.declared ? [] : list
  }, item => take(item.label, item.event))
  field.addEventListener('change', e => {
    const found = known.find(k => k.type === field.value.trim())
    if (!found || found.declared) return // saved as it is typed
    e.stopPropagation()
    take(found.type, found)
  })
}

const helps = { duration, event, moment, zone: field => zones(field, workspaces(field)) }
export default (field, edit) => helps[field.dataset.help](field, edit)
