// Live counts: one message a second at most, one write for each changed number.
// It writes texts, a class and a width; what is selected, open, scrolled to or
// being typed stays as it is.
(() => {
  const byId = id => document.getElementById(id)
  const write = (el, text) => {
    if (!el || el.textContent === text) return
    if (el.firstChild?.nodeType === 3 && !el.firstChild.nextSibling) el.firstChild.data = text
    else el.textContent = text
  }
  const pills = { 0: 0, 1: 1, 2: 2, 4: 3 } // place in the message → place on the card
  document.addEventListener('counts', e => {
    const news = JSON.parse(e.detail.data)
    for (const [step, v] of Object.entries(news.steps || {})) {
      const on = byId('n-' + step)
      if (!on) continue
      const card = on.previousElementSibling
      if (card.classList.contains('failing') !== (v[2] !== '')) card.classList.toggle('failing')
      if (card.dataset.heat !== v[3]) card.dataset.heat = v[3]
      for (const from in pills) write(on.children[pills[from]], v[from])
    }
    for (const [arm, n] of Object.entries(news.arms || {})) write(byId('a-' + arm), n)
    for (const [edge, width] of Object.entries(news.edges || {})) byId(edge)?.setAttribute('class', 'edge w' + width)
    if (news.total) ['open', 'completed', 'incidents'].forEach((name, i) => write(byId('total-' + name), news.total[i]))
    if (news.scale) ['low', 'high'].forEach((name, i) => write(byId('heat-' + name), news.scale[i]))
  })
})()
