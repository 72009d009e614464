// The arithmetic of the charts: cells that no spreadsheet runs, what is missing
// stays missing, ranks with ties, classes of a map, names that never cover each other.
import assert from 'node:assert/strict'
import { createServer } from 'vite'

const server = await createServer({ server: { middlewareMode: true, hmr: false, ws: false }, appType: 'custom', logLevel: 'error' })
const { csv, safeCell } = await server.ssrLoadModule('/console/parts/chart/csv.ts')
const { classOf, classes, lastKnown, less, range, ranked, spread, ticks } = await server.ssrLoadModule('/console/parts/chart/data.ts')
await server.close()

const cells = [
  [null, ''], [0, '0'], [-3.5, '-3.5'], [NaN, ''], ['甲市', '甲市'], ['=1+1', "'=1+1"], ['+1', "'+1"], ['-1', "'-1"], ['@x', "'@x"], [' =x', "' =x"],
  ['\t=x', "'\t=x"], ['a,b', '"a,b"'], ['a"b', '"a""b"'], ['=a"b', '"\'=a""b"'], ['a\nb', '"a\nb"'], ['a=b', 'a=b'],
]
for (const [value, want] of cells) assert.equal(safeCell(value), want, JSON.stringify(value))

const table = { head: ['时期', '=甲', '乙'], rows: [{ head: '2024', cells: [{ value: 1, note: '初步数' }, { value: null }] }, { head: '2025', cells: [{ value: null }, { value: -2 }] }] }
assert.equal(csv(table, (c) => c + ' n', [['来源', '局']]), "\ufeff时期,'=甲,'=甲 n,乙\r\n2024,1,初步数,\r\n2025,,,-2\r\n\r\n来源,局\r\n")

assert.deepEqual(ranked([{ label: 'a', value: 1 }, { label: 'b', value: null }, { label: 'c', value: 3 }, { label: 'd', value: 3 }, { label: 'e', value: 0 }], false).map((p) => p.label + p.rank), ['c1', 'd1', 'a3', 'e4', 'b0'])
assert.deepEqual(ranked([{ label: 'a', value: 1 }, { label: 'c', value: -3 }], true).map((p) => p.label + p.rank), ['c1', 'a2'])
assert.deepEqual([range([null, null]), range([null, 2, -1, null]), lastKnown([1, null]), lastKnown([null]), less(3, null), less(undefined, 1), less(3, 1)], [undefined, { min: -1, max: 2, last: -1 }, 0, -1, null, null, 2])
assert.deepEqual([ticks(5, 10), ticks(27, 4), ticks(0, 3)], [[0, 1, 2, 3, 4], [5, 12, 19, 26], []])
assert.deepEqual([classes([], 6), classes([null, 4], 6), classes([1, 1, 1, 9], 6).length > 1], [[], [4], true])

let seed = 11
const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647
for (let round = 0; round < 2000; round++) {
  const n = Math.floor(chance() * 14)
  const wished = Array.from({ length: n }, () => Math.round(chance() * 500 - 25))
  const sizes = wished.map(() => (chance() < 0.3 ? 30 : 15))
  const at = spread(wished, sizes, 0, 450)
  const order = at.map((_, i) => i).sort((a, b) => at[a] - at[b])
  order.forEach((i, k) => {
    assert.ok(at[i] - sizes[i] / 2 >= -1e-9 && at[i] + sizes[i] / 2 <= 450 + 1e-9, 'within the plot')
    const next = order[k + 1]
    if (next === undefined) return
    assert.ok(at[next] - at[i] >= (sizes[i] + sizes[next]) / 2 - 1e-9, 'no name covers another')
    assert.ok(wished[i] <= wished[next], 'their order is that of the lines')
  })
  const values = wished.map((v) => (chance() < 0.2 ? null : v))
  const bounds = classes(values, 6)
  for (const v of values.filter((x) => x !== null)) {
    const c = classOf(bounds, v)
    assert.ok(bounds.length < 2 || (v >= bounds[c] && v <= bounds[c + 1]), 'a value lies in its class')
  }
}
console.log(`charts: ${cells.length} cells, 2000 drawings of names and classes`)
