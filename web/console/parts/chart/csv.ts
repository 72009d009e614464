import type { Cell, Table } from './data'

/**
 * A text as a cell that no spreadsheet runs: one that begins like a formula gets
 * an apostrophe before it. Numbers stay numbers, negative ones too.
 */
export function safeCell(value: number | string | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  const text = /^[\s]*[=+\-@]|^[\t\r\n]/.test(value) ? "'" + value : value
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text
}

const line = (cells: (number | string | null)[]) => cells.map(safeCell).join(',') + '\r\n'

/**
 * The table as CSV (RFC 4180, with a byte order mark, which Excel and WPS need to
 * read UTF-8). A column whose cells have notes is followed by one that holds them;
 * what is not known is an empty cell. `below` follows after an empty line: source,
 * as-of and measure travel with the figures.
 */
export function csv(table: Table, noteOf: (column: string) => string, below: [string, string][]): string {
  const noted = table.head.map((_, c) => c > 0 && table.rows.some((r) => r.cells[c - 1]?.note))
  const spread = <T>(cells: T[], note: (cell: T, c: number) => T) => cells.flatMap((cell, c) => (noted[c + 1] ? [cell, note(cell, c)] : [cell]))
  const head = [table.head[0]!, ...spread(table.head.slice(1), noteOf)]
  const row = (cells: Cell[]) => spread(cells, (cell) => ({ value: cell.note ?? '' })).map((cell) => cell.value)
  return '\ufeff' + line(head) + table.rows.map((r) => line([r.head, ...row(r.cells)])).join('') + '\r\n' + below.map(line).join('')
}
