// What the server cannot do on every page: switching the theme at once, following
// a conversation, keeping the focus. Pages can be read without it.
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

  // A conversation stays at its end, unless its reader has scrolled up.
  const screen = $('[data-follow]')
  if (screen) {
    let atEnd = true
    const toEnd = () => { if (atEnd) screen.scrollTop = screen.scrollHeight }
    screen.addEventListener('scroll', () => { atEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 60 })
    new MutationObserver(toEnd).observe(screen, { childList: true, subtree: true })
    screen.addEventListener('load', toEnd, true) // pictures arrive late
    toEnd()
  }

  // An error goes when its reader has seen it.
  document.addEventListener('click', e => { if (e.target.closest('.toast')) e.target.closest('.toast').remove() })

  // What is swapped away or switched off must not take the keyboard along.
  let focused
  document.addEventListener('focusin', e => { focused = e.target })
  document.addEventListener('htmx:after:swap', () => {
    if (!focused || document.activeElement !== document.body || (focused.isConnected && !focused.disabled)) return
    const next = $('[data-testid=retry]') || $('.card[tabindex="0"]') || screen
    focused = undefined
    next?.focus({ preventScroll: true })
  })

  document.addEventListener('click', e => { if (e.target.closest('[data-cmd=theme]')) switchTheme(e) })
})()
