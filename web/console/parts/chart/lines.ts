// The pieces of every chart over time: periods along the bottom at whole numbers
// (so that a rule can stand between two of them), lines with gaps, names at
// their ends, rules, bands, and what is read under the pointer.
import type { Canvas } from './ChartFrame.vue'
import { spread, ticks, widthOf, type Break, type Line, type Value } from './data'
import type { Paint } from './paint'

export const FONT = 12

export const base = (paint: Paint) => ({ textStyle: { fontFamily: paint.font, fontSize: FONT, color: paint.ink2 } })

/** The words over the plot's top left corner. */
export const corner = (paint: Paint, text: string, left: number | string = 0, top = 4) => ({ text, left, top, padding: 0, textStyle: { fontSize: FONT, fontWeight: 'normal' as const, color: paint.ink2 } })

export function xAxis(paint: Paint, labels: string[], plotWidth: number, gridIndex = 0) {
  const widest = Math.max(...labels.map((l) => widthOf(l, FONT)), 10)
  const at = ticks(labels.length, Math.floor(plotWidth / (widest + 16)))
  return {
    type: 'value' as const, gridIndex, min: -0.4, max: labels.length - 0.6,
    axisLabel: { customValues: at, formatter: (v: number) => labels[v] ?? '', color: paint.ink2, fontSize: FONT, margin: 8 },
    axisTick: { show: true, customValues: at, lineStyle: { color: paint.peer } },
    axisLine: { show: true, onZero: false, lineStyle: { color: paint.peer } }, splitLine: { show: false },
  }
}

export function yAxis(paint: Paint, text: (v: number) => string, height: number, gridIndex = 0) {
  return {
    type: 'value' as const, gridIndex, scale: true, splitNumber: Math.max(3, Math.round(height / 60)),
    axisLabel: { formatter: text, color: paint.ink2, fontSize: FONT }, axisLine: { show: false }, axisTick: { show: false },
    splitLine: { lineStyle: { color: paint.line } },
  }
}

interface Stroke {
  color: string
  width: number
  type?: 'solid' | 'dashed' | 'dotted' | number[]
  z: number
  /** Diameter of the points; 0 leaves only those that a line could not show. */
  points: number
  name?: string
  grid?: number
}

/** A line with gaps where nothing is known and where a definition ends. */
export function lineSeries(paint: Paint, line: Line, breaks: Break[], s: Stroke) {
  const value = (i: number): Value => line.values[i] ?? null
  const cut = (i: number) => breaks.some((b) => b.at === i)
  const data: unknown[] = []
  line.values.forEach((_, i) => {
    if (cut(i)) data.push([i - 0.5, null])
    const v = value(i)
    const mark = line.marks?.[i]
    const alone = v !== null && (cut(i) || value(i - 1) === null) && (cut(i + 1) || value(i + 1) === null)
    const shape = { value: [i, v], symbol: 'circle', symbolSize: s.points || (alone ? 5 : 0), itemStyle: { color: s.color, borderWidth: 0, borderColor: s.color } }
    if (mark === 'provisional' && s.points) data.push({ ...shape, symbolSize: s.points + 3, itemStyle: { color: paint.panel, borderColor: s.color, borderWidth: 2 } })
    else if (mark === 'held' && s.points) data.push({ ...shape, symbol: 'triangle', symbolSize: s.points + 6, itemStyle: { color: paint.warning } })
    else data.push(shape)
  })
  return {
    type: 'line' as const, name: s.name ?? line.label, data, connectNulls: false, showAllSymbol: true, silent: true, z: s.z, xAxisIndex: s.grid ?? 0, yAxisIndex: s.grid ?? 0,
    lineStyle: { color: s.color, width: s.width, type: s.type ?? 'solid' }, itemStyle: { color: s.color }, emphasis: { disabled: true },
  }
}

export interface End {
  text: string
  x: number
  y: number
  color: string
  strong?: boolean
}

/** Room to the right of the plot for the names at the lines' ends. */
export function endRoom(c: Canvas, ends: Pick<End, 'text'>[]): number {
  const widest = Math.max(0, ...ends.flatMap((e) => e.text.split('\n').map((l) => widthOf(l, FONT) * 1.05)))
  return Math.ceil(Math.min(widest, c.narrow ? c.width * 0.3 : 190)) + 18
}

interface Plot {
  dataIndex: number
  coordSys: { y: number; height: number }
}

