// The same work as the canvas of Qidong does, with React Flow and dagre: a step
// is put on an edge, the picture is laid out anew and painted. The journey has
// the shape that manySteps of the benchmark writes.
import { memo, useCallback, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { flushSync } from 'react-dom'
import { Handle, Position, ReactFlow, ReactFlowProvider, useReactFlow } from '@xyflow/react'
import dagre from '@dagrejs/dagre'
import '@xyflow/react/dist/style.css'

const width = 232, height = 64
const query = new URLSearchParams(location.search)

const Card = memo(({ data }) => (
  <div className="card">
    <Handle type="target" position={Position.Top} />
    <span className="tile" />
    <b>{data.title}</b>
    <i>{data.sub}</i>
    <Handle type="source" position={Position.Bottom} />
  </div>
))
const nodeTypes = { card: Card }

const node = (id, title, sub) => ({ id, type: 'card', position: { x: 0, y: 0 }, width, height, data: { title, sub } })
const edge = (source, target, label) => ({ id: `${source}-${target}-${label || ''}`, source, target, label, type: 'smoothstep' })

// graph is a message, a wait with a message in either arm, and so on.
const graph = steps => {
  const nodes = [node('entry', 'Entry', 'many.begin')], edges = []
  let open = [['entry']]
  const send = n => nodes.push(node('s' + n, 'Say it once more', 'Message ' + n))
  const join = id => { for (const [from, label] of open) edges.push(edge(from, id, label)) }
  for (let n = 0; n < steps; n += 4) {
    send(n)
    join('s' + n)
    open = [['s' + n]]
    if (n + 4 > steps) {
      if (n + 1 < steps) { send(n + 1); join('s' + (n + 1)); open = [['s' + (n + 1)]] }
      break
    }
    nodes.push(node('s' + (n + 1), 'Wait for the answer', 'many.answered'))
    edges.push(edge('s' + n, 's' + (n + 1)))
    send(n + 2)
    edges.push(edge('s' + (n + 1), 's' + (n + 2), 'answered'))
    send(n + 3)
    edges.push(edge('s' + (n + 1), 's' + (n + 3), 'late'))
    open = [['s' + (n + 2)], ['s' + (n + 3)]]
  }
  return { nodes, edges }
}

const layout = ({ nodes, edges }) => {
  const g = new dagre.graphlib.Graph({ multigraph: true }).setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 60 }).setDefaultEdgeLabel(() => ({}))
  for (const n of nodes) g.setNode(n.id, { width, height })
  for (const e of edges) g.setEdge(e.source, e.target, {}, e.id)
  dagre.layout(g)
  return { edges, nodes: nodes.map(n => { const { x, y } = g.node(n.id); return { ...n, position: { x: x - width / 2, y: y - height / 2 } } }) }
}

const insertOn = ({ nodes, edges }, part) => {
  const at = edges[Math.floor(edges.length * part)]
  const added = { ...node('new', 'Message', ''), selected: true }
  return {
    nodes: [...nodes, added],
    edges: [...edges.filter(e => e !== at), edge(at.source, 'new', at.label), edge('new', at.target)],
  }
}

const Canvas = () => {
  const [drawn, setDrawn] = useState(() => layout(graph(Number(query.get('steps')))))
  const flow = useReactFlow()
  const insert = useCallback(part => {
    const next = layout(insertOn(drawn, part))
    flushSync(() => setDrawn(next))
    const { x, y } = next.nodes[next.nodes.length - 1].position
    flow.setCenter(x + width / 2, y + height / 2, { zoom: .5 })
    return () => setDrawn(drawn)
  }, [drawn, flow])
  useEffect(() => { window.insert = insert }, [insert])
  return (
    <ReactFlow nodes={drawn.nodes} edges={drawn.edges} nodeTypes={nodeTypes} minZoom={0.1} defaultViewport={{ x: 500, y: 0, zoom: .5 }}
      onlyRenderVisibleElements={query.has('visible')} onInit={() => { window.ready = true }} />
  )
}

const task = () => new Promise(go => { const c = new MessageChannel(); c.port1.onmessage = go; c.port2.postMessage(0) })
const painted = () => new Promise(requestAnimationFrame).then(task)

// measure inserts on the edge that is so far down, tells the milliseconds until
// a frame with the new card has been drawn, and takes it back.
window.measure = async part => {
  await painted()
  const came = new Promise(go => {
    const look = new MutationObserver(() => { if (document.querySelector('[data-id=new]')) { look.disconnect(); go() } })
    look.observe(document.querySelector('.react-flow__nodes'), { childList: true })
  })
  const from = performance.now()
  const back = window.insert(part)
  await came
  await painted()
  const took = performance.now() - from
  await painted()
  back()
  await painted()
  await new Promise(go => setTimeout(go, 250))
  return took
}

createRoot(document.getElementById('root')).render(<ReactFlowProvider><Canvas /></ReactFlowProvider>)
