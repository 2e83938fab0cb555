// What the server cannot do on every page: switching the theme at once, keeping
// the focus. Pages can be read without it.
(() => {
  const $ = (s, root = document) => root.querySelector(s)

  // Theme: the switch works as a link; with a script the page need not reload.
  const switchTheme = event => {
    event.preventDefault()
    const root = document.documentElement
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
    root.dataset.theme = dark ? 'light' : 'dark'
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`
  }

  // An error goes when its reader has seen it.
  document.addEventListener('click', e => { if (!e.target.closest('.yours, .toast form')) e.target.closest('.toast')?.remove() })

  // What is swapped away or switched off must not take the keyboard along.
  let focused
  document.addEventListener('focusin', e => { focused = e.target })
  document.addEventListener('htmx:after:swap', () => {
    if (!focused || document.activeElement !== document.body || (focused.isConnected && !focused.disabled)) return
    const next = $('[data-testid=retry]') || $('.card[tabindex="0"]') || $('[data-follow]')
    focused = undefined
    next?.focus({ preventScroll: true })
  })

  document.addEventListener('click', e => { if (e.target.closest('[data-cmd=theme]')) switchTheme(e) })

  // Keys of every page: the sheet that lists them, the search, and G with a
  // letter for a place.
  let going = -Infinity
  const places = { j: 'journeys', m: 'messages', e: 'enrollments', i: 'incidents', t: 'tasks', c: 'customers', s: 'segments', o: 'operations', a: 'audit' }
  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input,textarea,select,[popover]')) return
    const search = $('main input[type=search]'), place = e.timeStamp - going < 1500 && $(`nav.side a[href="/${places[e.key]}"]`)
    going = -Infinity
    if (place) place.click()
    else if (e.key === 'g') going = e.timeStamp
    else if (e.key === '?') ($('#keys') || $('#sheet')).showPopover()
    else if (e.key === '/' && search) { e.preventDefault(); document.addEventListener('keyup', () => search.focus(), { once: true }) }
  })

  // Without a connection nothing is left or sent, so that nothing is lost; the
  // design page keeps and sends its edits itself.
  const lost = $('#lost')
  let blocked
  const hold = (e, again) => {
    if (navigator.onLine || !lost || $('#offline')) return // such a page keeps what it sends
    e.preventDefault()
    e.stopPropagation()
    blocked = again
    lost.hidden = false
  }
  addEventListener('offline', () => { if (lost && !$('#offline')) lost.hidden = false })
  addEventListener('online', () => { if (lost) lost.hidden = true })
  document.addEventListener('submit', e => hold(e, () => e.target.requestSubmit(e.submitter)), true)
  document.addEventListener('click', e => {
    const link = e.target.closest('a[href]')
    if (link && new URL(link.href).pathname !== location.pathname) hold(e, () => link.click())
    if (!e.target.closest('[data-cmd=again]') || !navigator.onLine) return
    lost.hidden = true
    blocked ? blocked() : location.reload()
    blocked = undefined
  }, true)
})()
