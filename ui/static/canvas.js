// The canvas in the browser: pan, zoom and arrow keys.
(() => {
  const $ = (s, root = document) => root.querySelector(s)
  const stage = $('[data-stage]')
  const view = $('[data-view]'), out = $('[data-zoom]')
  let x = 0, y = 0, k = 1, map, mapping
  const apply = () => {
    view.style.transform = `translate(${x}px,${y}px) scale(${k})`
    stage.style.backgroundPosition = `${x}px ${y}px`
    stage.style.backgroundSize = `${20 * k}px ${20 * k}px`
    stage.dataset.lod = k < .45 ? 'far' : 'near'
    out.value = Math.round(k * 100) + '%'
    map?.see(x, y, k)
  }
  const zoom = (to, cx = stage.clientWidth / 2, cy = stage.clientHeight / 2) => {
    to = Math.min(2, Math.max(.1, to))
    x = cx - (cx - x) * to / k
    y = cy - (cy - y) * to / k
    k = to
    apply()
  }
  const fit = all => {
    const flow = $('#flow'), w = flow.offsetWidth, h = flow.offsetHeight, W = stage.clientWidth, H = stage.clientHeight
    k = Math.max(.1, Math.min(1, W / w, all ? H / h : 1))
    x = (W - w * k) / 2
    y = all ? Math.max(0, (H - h * k) / 2) : 0
    apply()
  }
  // reveal moves the picture as little as it takes to show a card.
  const reveal = (card, margin = 60) => {
    const r = card.getBoundingClientRect(), s = stage.getBoundingClientRect()
    const dx = Math.min(0, s.right - margin - r.right) + Math.max(0, s.left + margin - r.left)
    const dy = Math.min(0, s.bottom - margin - r.bottom) + Math.max(0, s.top + margin - r.top)
    if (dx || dy) { x += dx; y += dy; apply() }
  }
  const commands = { in: () => zoom(k * 1.2), out: () => zoom(k / 1.2), fit: () => fit(true) }
  document.addEventListener('click', e => { commands[e.target.closest('[data-cmd]')?.dataset.cmd]?.() })

  stage.addEventListener('wheel', e => {
    e.preventDefault()
    if (e.ctrlKey || e.metaKey) {
      const r = stage.getBoundingClientRect()
      zoom(k * Math.exp(-e.deltaY / 300), e.clientX - r.left, e.clientY - r.top)
    } else { x -= e.deltaX; y -= e.deltaY; apply() }
  }, { passive: false })
  stage.addEventListener('pointerdown', e => {
    if (e.target.closest('button,a,input')) return
    const sx = e.clientX - x, sy = e.clientY - y
    const move = e => { x = e.clientX - sx; y = e.clientY - sy; apply() }
    const up = () => { stage.removeEventListener('pointermove', move); stage.classList.remove('drag') }
    stage.setPointerCapture(e.pointerId)
    stage.classList.add('drag')
    stage.addEventListener('pointermove', move)
    stage.addEventListener('pointerup', up, { once: true })
    stage.addEventListener('pointercancel', up, { once: true })
  })
  // Focus that the browser scrolled to would shift the picture against its grid.
  stage.addEventListener('scroll', () => { stage.scrollLeft = stage.scrollTop = 0 })

  stage.addEventListener('reveal', e => reveal(e.detail))

  // One card is in the tab order; the arrows move it.
  const rove = card => {
    for (const c of document.querySelectorAll('.card[tabindex="0"]')) c.tabIndex = -1
    if (card) card.tabIndex = 0
  }
  const nearest = (card, [ax, ay]) => {
    const middle = el => { const r = el.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2] }
    const [cx, cy] = middle(card)
    let best, score = Infinity
    for (const c of document.querySelectorAll('.card')) {
      const [mx, my] = middle(c), along = (mx - cx) * ax + (my - cy) * ay, across = Math.abs((mx - cx) * ay + (my - cy) * ax)
      if (c !== card && along > 4 && along + across * 2 < score) { score = along + across * 2; best = c }
    }
    return best
  }
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }
  stage.addEventListener('keydown', e => {
    const card = e.target.closest('.card')
    if (!card || !arrows[e.key]) return
    e.preventDefault()
    const next = nearest(card, arrows[e.key])
    if (next) { rove(next); next.focus({ preventScroll: true }); reveal(next) }
  })
  stage.addEventListener('click', e => {
    const card = e.target.closest('button.card[form]')
    if (!card) return
    for (const c of document.querySelectorAll('.card[aria-current]')) c.removeAttribute('aria-current')
    card.setAttribute('aria-current', 'true')
    rove(card)
  })
  document.addEventListener('htmx:after:swap', () => {
    if (!$('.card[tabindex="0"]')) rove($('.card[aria-current]') || $('.run-here') || $('.card'))
  })

  // A patch makes the picture the next one: see FlowPatch. It says whether the
  // picture was the one it is for.
  const patch = (change, shown) => {
    if (change.dataset.from !== shown) return false
    const flow = $('#flow')
    for (const from of change.children) {
      const host = $(`:scope > .${from.getAttribute('class')}`, flow)
      let el = host.firstElementChild
      for (const op of from.dataset.script.match(/\S+/g) || []) {
        let [n, dx, dy] = op.slice(1).split(',').map(Number)
        for (; n--;) {
          if (op[0] === '+') { host.insertBefore(from.firstElementChild, el); continue }
          if (!el) return false
          const next = el.nextElementSibling
          if (op[0] === '-') el.remove()
          else if (dx || dy) {
            const [x, y = 0] = el.style.translate.split(' ')
            el.style.translate = `${parseFloat(x) + dx}px ${parseFloat(y) + dy}px`
          }
          el = next
        }
      }
      if (el) return false
    }
    flow.style.cssText = change.dataset.size
    return true
  }
  stage.addEventListener('patch', e => {
    const change = $('#patch').firstElementChild
    if (change && !patch(change, e.detail)) e.preventDefault()
    change?.remove()
  })

  // A large journey gets its minimap when nothing else is to be done.
  const chart = async () => {
    mapping = 0
    if (!map && $('.cards').childElementCount <= 100) return
    const { show } = await import(stage.dataset.minimap)
    map ||= show(stage, (mx, my) => {
      x = stage.clientWidth / 2 - mx * k
      y = stage.clientHeight / 2 - my * k
      apply()
    })
    map.draw()
    map.see(x, y, k)
  }
  const mapSoon = () => { mapping ||= (window.requestIdleCallback || setTimeout)(chart) }
  document.addEventListener('htmx:after:swap', mapSoon)
  stage.addEventListener('patch', mapSoon)

  stage.classList.add('ready')
  const start = $('.card[aria-current]') || $('.run-fail') || $('.run-here') || $('.card')
  rove(start)
  fit(false)
  if (k < .5) zoom(.5)
  if (start) reveal(start, 120)
  mapSoon()
})()
