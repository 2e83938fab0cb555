// Drawing a journey in the browser: each edit is a command on step ids, sent one
// after the other, and kept until the server has it. The server answers with what
// differs in the picture; nothing is drawn here.
(() => {
  const $ = (s, root = document) => root.querySelector(s), $$ = (s, root = document) => [...root.querySelectorAll(s)]
  const url = $('[data-design]').dataset.design, words = $('#words').dataset, stage = $('[data-stage]')
  const panel = () => $('#panel'), open = () => panel()?.dataset.step || ''
  const stepOf = card => card?.value || ''
  const shown = id => $(`.card[value="${CSS.escape(id)}"]`)
  const isStep = id => id && !id.startsWith('0-')
  let picked = new Set(), focusNext = ''

  // The queue of edits.
  const queue = []
  let busy = false
  const push = (path, values, options) => { queue.push({ path, values, ...options }); pump() }
  const edit = (commands, { values, ...options } = {}) => push(url, { commands: JSON.stringify(commands), ...values }, options)
  const travel = way => push(url + '/' + way, {})
  const pump = async () => {
    if (busy) return
    $('[data-design]').dataset.busy = busy = true
    while (queue.length) {
      const e = queue[0], { revision, session, folded } = $('#saved').dataset, values = e.values?.call?.(0, folded) || e.values
      if (e.upTo <= +revision) { queue.shift(); continue }
      const body = new URLSearchParams({ open: open(), revision, session, folded, ...values })
      let res, text
      try {
        res = e.path ? await fetch(e.path, { method: 'POST', body, headers: { 'HX-Request': 'true' } })
          : await fetch(`${url}?` + new URLSearchParams({ step: open(), shown: e.whole ? '' : revision, session, folded, ...values }), { headers: { 'HX-Request': 'true' } })
        text = await res.text()
      } catch {
        $('#offline').hidden = false
        await new Promise(go => { addEventListener('online', go, { once: true }); setTimeout(go, 2000) })
        continue
      }
      $('#offline').hidden = true
      queue.shift()
      const notice = res.headers.get('HX-Retarget')
      const at = $$('#panel [data-path]').indexOf(document.activeElement)
      await htmx.swap({ text, sourceElement: document.body, target: $('#notice'), swap: notice ? 'innerHTML' : 'none' })
      e.coming?.remove()
      if (!stage.dispatchEvent(new CustomEvent('patch', { detail: revision, cancelable: true }))) queue.unshift({ whole: true })
      mark()
      if (at >= 0 && !document.activeElement.closest('#panel')) $$('#panel [data-path]')[at]?.focus() // a new id gave the field another name
      if (res.ok && !notice) e.after?.()
      e.done?.()
    }
    $('[data-design]').dataset.busy = busy = false
  }
  // Somebody has brought the draft to another revision: after what is under way
  // it may be known.
  document.addEventListener('htmx:after:swap', () => {
    const upTo = +$('#others').value
    if (upTo > $('#saved').dataset.revision && !queue.some(e => e.upTo >= upTo)) { queue.push({ upTo }); pump() }
  })
  addEventListener('beforeunload', e => { if (queue.some(q => q.path)) e.preventDefault() })

  // After each swap: marks that only the browser knows, and the focus.
  const mark = () => {
    for (const n of $$('#panel .note')) document.getElementById(n.id.slice(2))?.setAttribute('aria-invalid', n.classList.contains('err'))
    for (const c of $$('.card.picked')) if (!picked.has(stepOf(c))) c.classList.remove('picked')
    for (const id of picked) shown(id)?.classList.add('picked')
    remember()
    const id = open()
    for (const c of $$('.card[aria-current]')) if (stepOf(c) !== id) c.removeAttribute('aria-current')
    shown(id)?.setAttribute('aria-current', 'true')
    if (focusNext) {
      const card = shown(focusNext)
      focusNext = ''
      for (const c of $$('.card[tabindex="0"]')) c.tabIndex = -1
      if (card) { card.tabIndex = 0; card.focus({ preventScroll: true }); stage.dispatchEvent(new CustomEvent('reveal', { detail: card })) }
    }
  }
  document.addEventListener('htmx:after:swap', mark)

  // Folding: the server leaves out what is in the blocks that the address lists,
  // and unfolds what hides the step that is open.
  const list = text => text ? text.split(',') : []
  const fold = (change, then, step) => {
    queue.push({ values: folded => ({ was: folded, folded: change(list(folded)).join(), ...step }), after: then })
    pump()
  }
  // Who folds away the step that is open goes to the block.
  const foldAway = (change, id) => fold(change, () => {
    const go = () => { focusNext = id; mark() }
    !open() || shown(open()) ? go() : select(id, go)
  }, { step: '' })
  const foldOne = id => foldAway(all => all.includes(id) ? all.filter(one => one !== id) : [...all, id], id)
  const remember = () => {
    const { folded } = $('#saved').dataset, at = new URL(location)
    if ((at.searchParams.get('folded') || '') === folded) return
    folded ? at.searchParams.set('folded', folded) : at.searchParams.delete('folded')
    history.replaceState(null, '', at)
    localStorage.setItem('folded ' + url, folded)
  }

  const select = (id, then) => {
    const at = new URL(location)
    id ? at.searchParams.set('step', id) : at.searchParams.delete('step')
    history.replaceState(null, '', at)
    return fetch(`${url}?step=${encodeURIComponent(id)}`, { headers: { 'HX-Request': 'true' } }).then(r => r.text())
      .then(text => htmx.swap({ text, sourceElement: document.body, target: panel(), swap: 'outerHTML' })).then(then)
  }
  // After an edit the focus is on the card it was about, or, when there is
  // something to fill in, in the first field.
  const follow = { values: { follow: '1' }, after: () => { focusNext = open(); mark() } }
  const fill = { ...follow, after: () => { follow.after(); $('#panel [data-path]:not([data-path$="#id"])')?.focus() } }
  const keep = { values: { panel: 'keep' } }

  const toast = (text, undo) => {
    const t = document.createElement('div')
    t.className = 'toast note-toast'
    t.setAttribute('role', 'status')
    t.append(text)
    if (undo) {
      const b = document.createElement('button')
      b.className = 'ghost line'; b.type = 'button'; b.textContent = words.undo; b.dataset.do = 'undo'
      t.append(b)
    }
    $('#notice').replaceChildren(t)
    setTimeout(() => t.remove(), 6000)
  }

  // The selection: the step that is open, or several.
  const chosen = () => picked.size ? [...picked] : [stepOf(document.activeElement.closest?.('.card')) || open()].filter(isStep)
  const act = {
    undo: () => travel('undo'),
    redo: () => travel('redo'),
    delete: () => {
      const steps = chosen()
      if (!steps.length) return
      picked.clear()
      edit([{ op: 'delete', steps }], { values: { follow: '1' }, after: () => { focusNext = open() || '0-entry'; mark(); toast(words.deleted, true) } })
    },
    duplicate: () => { const steps = chosen(); if (steps.length) edit([{ op: 'duplicate', steps }], follow) },
    disable: () => {
      const steps = chosen()
      if (steps.length) edit([{ op: shown(steps[0])?.classList.contains('off') ? 'enable' : 'disable', steps }])
    },
    copy: async cut => {
      const steps = chosen()
      if (!steps.length) return
      const res = await fetch(url + '/copy?' + new URLSearchParams(steps.map(s => ['step', s])))
      if (!res.ok) return
      await navigator.clipboard?.writeText(await res.text()).catch(() => {})
      if (cut) act.delete(); else toast(words.copied)
    },
    close: () => { picked.clear(); select('') },
    fold: () => { const id = stepOf(document.activeElement.closest?.('.card')) || open(); if ($(`.fold[data-fold="${CSS.escape(id)}"]`)) foldOne(id) },
    foldAll: () => foldAway(all => all.length ? [] : $$('.fold').map(f => f.dataset.fold), ''),
    beside: async () => (await import(words.beside)).toggle(push, words.besideLooks),
  }
  document.addEventListener('click', e => {
    const how = e.target.closest('[data-do]')?.dataset.do
    if (how) { e.preventDefault(); act[how]() }
    const to = e.target.closest('[data-jump]')
    if (to) {
      e.preventDefault()
      $('#problems')?.hidePopover()
      jump(to.dataset.jump, to.dataset.field)
    }
  })
  const jump = (id, field) => select(id, () => {
    const show = () => {
      focusNext = id
      mark()
      const at = field && $$('#panel [data-path]').filter(f => f.dataset.path === field || field.startsWith(f.dataset.path + '.') || f.dataset.path.startsWith(field + '.'))[0]
      at?.focus()
    }
    shown(id) ? show() : fold(all => all, show)
  })

  // The palette.
  const palette = $('#palette'), search = $('[data-filter]', palette)
  let place = {}, over
  const openPalette = (plus, from) => {
    over = plus
    place = { after: plus.dataset.after, in: plus.dataset.in, arm: plus.dataset.arm }
    const r = from.getBoundingClientRect()
    palette.showPopover()
    palette.style.left = Math.max(8, Math.min(r.right + 8, innerWidth - palette.offsetWidth - 8)) + 'px'
    palette.style.top = Math.max(8, Math.min(r.top - 20, innerHeight - palette.offsetHeight - 8)) + 'px'
    search.value = ''
    filter(palette)
    search.focus()
  }
  const filter = pop => {
    const wanted = $('[data-filter]', pop).value.trim().toLowerCase().split(/\s+/)
    let any = false
    for (const c of $$('.choice-row', pop)) {
      c.hidden = !wanted.every(w => c.dataset.text.includes(w))
      any ||= !c.hidden
    }
    for (const s of $$('section', pop)) s.hidden = !$('.choice-row:not([hidden])', s)
    const none = $('.none', pop)
    if (none) none.hidden = any
  }
  const walk = (pop, e) => {
    const rows = $$('.choice-row:not([hidden])', pop), at = rows.indexOf(document.activeElement)
    if (e.key === 'ArrowDown') (rows[at + 1] || rows[0])?.focus()
    else if (e.key === 'ArrowUp') at > 0 ? rows[at - 1].focus() : $('[data-filter]', pop).focus()
    else if (e.key === 'Enter' && at < 0) rows[0]?.click()
    else return
    e.preventDefault()
  }
  for (const pop of [palette, $('#outline')]) {
    pop.addEventListener('input', () => filter(pop))
    pop.addEventListener('keydown', e => walk(pop, e))
  }
  palette.addEventListener('click', e => {
    const row = e.target.closest('[data-kind]')
    if (!row) return
    palette.hidePopover()
    edit([{ op: 'insert', kind: row.dataset.kind, place }], { ...fill, coming: coming(row) })
  })
  // A card is seen where it was asked for at once, however far the server is;
  // what the server answers, be it a refusal, takes its place.
  const coming = row => {
    const card = row.cloneNode(true)
    card.className = row.className.replace('choice-row', 'card coming')
    card.removeAttribute('data-testid')
    card.firstElementChild.className = ''
    card.inert = true
    card.style.translate = over.style.translate
    $('#flow').append(card)
    return card
  }
  let moving = []
  stage.addEventListener('click', e => {
    const plus = e.target.closest('.plus'), block = e.target.closest('.fold')
    if (block) foldOne(block.dataset.fold)
    if (plus && moving.length) drop(plus)
    else if (plus) openPalette(plus, plus)
  })
  const plusAfter = card => {
    const id = stepOf(card)
    return $(`.plus[data-after="${CSS.escape(id)}"]`) || $(`.plus[data-in="${CSS.escape(id)}"]`) || (isStep(id) ? null : $('.plus:not([data-in]):not([data-after]), .plus[data-in=""][data-after=""]'))
  }

  // Moving: by drag onto a plus, or m and then a plus.
  const lift = steps => { moving = steps; stage.classList.toggle('moving', !!steps.length); for (const p of $$('.plus')) p.tabIndex = steps.length ? 0 : -1 }
  const drop = plus => {
    const steps = moving
    lift([])
    picked.clear()
    edit([{ op: 'move', steps, place: { after: plus.dataset.after, in: plus.dataset.in, arm: plus.dataset.arm } }], follow)
  }
  stage.addEventListener('pointerdown', e => {
    const card = e.target.closest('.card'), id = stepOf(card)
    if (!card || !isStep(id) || e.button) return
    const x = e.clientX, y = e.clientY
    let ghost
    const move = e => {
      if (!ghost && Math.hypot(e.clientX - x, e.clientY - y) > 6) {
        ghost = card.cloneNode(true)
        ghost.classList.add('ghost-card')
        ghost.removeAttribute('data-testid')
        document.body.append(ghost)
        lift(picked.has(id) ? [...picked] : [id])
      }
      if (ghost) ghost.style.translate = `${e.clientX + 8}px ${e.clientY + 8}px`
    }
    const up = e => {
      document.removeEventListener('pointermove', move)
      if (!ghost) return
      ghost.remove()
      addEventListener('click', e => { e.stopPropagation(); e.preventDefault() }, { capture: true, once: true })
      setTimeout(() => dispatchEvent(new Event('dragged')), 0)
      const plus = document.elementFromPoint(e.clientX, e.clientY)?.closest('.plus')
      plus ? drop(plus) : lift([])
    }
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', up, { once: true })
  })

  // Cards: a click opens, with shift it picks.
  stage.addEventListener('click', e => {
    const card = e.target.closest('.card')
    if (!card) return
    e.preventDefault()
    const id = stepOf(card)
    if (e.shiftKey && isStep(id)) { picked.has(id) ? picked.delete(id) : picked.add(id); mark(); return }
    picked.clear()
    select(id, mark)
  })

  // Keys.
  const typing = e => e.target.closest('input,textarea,select,[popover]')
  document.addEventListener('keydown', e => {
    const mod = e.ctrlKey || e.metaKey, key = e.key.toLowerCase()
    if (mod && key === 'k') { e.preventDefault(); fillOutline(); $('#outline').showPopover(); $('#outline [data-filter]').focus(); return }
    if (key === 'escape' && e.target.closest('#panel')) { focusNext = open(); mark(); return }
    if (typing(e) || (key === 'escape' && $(':popover-open'))) return // Escape closes what is open
    const card = e.target.closest('.card')
    const keys = {
      z: mod && (() => travel(e.shiftKey ? 'redo' : 'undo')), y: mod ? () => travel('redo') : act.beside,
      d: mod && act.duplicate, c: mod && (() => act.copy()), x: mod && (() => act.copy(true)),
      delete: act.delete, backspace: act.delete, e: !mod && card && act.disable,
      m: !mod && card && (() => { lift(chosen()); $('.plus')?.focus() }),
      i: !mod && card && (() => inside(card)),
      f: !mod && (e.shiftKey ? act.foldAll : act.fold), '?': () => $('#keys').showPopover(), escape: () => moving.length ? lift([]) : open() && act.close(),
      arrowup: e.altKey && card && (() => shift(card, -1)), arrowdown: e.altKey && card && (() => shift(card, 1)),
    }
    if (keys[key]) { e.preventDefault(); e.stopPropagation(); keys[key]() }
  }, true)
  document.addEventListener('keyup', e => {
    const card = e.target.closest?.('.card')
    if (!card || typing(e) || e.ctrlKey || e.metaKey || (e.key !== 'a' && e.key !== '+')) return
    const plus = plusAfter(card)
    if (plus) openPalette(plus, card)
  })
  // The places in the arms of a block, to choose one by Tab.
  const inside = card => {
    const all = $$(`.plus[data-in="${CSS.escape(stepOf(card))}"]`)
    for (const p of all) p.tabIndex = 0
    all[0]?.focus()
  }
  // Alt and an arrow move a step past its neighbor.
  const shift = (card, by) => {
    const all = $$('.plus'), own = all.findIndex(p => p.dataset.after === stepOf(card))
    const to = all[by < 0 ? own - 2 : own + 1]
    if (own >= 0 && to) edit([{ op: 'move', steps: [stepOf(card)], place: { after: to.dataset.after, in: to.dataset.in, arm: to.dataset.arm } }], follow)
  }
  document.addEventListener('paste', e => {
    if (typing(e)) return
    const source = e.clipboardData?.getData('text/plain') || '', at = picked.size ? [...picked].pop() : stepOf(document.activeElement.closest?.('.card')) || open()
    if (source.trim()) edit([{ op: 'paste', source, place: isStep(at) ? { after: at } : {} }], follow)
  })

  // The outline: every card by name.
  const fillOutline = () => {
    const row = (id, title, kind) => {
      const row = document.createElement('button')
      row.type = 'button'; row.className = 'choice-row ' + kind; row.dataset.to = id
      const tile = document.createElement('span'), name = document.createElement('b'), sub = document.createElement('i')
      tile.className = 'mark'; tile.append(Object.assign(document.createElement('span'), { className: 'ic' }))
      name.textContent = title; sub.textContent = id
      row.dataset.text = (title + ' ' + id).toLowerCase()
      row.append(tile, name, sub)
      return row
    }
    const rows = $$('.cards .card').flatMap(c => [
      row(stepOf(c), $('b', c).textContent, [...c.classList].find(k => k.startsWith('k-'))),
      ...JSON.parse(c.dataset.inside || '[]').map(([id, title, kind]) => row(id, title, 'k-' + kind)),
    ])
    $('#outline [data-steps]').replaceChildren(...rows)
    $('#outline [data-filter]').value = ''
  }
  $('#outline').addEventListener('beforetoggle', e => { if (e.newState === 'open') fillOutline() })
  $('#outline').addEventListener('click', e => {
    const to = e.target.closest('[data-to]')?.dataset.to
    if (to) { $('#outline').hidePopover(); jump(to) }
  })

  // What only some fields need is loaded when the first of them is used.
  document.addEventListener('focusin', async e => {
    const f = e.target.closest('#panel [data-use]')
    if (!f || f.ready) return
    f.ready = true
    const use = await import(words[f.dataset.use])
    use.default(f, edit)
  })

  // The panel: each field is saved as it changes.
  const value = f => {
    let v = f.value
    switch (f.dataset.type) {
      case 'switch': return f.checked ? true : null
      case 'number': return v === '' ? null : Number(v)
      case 'midnight': return v === '00:00' ? '24:00' : v || null
      case 'days': v = $$(':checked', f).map(c => c.value); return v.length ? v : null
      case 'lines': return v.trim() === '' ? null : v.split('\n').map(s => s.trim()).filter(Boolean)
      case 'value': try { return v.trim() === '' ? null : JSON.parse(v) } catch { return v } // ${…}
      case 'json': return v.trim() === '' ? null : JSON.parse(v)
      default: return v === '' ? null : v
    }
  }
  document.addEventListener('change', e => {
    const f = e.target.closest('#panel [data-path]')
    if (!f) return
    const path = f.dataset.path
    f.setCustomValidity?.('')
    if (path.endsWith('#id')) { edit([{ op: 'rename', steps: [open()], id: f.value }], follow); return }
    let v
    try { v = value(f) } catch (err) { f.setCustomValidity(err.message); f.reportValidity(); return }
    const whole = f.dataset.type === 'switch' || f.tagName === 'SELECT' || /\.(action|id)$/.test(path)
    edit([{ op: 'set', field: path, value: v }], whole ? {} : keep)
  })
  document.addEventListener('click', e => {
    const all = e.target.closest('[data-commands]')
    if (all) {
      const list = JSON.parse(all.dataset.commands)
      edit(list, { after: () => $(`#panel [data-path="${CSS.escape(list[0].field)}"]`)?.focus() })
    }
    const add = e.target.closest('[data-add]'), gone = e.target.closest('[data-unset]')
    if (add) edit([add.dataset.arm ? { op: 'add_arm', steps: [open()] } : { op: 'set', field: add.dataset.add, value: JSON.parse(add.dataset.value) }])
    if (gone) edit([{ op: 'set', field: gone.dataset.unset, value: null }])
  })
  const asked = new URL(location).searchParams, left = localStorage.getItem('folded ' + url)
  if (asked.has('beside')) act.beside()
  if (left && !asked.has('folded')) fold(() => list(left))
})()
