// The whole of a large journey in small, and the part of it that one sees. It is
// for the mouse: the outline, the search and the arrows lead to each step as well.

const widest = 160, highest = 220, narrowest = 56

// show puts it on a stage; move is told the point of the picture that is to be in
// the middle. The sizes are kept, so that no pan asks for layout.
export const show = (stage, move) => {
  stage.insertAdjacentHTML('beforeend', '<svg class="minimap" aria-hidden="true" preserveAspectRatio="none" data-testid="minimap"><path/><rect/></svg>')
  const map = stage.lastElementChild, [cards, seen] = map.children
  let w = 1, h = 1, W = 0, H = 0, place = [0, 0, 1]
  const see = (x, y, k) => {
    place = [x, y, k]
    for (const [name, value] of Object.entries({ x: -x / k, y: -y / k, width: W / k, height: H / k })) seen.setAttribute(name, value)
  }
  const draw = () => {
    const flow = stage.querySelector('#flow')
    w = parseFloat(flow.style.width)
    h = parseFloat(flow.style.height)
    const s = Math.min(widest / w, highest / h)
    map.setAttribute('viewBox', `0 0 ${w} ${h}`)
    map.setAttribute('width', Math.max(narrowest, w * s))
    map.setAttribute('height', Math.max(narrowest, h * s))
    let d = ''
    for (const card of flow.querySelector('.cards').children) {
      const [x, y = 0] = card.style.translate.split(' ')
      d += `M${parseFloat(x)} ${parseFloat(y)}h232v64h-232z`
    }
    if (d !== cards.getAttribute('d')) cards.setAttribute('d', d)
  }
  map.addEventListener('pointerdown', e => {
    e.stopPropagation() // the stage would be dragged
    e.preventDefault()
    const r = map.getBoundingClientRect()
    const to = e => move((e.clientX - r.left) / r.width * w, (e.clientY - r.top) / r.height * h)
    const up = () => map.removeEventListener('pointermove', to)
    map.setPointerCapture(e.pointerId)
    map.addEventListener('pointermove', to)
    map.addEventListener('pointerup', up, { once: true })
    map.addEventListener('pointercancel', up, { once: true })
    to(e)
  })
  new ResizeObserver(([{ contentRect: r }]) => { W = r.width; H = r.height; see(...place) }).observe(stage)
  return { draw, see }
}
