// Draws charts from JSON, in the colors of the theme; the table beside each tells
// the same. Data is asked for again every ten seconds while the page is seen.
(() => {
  const color = name => {
    const probe = document.createElement('i')
    probe.style.color = `var(${name})`
    document.body.append(probe)
    const value = getComputedStyle(probe).color
    probe.remove()
    return value
  }
  const draw = async box => {
    const answer = await fetch(box.dataset.chart, { headers: { Accept: 'application/json' } })
    if (!answer.ok) return
    const data = await answer.json()
    const rows = [data.times, ...data.series.map(s => s.values)]
    if (box.plot) { box.plot.setData(rows); return }
    const ink = color('--ink3'), line = color('--line'), font = '11px system-ui, sans-serif'
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } }
    const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    box.plot = new uPlot({
      width: box.clientWidth, height: 220,
      cursor: { y: false }, scales: { y: { range: (u, min, max) => [0, Math.max(4, max * 1.1)] } },
      axes: [{ ...axis, values: (u, ticks) => ticks.map(t => clock.format(t * 1000)) }, { ...axis, size: 44 }],
      series: [
        { label: data.time, value: (u, t) => t == null ? '–' : clock.format(t * 1000) },
        ...data.series.map(s => ({ label: s.label, stroke: color(s.color), width: 1.8, points: { show: false } })),
      ],
    }, rows, box)
  }
  const boxes = [...document.querySelectorAll('[data-chart]')]
  const again = () => boxes.forEach(box => draw(box).catch(() => {})) // the next one comes in ten seconds
  const anew = () => boxes.forEach(box => { box.plot?.destroy(); box.plot = null; draw(box).catch(() => {}) })
  new ResizeObserver(() => boxes.forEach(box => box.plot?.setSize({ width: box.clientWidth, height: 220 }))).observe(document.querySelector('.page'))
  new MutationObserver(anew).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  setInterval(() => { if (!document.hidden) again() }, 10000)
  again()
})()
