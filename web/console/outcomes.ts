// A table in a file as a form needs to know it: its columns, its units and times, and
// what is wrong by line. The server reads the file itself; this only offers choices.
import { Problem } from './api'
import { t } from './t'

export interface Outline {
  head: string[]
  rows: string[][]
}

/** UTF-8, or what office programs here still write. */
export function decoded(data: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data)
  } catch {
    return new TextDecoder('gb18030').decode(data)
  }
}

/** The cells of a CSV text, with quotes taken off. */
export function cellsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let within = false
  const end = () => {
    row.push(cell.trim())
    if (row.some((c) => c !== '')) rows.push(row)
    row = []
    cell = ''
  }
  const body = text.replace(/^\uFEFF/, '')
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!
    if (within) {
      if (c !== '"') cell += c
      else if (body[i + 1] === '"') cell += body[++i]
      else within = false
    } else if (c === '"') within = true
    else if (c === ',') {
      row.push(cell.trim())
      cell = ''
    } else if (c === '\n') end()
    else if (c !== '\r') cell += c
  }
  end()
  return rows
}

export function outline(text: string): Outline {
  const [head = [], ...rows] = cellsOf(text)
  return { head, rows }
}

/** The different entries of a column, in the order of numbers and letters. */
export function entries(o: Outline, column: string): string[] {
  const i = o.head.indexOf(column)
  return i < 0 ? [] : [...new Set(o.rows.map((r) => r[i] ?? '').filter((x) => x !== ''))].sort((a, b) => a.localeCompare(b, 'zh-CN', { numeric: true }))
}

/** Which columns are likely the unit's, the time's and the outcome's, by what stands in them. */
export function guess(o: Outline): { unit: string; time: string; value: string } {
  const all = (fits: RegExp) => (_: string, i: number) => o.rows.length > 0 && o.rows.every((r) => !r[i] || fits.test(r[i]))
  const time = o.head.find(all(/^(19|20)\d\d(\D.*)?$/)) ?? o.head[1] ?? ''
  const value = o.head.filter(all(/^[-+]?[\d.,]+(e[-+]?\d+)?$/i)).filter((h) => h !== time).at(-1) ?? o.head.at(-1) ?? ''
  return { unit: o.head.find((h) => h !== time && h !== value) ?? '', time, value }
}

/** The labels of the periods from one to another: 2019, 2020 … or 2019-01, 2019-02 … */
export function periods(freq: number, first: string, last: string): string[] {
  const read = (s: string) => {
    const [y, p] = s.split(/[-Q]/i)
    return Number(y) * freq + Number(p ?? 1) - 1
  }
  const write = (n: number) => {
    const y = Math.floor(n / freq)
    const p = (n % freq) + 1
    return freq === 1 ? String(y) : freq === 4 ? `${y}Q${p}` : `${y}-${String(p).padStart(2, '0')}`
  }
  const out: string[] = []
  for (let n = read(first); n <= read(last); n++) out.push(write(n))
  return out
}

/** A CSV cell, quoted where it must be. */
export const cellText = (s: string): string => (/[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s)

export const tableText = (head: string[], rows: string[][]): string => [head, ...rows].map((r) => r.map(cellText).join(',')).join('\n') + '\n'

/** A refusal of a table, each fault with its line and column before it. */
export function lined(p: Problem, columnName = (column: string) => column): Problem {
  const fields = p.fields.map((f) => {
    const at = /^line (\d+)\/(.+)$/.exec(f.path)
    if (!at) return f
    const [, n = '', column = ''] = at
    return { path: column, text: { zh: t('reference.line', { n, column: columnName(column) }) + f.text.zh, en: t('reference.line', { n, column: columnName(column) }) + f.text.en } }
  })
  return new Problem(p.status, p.kind, p.text, p.number, fields, p.policy, p.hint)
}
