// Live counts: one message a second at most, one write for each changed number
// that is in view; the others are written when they come into view. It writes
// texts, a class and a width; what is selected, open, scrolled to or being typed
// stays as it is.
(() => {
  const byId = id => document.getElementById(id)
  const write = (el, text) => {
    if (!el || el.textContent === text) return
    if (el.firstChild && text) el.firstChild.data = text
    else el.textContent = text
  }
  const places = [[0, 0], [1, 1], [2, 2], [4, 3]] // of the message, and of the card's pills
  const paint = (el, v) => {
    if (!el.id.startsWith('s-')) return write(el.querySelector('.arm-n'), v)
    const card = el.firstElementChild, pills = el.querySelector('.ct')
    if (!pills) return
    if (card.classList.contains('failing') !== (v[2] !== '')) card.classList.toggle('failing')
    if (card.dataset.heat !== v[3]) card.dataset.heat = v[3]
    for (const [from, to] of places) write(pills.children[to], v[from])
  }

  // What is in view is reckoned from where the cards were placed and where the
  // view stands: asking the browser would make it lay the page out.
  const stage = document.querySelector('[data-stage]'), view = document.querySelector('[data-view]')
  let width = stage.clientWidth, height = stage.clientHeight
  const numbers = text => (text.match(/-?[\d.]+/g) || []).map(Number)
  const placed = new Map() // elements and their places, by id, until the picture changes
  const place = id => {
    let at = placed.get(id)
    if (!at) {
      const el = byId(id), [left, top = 0] = el ? numbers(el.style.translate) : []
      placed.set(id, at = { el, left, top })
    }
    return at
  }
  document.addEventListener('htmx:after:swap', () => placed.clear())
  const late = new Map() // what has not been written, by element id
  const flush = () => {
    const [x = 0, y = 0, k = 1] = numbers(view.style.transform)
    const l = -260 * k - x, r = width + 120 * k - x, t = -80 * k - y, b = height + 20 * k - y
    for (const [id, v] of late) {
      const { el, left, top } = place(id), X = left * k, Y = top * k
      if (el && (X < l || X > r || Y < t || Y > b)) continue
      if (el) paint(el, v)
      late.delete(id)
    }
  }
  let soon = 0
  const later = () => { soon ||= requestAnimationFrame(() => { soon = 0; flush() }) }
  new MutationObserver(later).observe(view, { attributeFilter: ['style'] })
  new ResizeObserver(() => { width = stage.clientWidth; height = stage.clientHeight; later() }).observe(stage)

  document.addEventListener('counts', e => {
    const news = JSON.parse(e.detail.data)
    for (const [step, v] of Object.entries(news.steps || {})) late.set('s-' + step, v)
    for (const [arm, n] of Object.entries(news.arms || {})) late.set('t-' + arm, n)
    flush()
    for (const [edge, w] of Object.entries(news.edges || {})) byId(edge)?.setAttribute('class', 'edge w' + w)
    Object.assign(around, news.total && { total: news.total }, news.scale && { scale: news.scale })
    const big = document.querySelector('#flow.big')
    if (!big) frame()
    else wait ||= setTimeout(frame, 5000)
  })
  // What stands around a large picture is written less often: the browser would
  // lay out the page and the picture in one.
  const around = {}
  let wait = 0
  const frame = () => {
    wait = 0
    ;(around.total || []).forEach((text, i) => write(byId('total-' + ['open', 'completed', 'incidents'][i]), text))
    ;(around.scale || []).forEach((text, i) => write(byId('heat-' + ['low', 'high'][i]), text))
  }
})()
