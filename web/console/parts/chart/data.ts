// What the charts are given, and the pure arithmetic on it. Nothing here knows
// ECharts, the page or the language.
import type { Problem } from '../../api'

/** A value of a series: null is "not published", never 0. */
export type Value = number | null

/** provisional: the source may still revise it; held: a person has yet to confirm it. */
export type Mark = 'provisional' | 'held'

/** What every chart says of itself. */
export interface About {
  /** The finding, as a sentence. */
  title: string
  /** The measure: indicator, unit, form. */
  subtitle: string
  source: string
  /** The day or instant that the data is known as of, as it is to be shown. */
  asOf: string
  /** Stands over the axis and in the table. */
  unit: string
  /** Decimals shown; without it as many as needed, at most two. */
  digits?: number
  /** Level of the heading, 2 without it. */
  level?: 2 | 3 | 4
  /** Name of the downloaded file without its ending; the title without it. */
  file?: string
  busy?: boolean
  problem?: Problem | null
  retry?: () => void
}

/** One subject's values, one for each period of the chart's labels. */
export interface Line {
  label: string
  values: Value[]
  marks?: (Mark | undefined)[]
  /** The subject that the chart is about. */
  ours?: boolean
}

/** From the period at index `at` on another definition holds; lines are not drawn across. */
export interface Break {
  at: number
  text: string
}

/** A forecast of our line: arrays of one length, one entry per period after the last. */
export interface Fan {
  labels: string[]
  point: number[]
  low80: number[]
  high80: number[]
  low95: number[]
  high95: number[]
}

/** One subject in one period. `code` is that of the map's areas. */
export interface Peer {
  label: string
  value: Value
  mark?: Mark
  ours?: boolean
  code?: string
}

export interface Cell {
  value: number | string | null
  note?: string
}

/** The table twin: the first column holds row headings. Cells of numbers are right-aligned. */
export interface Table {
  head: string[]
  rows: { head: string; cells: Cell[] }[]
}

/** An entry of a chart's key, drawn as the chart draws it. */
export interface KeyEntry {
  mark: 'ours' | 'peer' | 'dash' | 'dots' | 'hollow' | 'held' | 'rule' | 'band80' | 'band95' | 'missing' | 'outline' | `scale${number}`
  text: string
}

export const known = (values: readonly Value[]): number[] => values.filter((v): v is number => v !== null && Number.isFinite(v))

/** The index of the last value that is known, -1 if none is. */
export function lastKnown(values: readonly Value[]): number {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null && values[i] !== undefined) return i
  return -1
}

/** Lowest, highest and latest of what is known; undefined if nothing is. */
export function range(values: readonly Value[]): { min: number; max: number; last: number } | undefined {
  const all = known(values)
  return all.length ? { min: Math.min(...all), max: Math.max(...all), last: all[all.length - 1]! } : undefined
}

/** The two values' difference; null if either is not known. */
export const less = (a: Value | undefined, b: Value | undefined): Value => (a === null || b === null || a === undefined || b === undefined ? null : a - b)

/**
 * Peers with their rank, best first, equal values sharing a rank; those without a
 * value come last and have rank 0.
 */
export function ranked(peers: readonly Peer[], smallIsGood: boolean): (Peer & { rank: number })[] {
  const with_ = peers.filter((p) => p.value !== null).sort((a, b) => (smallIsGood ? a.value! - b.value! : b.value! - a.value!))
  return [
    ...with_.map((p) => ({ ...p, rank: 1 + with_.findIndex((q) => q.value === p.value) })),
    ...peers.filter((p) => p.value === null).map((p) => ({ ...p, rank: 0 })),
  ]
}

/**
 * Bounds of `n` classes with about equally many values each: n+1 ascending
 * numbers, fewer where values repeat. Empty if nothing is known.
 */
export function classes(values: readonly Value[], n: number): number[] {
  const all = known(values).sort((a, b) => a - b)
  if (!all.length) return []
  const at = (q: number) => {
    const x = q * (all.length - 1)
    const low = all[Math.floor(x)]!
    return low + (all[Math.ceil(x)]! - low) * (x - Math.floor(x))
  }
  const bounds = Array.from({ length: n + 1 }, (_, i) => at(i / n))
  return bounds.filter((b, i) => i === 0 || b > bounds[i - 1]!)
}

/** The class (from 0) that a value falls in; the highest bound belongs to the last. */
export function classOf(bounds: readonly number[], value: number): number {
  let c = 0
  while (c < bounds.length - 2 && value >= bounds[c + 1]!) c++
  return c
}

/** Indices of the periods that are written on an axis with room for `most` of them; the last always is. */
export function ticks(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, most)))
  const out: number[] = []
  for (let i = count - 1; i >= 0; i -= step) out.unshift(i)
  return out
}

/** The width of a text in px, near enough to make room for it. */
export function widthOf(text: string, size: number): number {
  let w = 0
  for (const c of text) w += /[ᄀ-￿]/.test(c) ? 1 : /[ .,:;'|il()-]/.test(c) ? 0.32 : 0.58
  return w * size
}

/**
 * Moves things of the given sizes, wished at the given middles, along a line so
 * that none covers another and all lie between low and high if there is room;
 * those that push each other are moved by as little as possible together. Gives
 * the middles in the order of the input.
 */
export function spread(wished: readonly number[], sizes: readonly number[], low: number, high: number): number[] {
  interface Block { items: number[]; size: number; sum: number; start: number }
  const blocks: Block[] = []
  const settle = (b: Block) => (b.start = Math.max(low, Math.min(b.sum / b.items.length, high - b.size)))
  for (const i of wished.map((_, k) => k).sort((a, b) => wished[a]! - wished[b]! || a - b)) {
    let b: Block = { items: [i], size: sizes[i]!, sum: wished[i]! - sizes[i]! / 2, start: 0 }
    settle(b)
    for (let last = blocks[blocks.length - 1]; last && last.start + last.size > b.start; last = blocks[blocks.length - 1]) {
      blocks.pop()
      b = { items: [...last.items, ...b.items], size: last.size + b.size, sum: last.sum + b.sum - b.items.length * last.size, start: 0 }
      settle(b)
    }
    blocks.push(b)
  }
  const out: number[] = []
  for (const b of blocks) {
    let at = b.start
    for (const i of b.items) {
      out[i] = at + sizes[i]! / 2
      at += sizes[i]!
    }
  }
  return out
}
