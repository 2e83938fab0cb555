// Telephones: each conversation stays at its end, unless its reader has scrolled
// up, and tells the platform which messages its screen shows. What is sent without
// a connection is kept, and sent when there is one; what is typed survives a reload.
(() => {
  const banner = document.getElementById('offline'), kept = new Map() // forms and what submitted them
  const away = () => { banner.hidden = false }
  const back = () => {
    banner.hidden = true
    for (const [form, submitter] of kept) if (form.isConnected) form.requestSubmit(submitter?.isConnected ? submitter : null)
    kept.clear()
  }
  const retry = () => { if (kept.size && navigator.onLine) back() }
  addEventListener('offline', away)
  addEventListener('online', () => { banner.hidden = true; retry() })
  document.addEventListener('htmx:sse:error', away)
  document.addEventListener('htmx:sse:after:connection', back)
  document.addEventListener('htmx:error', e => {
    const ctx = e.detail.ctx, form = ctx?.sourceElement?.closest?.('.phone form')
    if (!form || ctx.text !== undefined) return // it was answered
    kept.set(form, ctx.request.submitter)
    away()
    setTimeout(retry, 3000)
  })

  const saying = form => form?.classList.contains('phone-foot')
  document.addEventListener('input', e => {
    const form = e.target.form
    if (saying(form)) sessionStorage.setItem(form.id, JSON.stringify([form.elements.id.value, e.target.value]))
  })
  document.addEventListener('htmx:after:request', e => {
    const { sourceElement: form, response } = e.detail.ctx
    if (saying(form) && response.status < 400) sessionStorage.removeItem(form.id)
  })
  for (const form of document.querySelectorAll('.phone-foot')) {
    const typed = JSON.parse(sessionStorage.getItem(form.id) || 'null')
    if (typed) [form.elements.id.value, form.elements.text.value] = typed
  }

  for (const screen of document.querySelectorAll('[data-follow]')) {
    let atEnd = true, soon = 0
    const seen = new Set(), told = new Set()
    const tell = async () => {
      soon = 0
      const ids = [...seen].filter(id => !told.has(id)).slice(0, 100)
      if (!ids.length || document.hidden) return
      for (const id of ids) told.add(id)
      try {
        const answer = await fetch(screen.dataset.receipts, { method: 'POST', body: new URLSearchParams(ids.map(id => ['message', id])) })
        if (answer.status < 500) return
      } catch { /* no connection: they are told with the next */ }
      for (const id of ids) told.delete(id)
    }
    const later = () => { soon ||= setTimeout(tell, 300) }
    const watch = new IntersectionObserver(list => {
      for (const e of list) if (e.isIntersecting && e.target.dataset.unseen) seen.add(e.target.dataset.unseen)
      later()
    }, { root: screen })
    const news = () => {
      if (atEnd) screen.scrollTop = screen.scrollHeight
      for (const m of screen.querySelectorAll('[data-unseen]')) watch.observe(m)
      later()
    }
    screen.addEventListener('scroll', () => { atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 60 })
    new MutationObserver(news).observe(screen, { childList: true, subtree: true })
    screen.addEventListener('load', news, true) // pictures arrive late
    document.addEventListener('visibilitychange', later)
    news()
  }
})()