/** Names at the lines' ends, moved apart where they would cover each other, and then tied to their ends. */
export function endLabels(paint: Paint, ends: End[], room: number, grid = 0) {
  const LINE = 15
  const draw = (params: Plot, api: { coord(p: number[]): number[] }) => {
    if (params.dataIndex) return undefined
    const at = ends.map((e) => api.coord([e.x, e.y]) as [number, number])
    const { y, height } = params.coordSys
    const middles = spread(at.map((p) => p[1]), ends.map((e) => e.text.split('\n').length * LINE), y - LINE / 2, y + height + LINE / 2)
    return { type: 'group', children: ends.flatMap((e, i) => {
      const [x, was] = at[i]!
      const is = middles[i]!
      const text = { type: 'text', style: { text: e.text, x: x + 14, y: is, fill: e.color, fontSize: FONT, fontFamily: paint.font, fontWeight: e.strong ? 'bold' : 'normal', lineHeight: LINE, verticalAlign: 'middle', width: room - 14, overflow: 'truncate' } }
      return [{ type: 'polyline', shape: { points: [[x + 4, was], [x + 12, is]] }, style: { stroke: paint.peer, lineWidth: 0.8, fill: 'none' } }, text]
    }) }
  }
  return { type: 'custom' as const, silent: true, z: 9, clip: false, xAxisIndex: grid, yAxisIndex: grid, data: ends.map((e) => [e.x, e.y]), renderItem: draw }
}

/** Dashed rules with their words at the top: vertical ones at x, one across at y. `upsideDown`: the axis has its lowest value on top. */
export function rules(paint: Paint, at: { x?: number; y?: number; text: string }[], c: { width: number }, left: number, count: number, grid = 0, upsideDown = false) {
  const right = (x: number) => x > count / 2 // its words then stand left of it
  return {
    type: 'line' as const, data: [], silent: true, z: 1, xAxisIndex: grid, yAxisIndex: grid,
    markLine: {
      symbol: 'none', silent: true, lineStyle: { color: paint.ink2, type: [4, 3], width: 1.2 },
      data: at.map((r) => {
        const room = r.x === undefined ? 200 : (c.width - left) * (right(r.x) ? r.x / count : 1 - r.x / count) - 12
        return {
          ...(r.x === undefined ? { yAxis: r.y } : { xAxis: r.x }),
          label: { show: true, formatter: r.text, color: paint.ink2, fontSize: FONT, rotate: 0, width: Math.max(60, Math.min(room, 220)), overflow: 'break' as const, position: r.x === undefined ? ('insideEndTop' as const) : upsideDown ? ('start' as const) : ('end' as const), distance: r.x === undefined ? 2 : 4, align: r.x === undefined ? undefined : right(r.x) ? ('right' as const) : ('left' as const) },
        }
      }),
    },
  }
}

/** A filled band between two edges over x, in the plot `grid`. */
export function band(xs: number[], low: number[], high: number[], color: string, opacity: number, grid = 0) {
  const edge = [...xs.map((x, i) => [x, high[i]!]), ...xs.map((x, i) => [x, low[i]!]).reverse()]
  return {
    type: 'custom' as const, silent: true, z: 1, xAxisIndex: grid, yAxisIndex: grid, data: edge, encode: { x: 0, y: 1 }, clip: true,
    renderItem: (params: { dataIndex: number }, api: { coord(p: number[]): number[] }) =>
      params.dataIndex ? undefined : { type: 'polygon', shape: { points: edge.map((p) => api.coord(p)) }, style: { fill: color, opacity } },
  }
}

export interface TipRow {
  name: string
  value: string
  ours?: boolean
}

/** What is read under the pointer, as elements: nothing that came from data is markup. */
export function tip(head: string, rows: TipRow[], more = ''): HTMLElement {
  const box = document.createElement('div')
  box.className = 'chart-tip'
  const add = (tag: string, text: string, to: HTMLElement = box) => {
    const e = document.createElement(tag)
    e.textContent = text
    to.append(e)
    return e
  }
  add('b', head)
  for (const r of rows) {
    const p = add('p', '')
    if (r.ours) p.className = 'ours'
    add('span', r.name, p)
    add('span', r.value, p)
  }
  if (more) add('p', more).className = 'more'
  return box
}

export function tooltip(paint: Paint, trigger: 'axis' | 'item', formatter: (at: unknown) => HTMLElement | string) {
  return {
    trigger, confine: true, transitionDuration: 0, backgroundColor: paint.raised, borderColor: paint.peer, borderWidth: 1, padding: [6, 10], formatter,
    axisPointer: { type: 'line' as const, snap: true, label: { show: false }, lineStyle: { color: paint.ink2, width: 1, type: 'solid' as const } },
  }
}

/** The period under the pointer of a chart over time, -1 for none. */
export function periodAt(at: unknown): number {
  const x = (Array.isArray(at) ? at[0] : at) as { axisValue?: number } | undefined
  return x?.axisValue === undefined ? -1 : Math.round(x.axisValue)
}

/** The plot between its margins; the words of the axes are within. */
export const grid = (left: number, right: number, top: number, bottom: number, more: object = {}) => ({ left, right, top, bottom, outerBoundsMode: 'same' as const, outerBoundsContain: 'axisLabel' as const, ...more })
